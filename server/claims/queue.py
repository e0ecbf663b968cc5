"""The queue of the money desk: a page of lines or of claims, and how many there are of each state and reason.

Reads the desk's index only: no page loads more lines than it shows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Column, Select, Table, case, func, literal, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from server.claims.desk_index import RANK, desk_lines, desk_reasons
from server.claims.filters import NO_REASON, STATES, Filter, conditions
from server.claims.records import claims
from server.service.records import sites, trips
from sync.change import Record
from sync.transaction import Transaction

PAGE = 50
_ORDER: dict[str, tuple[str, ...]] = {
    "now": ("rank", "submitted_at", "line_id"),
    "oldest": ("submitted_at", "line_id"),
    "newest": ("submitted_at", "line_id"),
    "amount": ("amount_minor", "line_id"),
}
_FALLING = frozenset({"newest", "amount"})
_MARK = {"rank": int, "amount_minor": int}


@dataclass(frozen=True)
class Count:
    """How many lines there are of one kind, and their money by currency."""

    key: str
    lines: int
    money: dict[str, int]
    severity: str = ""


@dataclass(frozen=True)
class Page:
    """A part of the queue. `after` marks its end for the next part; empty at the end of the queue."""

    rows: list[Record]
    after: str


@dataclass(frozen=True)
class Looking:
    """A filter on the day on which it is asked."""

    wanted: Filter
    today: date
    time_zone: str

    @property
    def rows(self) -> Table:
        """Where such lines stand: a reason is asked of the reasons, all else of the lines."""
        return desk_reasons if self.wanted.reason not in ("", NO_REASON) else desk_lines

    def where(self, **options: bool) -> list[ColumnElement[bool]]:
        """What these rows must meet."""
        return conditions(self.wanted, self.rows, self.today, self.time_zone, **options)


def lines_page(read: Transaction, look: Looking, after: str = "") -> Page:
    """The next lines, in the filter's order, each with the names it is shown by and its reasons."""
    columns = [look.rows.c[name] for name in _ORDER[look.wanted.sort]]
    found = _rows(read, _part(look, columns, after))
    shown = found[:PAGE]
    _name_lines(read, shown)
    return Page(shown, _mark(columns, shown) if len(found) > PAGE else "")


def lines_named(read: Transaction, ids: Collection[str]) -> list[Record]:
    """These lines, with the names they are shown by and their reasons, person by person."""
    found = _rows(read, select(desk_lines).where(desk_lines.c.line_id.in_(ids))) if ids else []
    _name_lines(read, found)
    return sorted(found, key=lambda row: (row["technician"], row["submitted_at"], row["line_id"]))


def claims_page(read: Transaction, look: Looking, after: str = "") -> Page:
    """The next claims that hold such lines: those that can be decided now first, then the oldest."""
    lines = look.rows.c
    ready = case((lines.rank == RANK["clear"], lines.amount_minor), else_=0)
    rank, since = func.min(lines.rank), func.min(lines.submitted_at)
    query = (
        select(
            lines.claim_id,
            rank.label("rank"),
            since.label("submitted_at"),
            func.count().label("lines"),
            func.sum(lines.amount_minor).label("amount_minor"),
            func.sum(ready).label("clear_minor"),
        )
        .where(*look.where())
        .group_by(lines.claim_id)
        .order_by(rank, since, lines.claim_id)
        .limit(PAGE + 1)
    )
    mark = _read_mark(after, (lines.rank, lines.submitted_at, lines.claim_id))
    if mark:
        query = query.having(tuple_(rank, since, lines.claim_id) > tuple_(*map(literal, mark)))
    found = _rows(read, query)
    shown = found[:PAGE]
    _name_claims(read, shown)
    return Page(shown, _mark([lines.rank, lines.submitted_at, lines.claim_id], shown) if len(found) > PAGE else "")


def by_status(read: Transaction, look: Looking) -> list[Count]:
    """How many lines of each state meet the rest of the filter."""
    lines = look.rows.c
    where = look.where(states=False)
    # Note: where rows are read anyway, SQLite must not fetch each of them by way of the index of states.
    state = lines.status + "" if where else lines.status
    query = (
        select(state, lines.currency, func.count(), func.sum(lines.amount_minor))
        .where(*where)
        .group_by(state, lines.currency)
    )
    counts = _counts((status, "", currency, count, money) for status, currency, count, money in _plain(read, query))
    return sorted(counts, key=lambda count: STATES.index(count.key) if count.key in STATES else len(STATES))


def by_reason(read: Transaction, look: Looking) -> list[Count]:
    """How many lines each kind of finding stands against, the most first. A line with two reasons counts for both."""
    reason = desk_reasons.c
    where = conditions(replace(look.wanted, reason=""), desk_reasons, look.today, look.time_zone)
    query = select(reason.code, func.min(reason.severity), reason.currency, func.count(), func.sum(reason.amount_minor))
    query = query.where(*where).group_by(reason.code, reason.currency)
    return sorted(_counts(_plain(read, query)), key=lambda count: -count.lines)


def site_names(read: Transaction) -> list[tuple[str, str]]:
    """All sites by name: id and name."""
    found = _plain(read, select(sites.c.id, sites.c.name).order_by(sites.c.name))
    return [(row.id, row.name) for row in found]


