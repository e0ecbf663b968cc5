"""The desk's waivers: a filter that lives in the page's address, a page of them, how many there are of each kind.

A month is of what happened in it (`event`), by the company's calendar.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Column, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from server.claims.waivers import waivers
from sync.change import Record, instant, is_id
from sync.transaction import Transaction

PAGE = 50
GROUPS: Mapping[str, tuple[str, ...]] = {
    "asked": ("asked",),
    "given": ("given",),
    "refused": ("refused",),
    "over": ("expired", "taken_back", "withdrawn", "void"),
    "all": (),
}
"""What one looks at together: what waits, what was decided, what is over."""
EVENTS = ("asked", "given", "refused", "expired")
"""What happens to a waiver, and is reported by month."""
_CODE = re.compile(r"[a-z_]{1,60}")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Wanted:
    """What is looked for; an empty field asks nothing. `decider` gave or refused it."""

    status: str = "asked"
    technician: str = ""
    decider: str = ""
    finding: str = ""
    event: str = ""
    month: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether more is asked than a group."""
        return replace(self, status="asked") != Wanted()

    def query(self, **changes: str) -> str:
        """The filter as the part of an address behind `?`, with some fields changed."""
        usual = asdict(Wanted())
        wanted = asdict(replace(self, **changes))
        return urlencode({name: value for name, value in wanted.items() if value != usual[name]})


def read_wanted(given: Mapping[str, str]) -> Wanted:
    """The filter in an address. What makes no sense asks nothing."""
    usual = asdict(Wanted())
    cleaned = {name: given.get(name, "").strip() for name in usual}
    return Wanted(**{name: value if _is_good(name, value) else usual[name] for name, value in cleaned.items()})


def is_month(text: str) -> bool:
    """Whether a text names a month: `2026-11`."""
    return _MONTH.fullmatch(text) is not None


def month_bounds(month: str, time_zone: str) -> tuple[str, str]:
    """The first instant of a month (`YYYY-MM`) of the company's calendar, and that of the next."""
    year, number = (int(part) for part in month.split("-"))
    zone = ZoneInfo(time_zone)
    begins = datetime(year, number, 1, tzinfo=zone)
    return instant(begins), instant(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone))


def page_of(read: Transaction, wanted: Wanted, time_zone: str, after: str = "") -> tuple[list[Record], str]:
    """The next waivers, each with its line, claim and seller: what waits longest first, else the newest first.

    Gives them, and the mark behind which the next part begins; "" at the end.
    """
    known = waivers.c
    query = select(waivers).where(*conditions(wanted, time_zone))
    is_oldest_first = wanted.status == "asked"
    if is_id(after):
        query = query.where(known.id > after if is_oldest_first else known.id < after)
    ordered = query.order_by(known.id if is_oldest_first else known.id.desc()).limit(PAGE + 1)
    found = [dict(row) for row in read.connection.execute(ordered).mappings()]
    shown = found[:PAGE]
    return with_lines(read, shown), shown[-1]["id"] if len(found) > PAGE else ""


def with_lines(read: Transaction, found: Collection[Record]) -> list[Record]:
    """Waivers with `line`, `claim_id` and `seller`; a line that is gone is None."""
    lines = _by_id(read, "claim_line", {waiver["claim_line_id"] for waiver in found})
    receipts = _by_id(read, "receipt", {line["receipt_id"] for line in lines.values()})
    named = []
    for waiver in found:
        line = lines.get(waiver["claim_line_id"])
        receipt = receipts.get(line["receipt_id"], {}) if line else {}
        named.append(
            waiver | {"line": line, "seller": receipt.get("seller_name", ""), "category": receipt.get("category", "")}
        )
    return named


def by_group(read: Transaction, wanted: Wanted, time_zone: str) -> dict[str, int]:
    """How many waivers there are in each group, whatever group is looked at."""
    counts = _counted(read, waivers.c.status, conditions(replace(wanted, status="all"), time_zone))
    found = {name: sum(counts.get(state, 0) for state in states) for name, states in GROUPS.items()}
    return found | {"all": sum(counts.values())}


def by_finding(read: Transaction, wanted: Wanted, time_zone: str) -> list[tuple[str, int]]:
    """How many waivers there are of each finding, the most first, whatever finding is looked at."""
    counts = _counted(read, waivers.c.finding_code, conditions(replace(wanted, finding=""), time_zone))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def money_of(read: Transaction, wanted: Wanted, time_zone: str) -> dict[str, int]:
    """The sum of the lines' amounts, by currency."""
    known = waivers.c
    query = select(known.currency, func.sum(known.amount_minor)).where(*conditions(wanted, time_zone))
    rows = read.connection.execute(query.group_by(known.currency).order_by(known.currency))
    return {row[0]: int(row[1] or 0) for row in rows}


def marks_of(read: Transaction, line_ids: Collection[str]) -> dict[str, str]:
    """For lines whose waiver waits for an answer or is expired, which of the two; the newest counts."""
    found = read.find_any("waiver", "claim_line_id", sorted(line_ids))
    newest = {waiver["claim_line_id"]: waiver["status"] for waiver in found}
    return {line_id: status for line_id, status in newest.items() if status in ("asked", "expired")}


def conditions(wanted: Wanted, time_zone: str) -> list[ColumnElement[bool]]:
    """What a waiver must meet."""
    return list(_conditions(wanted, time_zone))


def _conditions(wanted: Wanted, time_zone: str) -> Iterator[ColumnElement[bool]]:
    known = waivers.c
    if states := GROUPS[wanted.status]:
        yield known.status.in_(states)
    if wanted.technician:
        yield known.technician_id == wanted.technician
    if wanted.finding:
        yield known.finding_code == wanted.finding
    if wanted.decider:
        named = {"given": (known.given_by,), "refused": (known.refused_by,)}
        yield or_(*(column == wanted.decider for column in named.get(wanted.event, (known.given_by, known.refused_by))))
    events = (wanted.event,) if wanted.event else EVENTS if wanted.month else ()
    if events:
        yield or_(*(_happened(event, wanted.month, time_zone) for event in events))


def _happened(event: str, month: str, time_zone: str) -> ColumnElement[bool]:
    known = waivers.c
    at = {"asked": known.asked_at, "expired": known.ended_at}.get(event, known.decided_at)
    of = {"given": known.given_by.is_not(None), "refused": known.refused_by.is_not(None)}
    kind = of | {"asked": known.asked_by.is_not(None), "expired": known.status == "expired"}
    if not month:
        return kind[event]
    begins, ends = month_bounds(month, time_zone)
    return and_(kind[event], at >= begins, at < ends)


def _counted(read: Transaction, column: Column[Any], where: list[ColumnElement[bool]]) -> dict[str, int]:
    rows = read.connection.execute(select(column, func.count()).where(*where).group_by(column))
    return {str(row[0]): int(row[1]) for row in rows}


def _by_id(read: Transaction, entity: str, ids: Collection[str]) -> dict[str, Record]:
    return {record["id"]: record for record in read.find_any(entity, "id", sorted(ids))}


def _is_good(name: str, value: str) -> bool:
    match name:
        case "status":
            return value in GROUPS
        case "event":
            return value in EVENTS
        case "finding":
            return _CODE.fullmatch(value) is not None
        case "month":
            return is_month(value)
    return is_id(value)
