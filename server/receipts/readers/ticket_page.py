"""Fields of tickets and slips: the railway's, taxis', tolls', and receipts of a fixed amount."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.receipts.readers.capitals import minor_of_capitals
from server.receipts.readers.fact import Fact
from server.receipts.readers.lines import Line, after_label, same_row
from server.receipts.readers.page import (
    BORNE_OUT,
    DAY,
    ISSUED_LABEL,
    MONEY,
    NAME_ENDS,
    PLAUSIBLE,
    Page,
    money_in,
    tax_id_fact,
)
from server.receipts.readers.values import day_of

_STATION = re.compile(r"^([\u4e00-\u9fff]{2,7})站?$")
_MASKED_ID = re.compile(r"[0-9]{6,10}\*{2,}[0-9]{3}[0-9X]")
_TITLE_PLACE = re.compile(r"([\u4e00-\u9fff]{2,12}(?:市|省|自治区|州|盟|地区))")
_SLIP_MONEY = re.compile(r"[¥￥Y]?\s*[0-9]{1,5}(?:\.[0-9]{1,2})?\s*元?")


def journey(page: Page) -> Iterator[Fact]:
    """Two stations in one row, the train between them; and the day of travel."""
    bare = [replace(line, text=line.text.replace(" ", "")) for line in page.lines]
    stations = [line for line in bare if (match := _STATION.match(line.text)) and _is_station(line, match)]
    pairs = [(a, b) for a in stations for b in stations if a.left < b.left and same_row(a, b)]
    if pairs:
        start, end = max(pairs, key=lambda pair: pair[0].height)
        yield page.fact("departure", start.text, start, PLAUSIBLE)
        yield page.fact("destination", end.text, end, PLAUSIBLE)
    issued = [line.box for line in after_label(page.lines, ISSUED_LABEL, DAY)]
    for line in page.lines:
        match = DAY.search(line.text)
        if match and "开票" not in line.text and line.part(match).box not in issued:
            yield page.fact("travel_on", day_of(match[0]), line.part(match), PLAUSIBLE)
            return


def passenger(page: Page) -> Iterator[Fact]:
    """The name beside the masked identity number, which itself is not kept."""
    for line in after_label(page.lines, _MASKED_ID, re.compile(r"[\u4e00-\u9fff·]{2,12}")):
        yield page.fact("passenger", line.text, line, PLAUSIBLE)


def fare(page: Page) -> Iterator[Fact]:
    """The fare beside its label."""
    for line in after_label(page.lines, re.compile(r"票\s*价"), MONEY)[:1]:
        yield page.fact("amount_total", money_in(line.text), line, PLAUSIBLE)


def rail_buyer(page: Page) -> Iterator[Fact]:
    """Whom the ticket was issued to."""
    for line in after_label(page.lines, re.compile(r"购买方名称"), re.compile(r"[^\s:：].*")):
        yield page.fact("buyer_name", NAME_ENDS.sub("", line.text), line, PLAUSIBLE)
    for line in page.tax_ids()[:1]:
        yield from tax_id_fact(page, "buyer", line)


def day_of_slip(page: Page) -> Iterator[Fact]:
    """A slip's own day: beside its label, else the only day that stands on it."""
    labelled = after_label(page.lines, re.compile(r"日\s*期|时\s*间"), DAY)
    days = labelled or [line.part(match) for line in page.lines if (match := DAY.search(line.text))]
    if days and len({day_of(day.text) for day in days}) == 1:
        yield page.fact("issued_on", day_of(days[0].text), days[0], PLAUSIBLE)


def slip_amount(page: Page, kind: str) -> Iterator[Fact]:
    """The amount of a taxi's, a toll's or a fixed slip."""
    if kind == "fixed":
        for line in page.lines:
            match = re.fullmatch(r"([壹贰叁肆伍陆柒捌玖拾佰]+)[圆元]整?", line.text.replace(" ", ""))
            if match and (value := minor_of_capitals(match[1] + "圆整")):
                yield page.fact("amount_total", value, line, _fixed_degree(page, value))
                return
    for line in after_label(page.lines, re.compile(r"金\s*额|实\s*收|车\s*费|合\s*计|应\s*收"), _SLIP_MONEY)[:1]:
        yield page.fact("amount_total", money_in(line.text), line, PLAUSIBLE)


def title_place(page: Page) -> Iterator[Fact]:
    """The city in a slip's title: who runs the taxi, whose tax bureau printed it."""
    for line in page.lines:
        match = _TITLE_PLACE.search(line.text.replace(" ", ""))
        if match and re.search(r"发票|出租|通行费|税务", line.text):
            yield page.fact("title", line.text, line, PLAUSIBLE)
            return


def toll_stations(page: Page) -> Iterator[Fact]:
    """Where a motorway was entered and left."""
    for kind, label in (("departure", r"入\s*口(?:\s*站)?"), ("destination", r"出\s*口(?:\s*站)?")):
        for line in after_label(page.lines, re.compile(label), re.compile(r"[\u4e00-\u9fff]{2,8}"))[:1]:
            yield page.fact(f"toll_{kind}", line.text, line, PLAUSIBLE)


def _fixed_degree(page: Page, value: str) -> float:
    figures = {money_in(m[0]) for line in page.lines for m in _SLIP_MONEY.finditer(line.text)}
    return BORNE_OUT if value in figures else PLAUSIBLE


def _is_station(line: Line, match: re.Match[str]) -> bool:
    return line.text.endswith("站") or not re.search(r"[票号价座席名称证件购买方日期]", match[1])