def next_claim(read: Transaction, look: Looking, behind: Record) -> str | None:
    """The claim of the filter that was handed in next after this one; behind the last comes the first again."""
    rows = look.rows.c
    ready = [rows.rank <= RANK["needs_review"]] if look.wanted.status == "open" else []
    here = tuple_(literal(behind["submitted_at"]), literal(behind["id"]))
    order = (rows.submitted_at, rows.claim_id)
    query = select(rows.claim_id).where(*look.where(), *ready, rows.claim_id != behind["id"]).order_by(*order).limit(1)
    found = read.connection.scalar(query.where(tuple_(*order) > here)) or read.connection.scalar(query)
    return str(found) if found else None


def _part(look: Looking, columns: Sequence[Column[Any]], after: str) -> Select[Any]:
    is_falling = look.wanted.sort in _FALLING
    query = select(look.rows).where(*look.where()).limit(PAGE + 1)
    query = query.order_by(*(column.desc() if is_falling else column for column in columns))
    mark = _read_mark(after, columns)
    if not mark:
        return query
    values = [literal(value, column.type) for value, column in zip(mark, columns, strict=True)]
    here, there = tuple_(*columns), tuple_(*values)
    return query.where(here < there if is_falling else here > there)


def _mark(columns: Sequence[Column[Any]], rows: list[Record]) -> str:
    """Where a part ends, as the next part's address names it."""
    return json.dumps([rows[-1][column.name] for column in columns], separators=(",", ":"))


def _read_mark(text: str, columns: Sequence[Column[Any]]) -> list[Any] | None:
    """The values in a mark; none where it is none, so that a strange address shows the beginning."""
    try:
        values = json.loads(text[:200]) if text else None
    except ValueError:
        return None
    kinds = [_MARK.get(column.name, str) for column in columns]
    if not isinstance(values, list) or len(values) != len(kinds):
        return None
    is_good = all(type(value) is kind and value not in ("", "\x00") for value, kind in zip(values, kinds, strict=True))
    return values if is_good else None


def _name_lines(read: Transaction, rows: list[Record]) -> None:
    reasons: dict[str, list[str]] = {}
    ids = [row["line_id"] for row in rows]
    for reason in _rows(read, select(desk_reasons).where(desk_reasons.c.line_id.in_(ids))) if ids else ():
        reasons.setdefault(reason["line_id"], []).append(reason["code"])
    people = _names(read, "user", "display_name", rows, "technician_id")
    sellers = _names(read, "receipt", "seller_name", rows, "receipt_id")
    places = _names(read, "site", "name", rows, "site_id")
    for row in rows:
        row["technician"] = people.get(row["technician_id"], "")
        row["seller"] = sellers.get(row["receipt_id"], "")
        row["site"] = places.get(row["site_id"], "")
        row["reasons"] = sorted(reasons.get(row["line_id"], []))


def _name_claims(read: Transaction, rows: list[Record]) -> None:
    ids = [row["claim_id"] for row in rows]
    about = select(claims.c.id, claims.c.technician_id, claims.c.currency, trips.c.purpose, trips.c.stops)
    about = about.join(trips, trips.c.id == claims.c.trip_id).where(claims.c.id.in_(ids))
    known = {item["id"]: item for item in _rows(read, about)}
    per_state = select(desk_lines.c.claim_id, desk_lines.c.status, func.count().label("lines"))
    per_state = per_state.where(desk_lines.c.claim_id.in_(ids)).group_by(desk_lines.c.claim_id, desk_lines.c.status)
    counts: dict[str, dict[str, int]] = {}
    for item in sorted(_rows(read, per_state), key=lambda item: item["status"]):
        counts.setdefault(item["claim_id"], {})[item["status"]] = item["lines"]
    for row in rows:
        row.update(known[row["claim_id"]], counts=counts[row["claim_id"]])
    people = _names(read, "user", "display_name", rows, "technician_id")
    for row in rows:
        row["technician"] = people.get(row["technician_id"], "")


def _names(read: Transaction, entity: str, field: str, rows: list[Record], key: str) -> dict[str, str]:
    """What the records that the rows point at are called."""
    table = read.engine.registry[entity].table
    ids = sorted({row[key] for row in rows} - {""})
    query = select(table.c.id, table.c[field]).where(table.c.id.in_(ids))
    return {row.id: row[1] for row in _plain(read, query)} if ids else {}


def _counts(found: Iterable[Sequence[Any]]) -> list[Count]:
    """One count for each key, its currencies put together. `found`: key, severity, currency, lines, money."""
    counts: dict[str, Count] = {}
    for key, severity, currency, lines, money in found:
        known = counts.get(key)
        together = (known.money if known else {}) | {currency: int(money)}
        counts[key] = Count(key, lines + (known.lines if known else 0), together, severity)
    return list(counts.values())


def _rows(read: Transaction, query: Any) -> list[Record]:
    return [dict(row) for row in read.connection.execute(query).mappings()]


def _plain(read: Transaction, query: Any) -> list[Any]:
    return list(read.connection.execute(query).all())
