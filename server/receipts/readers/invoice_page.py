"""Fields of an invoice's page: its numbers, amounts, buyer and seller, items and remark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.receipts.fapiao import parse_fapiao
from server.receipts.readers.capitals import minor_of_capitals
from server.receipts.readers.fact import Fact
from server.receipts.readers.lines import Line, after_label, same_row
from server.receipts.readers.page import (
    BORNE_OUT,
    DAY,
    DOUBTFUL,
    ISSUED_LABEL,
    MONEY,
    NAME_ENDS,
    PLAUSIBLE,
    Page,
    money_in,
    tax_id_fact,
)
from server.receipts.readers.values import day_of

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{20}|[0-9]{8})(?![0-9])")
_NUMBER_20 = re.compile(r"(?<![0-9])[0-9]{20}(?![0-9])")
_CODE = re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{10})(?![0-9])")
_SIGNED_MONEY = re.compile(r"[¥￥]\s*(-?\s*[0-9][0-9,]*\.[0-9]{2})")
_CODE_LABEL = re.compile(r"发\S?代码|票代码")
_NUMBER_LABEL = re.compile(r"发\S?号码|票号码|^号码")
_ITEM = re.compile(r"\*[\u4e00-\u9fff、()]{2,14}\*[^\s*]{0,24}")
_IN_FIGURES = re.compile(r"小\s*\S?\s*[)）]|小\s*写")
_TOTALS = re.compile(r"价\s*税\s*合\s*计|大\s*写|小\s*写")
_NO_REMARK = re.compile(
    r"小\s*写|大\s*写|价\s*税|[¥￥]|专用章|^[0-9A-Z]{15,20}$|^[零壹贰叁肆伍陆柒捌玖拾佰仟万圆元角分整]+$"
)


def numbers(page: Page) -> Iterator[Fact]:
    """The code and the number beside their labels, else a number of 20 digits wherever it stands."""
    codes = after_label(page.digits(), _CODE_LABEL, _CODE)
    numbers = after_label(page.digits(), _NUMBER_LABEL, _NUMBER)
    if not numbers:
        yield from digital_number(page)
        return
    number = numbers[0]
    if len(number.text) == 8 and codes:
        yield page.fact("fapiao_code", codes[0].text, codes[0], PLAUSIBLE)
    if len(number.text) == 20 or codes:
        yield page.fact("fapiao_number", number.text, number, PLAUSIBLE)


def digital_number(page: Page) -> Iterator[Fact]:
    """The first number of 20 digits that has a right form."""
    for line in page.digits():
        match = _NUMBER_20.search(line.text.replace(" ", ""))
        if match and parse_fapiao("", match[0]):
            yield page.fact("fapiao_number", match[0], line, PLAUSIBLE)
            return


def issued_on(page: Page) -> Iterator[Fact]:
    """The date of issue beside its label."""
    for line in after_label(page.lines, ISSUED_LABEL, DAY)[:1]:
        yield page.fact("issued_on", day_of(line.text), line, PLAUSIBLE)


def amounts(page: Page) -> Iterator[Fact]:
    """Net, tax and total. Figures and capitals that agree are sure, and so are three that add up."""
    total = _total(page)
    net, tax = _sums(page)
    capitals = {minor_of_capitals(line.text) for line in page.lines} - {""}
    adds_up = total and net and tax and int(net.text) + int(tax.text) == int(total.text)
    if total:
        borne_out = adds_up or total.text in capitals or total.text.lstrip("-") in capitals
        contradicted = bool(capitals) and not borne_out
        yield page.fact("amount_total", total.text, total, _degree(bool(borne_out), contradicted))
    elif len(capitals) == 1:
        line = next(line for line in page.lines if minor_of_capitals(line.text))
        yield page.fact("amount_total", capitals.pop(), line, PLAUSIBLE)
    if net and tax:
        yield page.fact("amount_net", net.text, net, _degree(bool(adds_up), False))
        yield page.fact("amount_tax", tax.text, tax, _degree(bool(adds_up), False))


def parties(page: Page, kind: str) -> Iterator[Fact]:
    """The buyer stands on the left, or on older invoices above; the seller on the right, or below."""
    ids = page.tax_ids()
    layout = _layout(page, kind, ids)
    totals = [line.middle for line in page.lines if _TOTALS.search(line.text)]
    between = sum(totals) / len(totals) if totals else 0.5

    def who(line: Line) -> str:
        return "buyer" if (line.middle < between if layout == "rows" else line.left < 0.5) else "seller"

    found = [page.fact(f"{who(line)}_name", line.text, line, PLAUSIBLE) for line in _labelled_names(page) if line.text]
    found += [fact for line in ids for fact in tax_id_fact(page, who(line), line)]
    address = after_label(page.lines, re.compile(r"地\s*址\s*[、,]?\s*电\s*话"), re.compile(r"[\u4e00-\u9fff].+"))
    found += [page.fact("seller_address", line.text, line, PLAUSIBLE) for line in address[-1:]]
    for fact in found:
        yield fact if layout else replace(fact, confidence=min(fact.confidence, DOUBTFUL))


def _layout(page: Page, kind: str, ids: list[Line]) -> str:
    """Whether buyer and seller stand in `columns` or in `rows`; empty where the page does not show it."""
    if kind == "digital":
        return "columns"
    if kind == "vat" or any(_CODE_LABEL.search(line.text) for line in page.lines):
        return "rows"
    if len({line.text for line in ids}) < 2:
        return ""
    return "columns" if same_row(ids[0], ids[1]) else "rows"


def items(page: Page) -> Iterator[Fact]:
    """What was sold, as invoices write it: `*住宿服务*住宿费`."""
    for line in page.lines:
        for match in _ITEM.finditer(line.text):
            yield page.fact("item", match[0], line.part(match), PLAUSIBLE)


def remark(page: Page) -> Iterator[Fact]:
    """What stands at the foot, right of or below 备注, down to who issued it."""
    starts = [line for line in page.lines if re.match(r"^备\s*注?\s*[:：]?", line.text)]
    ends = [line.middle for line in page.lines if re.search(r"开\s*票\s*人|收\s*款\s*人", line.text)]
    if not starts:
        return
    label = starts[0]
    bottom = max(ends, default=1.0)
    text = re.compile(r"^备\s*注?\s*[:：]?\s*|^注$")
    for line in page.lines:
        value = text.sub("", line.text)
        is_inside = line.page == label.page and line.left >= label.left - 0.01
        is_inside = is_inside and label.middle - 1.5 * label.height <= line.middle < bottom
        if is_inside and len(value) > 3 and not _NO_REMARK.search(value):
            yield page.fact("remark", value, line, PLAUSIBLE)


def _total(page: Page) -> Line | None:
    for line in after_label(page.lines, _IN_FIGURES, MONEY)[:1]:
        return _as_money(line)
    beside = [line for line in page.lines if re.search(r"价\s*税\s*合\s*计", line.text)]
    for label in beside:
        for line in page.lines:
            match = _SIGNED_MONEY.search(line.text)
            if match and same_row(label, line):
                return _as_money(line.part(match))
    return None


def _as_money(line: Line) -> Line | None:
    """The line with its amount in whole minor units; None where figures were read that are no amount."""
    minor = money_in(line.text)
    return replace(line, text=minor) if minor else None


def _sums(page: Page) -> tuple[Line | None, Line | None]:
    """Net amount and tax: the two amounts with the currency's sign in the row of 合计."""
    labels = [line for line in page.lines if re.match(r"^合\s*计?", line.text)]
    labels = [line for line in labels if "价" not in line.text]
    for label in labels:
        row = [
            amount
            for line in page.lines
            if line.page == label.page and abs(line.middle - label.middle) < max(label.height, line.height)
            for match in MONEY.finditer(line.text)
            if (amount := _as_money(line.part(match)))
        ]
        if len(row) == 2:
            return row[0], row[1]
    return None, None


def _labelled_names(page: Page) -> list[Line]:
    label = re.compile(r"名\s*称\s*[:：]?")
    value = re.compile(r"[\u4e00-\u9fffA-Za-z(][^:：]*")
    lines = [line for line in page.lines if not re.search(r"项目名称|货物|服务名称", line.text)]
    split = [piece for line in lines for piece in _halves(line, label)]
    found = after_label(split, label, value)
    return [replace(line, text=NAME_ENDS.sub("", line.text).strip(" :：")) for line in found]


def _halves(line: Line, label: re.Pattern[str]) -> Iterator[Line]:
    """A line that holds a label twice is two lines: two columns that were read as one."""
    starts = [match.start() for match in label.finditer(line.text)]
    if len(starts) < 2:
        yield line
        return
    for start, end in zip(starts, [*starts[1:], len(line.text)], strict=True):
        match = re.compile(r".*", re.DOTALL).match(line.text, start, end)
        if match:
            yield line.part(match)


def _degree(borne_out: bool, contradicted: bool) -> float:
    return BORNE_OUT if borne_out else DOUBTFUL if contradicted else PLAUSIBLE
