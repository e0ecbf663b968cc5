"""What the desk looks for: a filter that lives in the page's address, so that it can be kept, shared and linked to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Table, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from server.accounts.records import users
from server.claims.desk_index import RANK, desk_reasons
from server.claims.states import DECIDED, JUDGED, LINE_STATES
from server.receipts.records import CATEGORIES
from sync.change import instant, is_id

STATES = tuple(state for state in LINE_STATES if state != "draft")
STATUS_GROUPS: Mapping[str, tuple[str, ...]] = {
    "open": tuple(state for state in STATES if state in JUDGED),
    "decided": tuple(state for state in STATES if state in DECIDED),
    "spent": ("approved", "paid"),
    "all": STATES,
}
AGES: Mapping[str, tuple[int, int | None]] = {"0-2": (0, 2), "3-7": (3, 7), "8-14": (8, 14), "15-30": (15, 30)} | {
    "31-": (31, None)
}
"""Days since a claim was handed in: from, to (both counted)."""
SORTS = ("now", "oldest", "newest", "amount")
NO_SITE = "none"
NO_REASON = "none"
_CODE = re.compile(r"[a-z_]{1,60}")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_YUAN = re.compile(r"\d{1,9}(\.\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TEXT = 80


@dataclass(frozen=True)
class Filter:
    """What is looked for; an empty field asks nothing. Amounts are in yuan as typed, months `YYYY-MM`."""

    status: str = "open"
    reason: str = ""
    technician: str = ""
    site: str = ""
    category: str = ""
    currency: str = ""
    age: str = ""
    since: str = ""
    until: str = ""
    least: str = ""
    most: str = ""
    text: str = ""
    sort: str = "now"

    @property
    def states(self) -> tuple[str, ...]:
        """The states of lines that are looked for."""
        return STATUS_GROUPS.get(self.status, (self.status,))

    @property
    def is_narrow(self) -> bool:
        """Whether more is asked than a state."""
        return replace(self, status="open", sort="now") != Filter()

    def query(self, **changes: str) -> str:
        """The filter as the part of an address behind `?`, with some fields changed."""
        wanted = asdict(replace(self, **changes))
        usual = asdict(Filter())
        return urlencode({name: value for name, value in wanted.items() if value != usual[name]})


def read_filter(given: Mapping[str, str]) -> Filter:
    """The filter in an address. What makes no sense asks nothing."""
    usual = asdict(Filter())
    cleaned = {name: given.get(name, "").strip() for name in usual}
    return Filter(**{name: value if _is_good(name, value) else usual[name] for name, value in cleaned.items()})


def _is_good(name: str, value: str) -> bool:
    match name:
        case "status":
            return value in STATUS_GROUPS or value in STATES
        case "technician":
            return is_id(value)
        case "site":
            return is_id(value) or value == NO_SITE
        case "category":
            return value in CATEGORIES
        case "age":
            return value in AGES
        case "sort":
            return value in SORTS
        case "text":
            return len(value) <= _TEXT and "\x00" not in value
    form = {"reason": _CODE, "currency": _CURRENCY, "since": _MONTH, "until": _MONTH, "least": _YUAN, "most": _YUAN}
    return form[name].fullmatch(value) is not None


def conditions(
    wanted: Filter, rows: Table, today: date, time_zone: str, *, states: bool = True
) -> list[ColumnElement[bool]]:
    """What a row of the index must meet. With `states` false, lines of every state meet it."""
    found = [*_equals(wanted, rows), *_between(wanted, rows)]
    if states and wanted.status != "all":
        # Note: by rank and not by name, so that the order's own index finds them.
        ranks = [RANK[state] for state in wanted.states]
        found.append(rows.c.rank.between(min(ranks), max(ranks)))
    if wanted.reason == NO_REASON:
        found.append(~select(desk_reasons.c.code).where(desk_reasons.c.line_id == rows.c.line_id).exists())
    if wanted.age:
        found.extend(_handed_in(rows, *AGES[wanted.age], today, time_zone))
    if wanted.text:
        found.append(_says(rows, wanted.text.lower()))
    return found


def minor(yuan: str) -> int:
    """12.5 as 1250."""
    whole, _, part = yuan.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _equals(wanted: Filter, rows: Table) -> Iterator[ColumnElement[bool]]:
    columns = {"technician_id": wanted.technician, "category": wanted.category, "currency": wanted.currency}
    if "code" in rows.c:
        columns["code"] = wanted.reason
    for name, value in columns.items():
        if value:
            yield rows.c[name] == value
    if wanted.site:
        yield rows.c.site_id == ("" if wanted.site == NO_SITE else wanted.site)


def _between(wanted: Filter, rows: Table) -> Iterator[ColumnElement[bool]]:
    if wanted.since:
        yield rows.c.month >= wanted.since
    if wanted.until:
        yield rows.c.month <= wanted.until
    if wanted.least:
        yield rows.c.amount_minor >= minor(wanted.least)
    if wanted.most:
        yield rows.c.amount_minor <= minor(wanted.most)


def _handed_in(rows: Table, least: int, most: int | None, today: date, time_zone: str) -> Iterator[ColumnElement[bool]]:
    """Handed in so many days ago by the company's calendar."""

    def begin_of(days_ago: int) -> str:
        return instant(datetime.combine(today - timedelta(days_ago), time(), ZoneInfo(time_zone)))

    yield rows.c.submitted_at < begin_of(least - 1)
    if most is not None:
        yield rows.c.submitted_at >= begin_of(most)


def _says(rows: Table, text: str) -> ColumnElement[bool]:
    named = select(users.c.id).where(func.lower(users.c.display_name).contains(text, autoescape=True))
    return or_(rows.c.words.contains(text, autoescape=True), rows.c.technician_id.in_(named))
