"""Fields of a printed receipt, found in its lines: what it is, what stands on it, and what agrees with what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from server.receipts.fapiao import parse_fapiao
from server.receipts.readers import invoice_page, ticket_page
from server.receipts.readers.fact import Fact, Source
from server.receipts.readers.lines import Line, in_reading_order, join, same_row
from server.receipts.readers.page import DOUBTFUL, PLAUSIBLE, Page
from server.receipts.readers.values import plain

_HEAD = re.compile(r"发票号码|发票代码|开票日期|电子发票|普通发票|专用发票|发票联|购买方")
_FOOT = re.compile(r"开票人|收款人|复核|价税合计|小写|大写|票价|金额|备注|12306|手写无效|旅途愉快|下车|出口")
_SPLIT_LABELS = {"名": "称", "合": "计"}
_TITLES = (
    ("rail", re.compile(r"铁路电子客票|铁路客票|电子客票号|12306|旅途愉快")),
    ("air", re.compile(r"航空运输电子客票|行程单")),
    ("taxi", re.compile(r"出租(?:汽)?车")),
    ("toll", re.compile(r"通行费")),
    ("fixed", re.compile(r"定额发票")),
    ("digital", re.compile(r"电子发票\n?[((]")),
    ("vat", re.compile(r"增值税.{0,3}(?:普通|专用)发票")),
    ("digital", re.compile(r"电子发票")),
)
_SLIPS = ("taxi", "toll", "fixed")


def fields_of(lines: Sequence[Line], source: Source) -> list[Fact]:
    """The facts that stand in the lines of one document."""
    ordered = _mended(in_reading_order([replace(line, text=plain(line.text)) for line in lines]))
    kind = _document(ordered)
    page = Page(ordered, source)
    facts = [Fact("document", kind, source, PLAUSIBLE)] if kind else []
    if kind == "rail":
        facts += _of_ticket(page)
    elif kind in _SLIPS:
        facts += _of_slip(page, kind)
    else:
        facts += _of_invoice(page, kind)
    return _weighed(facts)


def _of_ticket(page: Page) -> list[Fact]:
    return [
        *invoice_page.digital_number(page),
        *invoice_page.issued_on(page),
        *ticket_page.journey(page),
        *ticket_page.fare(page),
        *ticket_page.passenger(page),
        *ticket_page.rail_buyer(page),
    ]


def _of_slip(page: Page, kind: str) -> list[Fact]:
    return [
        *invoice_page.numbers(page),
        *ticket_page.day_of_slip(page),
        *ticket_page.slip_amount(page, kind),
        *ticket_page.title_place(page),
        *(ticket_page.toll_stations(page) if kind == "toll" else ()),
    ]


def _of_invoice(page: Page, kind: str) -> list[Fact]:
    return [
        *invoice_page.numbers(page),
        *invoice_page.issued_on(page),
        *invoice_page.amounts(page),
        *invoice_page.parties(page, kind),
        *invoice_page.items(page),
        *invoice_page.remark(page),
    ]


def is_upright(lines: Sequence[Line]) -> int:
    """1 where what stands at the head of receipts is above what stands at their foot, -1 where it is below, else 0."""
    head = [line.middle for line in lines if _HEAD.search(line.text)]
    foot = [line.middle for line in lines if _FOOT.search(line.text)]
    if not head or not foot:
        return 0
    return 1 if sum(head) / len(head) < sum(foot) / len(foot) else -1


def _mended(lines: Sequence[Line]) -> list[Line]:
    """The lines, with labels put together that are printed with wide gaps: 名    称, 合    计."""
    ends = {id(end): start for start in lines if start.text in _SPLIT_LABELS for end in _label_ends(lines, start)}
    starts = {id(start) for start in ends.values()}
    kept = [line for line in lines if id(line) not in starts]
    return [
        join([ends[id(line)], line], ends[id(line)].text + line.text) if id(line) in ends else line for line in kept
    ]


def _label_ends(lines: Sequence[Line], start: Line) -> list[Line]:
    """The nearest line to the right in the same row, where it goes on as the label does."""
    right = [line for line in lines if line.left > start.left and same_row(start, line)]
    nearest = sorted(right, key=lambda line: line.left)[:1]
    return [line for line in nearest if line.text.startswith(_SPLIT_LABELS[start.text])]


def _document(lines: Sequence[Line]) -> str:
    text = "\n".join(line.text.replace(" ", "") for line in lines)
    return next((kind for kind, title in _TITLES if title.search(text)), "")


def _weighed(facts: Sequence[Fact]) -> list[Fact]:
    """What the fields say of each other: a number's year and region against the date of issue."""
    facts = [fact for fact in facts if fact.value]
    by_kind = {fact.kind: fact for fact in facts}
    number, code, day = (by_kind.get(kind) for kind in ("fapiao_number", "fapiao_code", "issued_on"))
    doubted: set[str] = set()
    if number and len(number.value) == 20 and day and number.value[:2] != day.value[2:4]:
        doubted |= {"fapiao_number", "issued_on"}
    if code and day and len(code.value) == 12 and code.value[5:7] > day.value[2:4]:
        doubted |= {"fapiao_code", "issued_on"}
    if number and not _has_region(number, code):
        doubted |= {"fapiao_number", "fapiao_code"}
    if day and not date(2010, 1, 1) <= date.fromisoformat(day.value) < date(2100, 1, 1):
        doubted.add("issued_on")
    return [
        replace(fact, confidence=min(fact.confidence, DOUBTFUL)) if fact.kind in doubted else fact for fact in facts
    ]


def _has_region(number: Fact, code: Fact | None) -> bool:
    parsed = parse_fapiao(code.value if code and len(number.value) == 8 else "", number.value)
    return parsed is not None and parsed.region is not None
