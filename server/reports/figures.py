"""The dashboard's figures. Each carries the filter of the queue that finds exactly the lines it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Table, bindparam, func, select

from server.claims.desk_index import RANK, desk_lines, desk_reasons
from server.claims.filters import AGES, NO_REASON, NO_SITE, STATUS_GROUPS, Filter, conditions
from server.service.records import sites
from sync.transaction import Transaction

SITES_SHOWN = 20
_NEXT_CURRENCY = select(func.min(desk_lines.c.currency)).where(
    desk_lines.c.status == bindparam("state"), desk_lines.c.currency > bindparam("last")
)


@dataclass(frozen=True)
class Figure:
    """So many lines and so much money of one kind. `query` is the address of these lines behind `/finance/?`."""

    key: str
    lines: int
    minor: int
    query: str
    label: str = ""


@dataclass(frozen=True)
class Period:
    """From month to month, both counted, in one currency."""

    since: str
    until: str
    currency: str

    def filter(self, **more: str) -> Filter:
        """The filter of lines in the period."""
        return Filter(since=self.since, until=self.until, currency=self.currency, **more)


@dataclass
class _Sums:
    """Lines and money by key."""

    lines: dict[str, int] = field(default_factory=dict)
    minor: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, lines: int, minor: int) -> None:
        self.lines[key] = self.lines.get(key, 0) + int(lines)
        self.minor[key] = self.minor.get(key, 0) + int(minor)

    def figures(self, query: Callable[[str], str], most: int | None = None) -> list[Figure]:
        """A figure for each key, the most money first."""
        keys = sorted(self.lines, key=lambda key: (-self.minor[key], key))[:most]
        return [Figure(key, self.lines[key], self.minor[key], query(key)) for key in keys]


def currencies(read: Transaction) -> list[str]:
    """The currencies of all lines, in their order."""
    found: set[str] = set()
    for state in RANK:
        # Note: from one to the next along the index, where DISTINCT would read every line.
        last: str | None = ""
        while (last := read.connection.scalar(_NEXT_CURRENCY, {"state": state, "last": last})) is not None:
            found.add(last)
    return sorted(found)


def waiting(read: Transaction, currency: str) -> list[Figure]:
    """What waits now, by state: for finance, for the technician, for the payer."""
    states = (*STATUS_GROUPS["open"], "returned", "approved")
    sums = _Sums()
    for state in states:
        sums.add(state, 0, 0)
    lines = desk_lines.c
    query = select(lines.status, func.count(), func.sum(lines.amount_minor)).group_by(lines.status)
    for row in _rows(read, query.where(lines.status.in_(states), lines.currency == currency)):
        sums.add(*row)
    found = sums.figures(lambda state: Filter(status=state, currency=currency).query())
    return sorted(found, key=lambda figure: RANK[figure.key])


def waiting_by_reason(read: Transaction, currency: str) -> list[Figure]:
    """Money that waits, by what stands against it. A line with two reasons counts for both."""
    wanted = Filter(currency=currency)
    sums = _by_code(read, _where(wanted, desk_reasons))
    return sums.figures(lambda code: Filter(currency=currency, reason=code).query())


def waiting_by_age(read: Transaction, currency: str, today: date, time_zone: str) -> list[Figure]:
    """Money that waits, by the days since it was handed in."""
    lines = desk_lines.c
    figures = []
    for age in AGES:
        wanted = Filter(currency=currency, age=age)
        query = select(func.count(), func.coalesce(func.sum(lines.amount_minor), 0))
        (row,) = _rows(read, query.where(*conditions(wanted, desk_lines, today, time_zone)))
        figures.append(Figure(age, row[0], int(row[1]), wanted.query()))
    return figures


def refused_by_reason(read: Transaction, period: Period) -> list[Figure]:
    """What was refused in the period, by what stood against it; last, what was refused by the note alone."""
    wanted = period.filter(status="refused")
    sums = _by_code(read, _where(wanted, desk_reasons))
    found = sums.figures(lambda code: period.filter(status="refused", reason=code).query())
    by_note = period.filter(status="refused", reason=NO_REASON)
    lines = desk_lines.c
    query = select(func.count(), func.coalesce(func.sum(lines.amount_minor), 0)).where(*_where(by_note, desk_lines))
    (row,) = _rows(read, query)
    return [*found, Figure(NO_REASON, row[0], int(row[1]), by_note.query())] if row[0] else found


def spent(read: Transaction, period: Period) -> tuple[list[Figure], list[Figure]]:
    """What was approved or paid in the period: by category, and by month in their order."""
    categories, months = _Sums(), _Sums()
    lines = desk_lines.c
    query = select(lines.month, lines.category, func.count(), func.sum(lines.amount_minor))
    query = query.where(*_spent_where(period)).group_by(lines.month, lines.category)
    for month, category, count, minor in _rows(read, query):
        categories.add(category, count, minor)
        months.add(month, count, minor)
    by_month = months.figures(lambda month: _spent_in(period, since=month, until=month))
    by_category = categories.figures(lambda category: _spent_in(period, category=category))
    return by_category, sorted(by_month, key=lambda figure: figure.key)


def spent_by_site(read: Transaction, period: Period) -> tuple[list[Figure], int]:
    """The sites on which most was spent, and how many sites there are in all."""
    sums = _Sums()
    lines = desk_lines.c
    query = select(lines.site_id, func.count(), func.sum(lines.amount_minor))
    where = _spent_along_the_sites(period) if read.engine.database.is_sqlite else _spent_where(period)
    for row in _rows(read, query.where(*where).group_by(lines.site_id)):
        sums.add(*row)
    shown = sums.figures(lambda site: _spent_in(period, site=site or NO_SITE), SITES_SHOWN)
    query = select(sites.c.id, sites.c.name).where(sites.c.id.in_([figure.key for figure in shown]))
    names = {row.id: row.name for row in _rows(read, query)} if shown else {}
    return [replace(figure, label=names.get(figure.key, "")) for figure in shown], len(sums.lines)


def _spent_in(period: Period, **more: str) -> str:
    months = {"since": period.since, "until": period.until}
    return Filter(status="spent", currency=period.currency, **(months | more)).query()


def _spent_where(period: Period) -> list[Any]:
    return _where(period.filter(status="spent"), desk_lines)


def _spent_along_the_sites(period: Period) -> list[Any]:
    """As `_spent_where`, for SQLite: what is reckoned is not looked up.

    Else it finds the lines by rank or month, fetches each and sorts them by site, where one index has them in that
    order with all that is asked.
    """
    ranks, lines = [RANK[state] for state in STATUS_GROUPS["spent"]], desk_lines.c
    return [
        lines.currency == period.currency,
        func.coalesce(lines.rank, 0).between(min(ranks), max(ranks)),
        func.coalesce(lines.month, "").between(period.since, period.until),
    ]


def _by_code(read: Transaction, where: Iterable[Any]) -> _Sums:
    sums = _Sums()
    query = select(desk_reasons.c.code, func.count(), func.sum(desk_reasons.c.amount_minor)).where(*where)
    for row in _rows(read, query.group_by(desk_reasons.c.code)):
        sums.add(*row)
    return sums


def _where(wanted: Filter, rows: Table) -> list[Any]:
    return conditions(wanted, rows, date.min, "UTC")


def _rows(read: Transaction, query: Any) -> list[Any]:
    return list(read.connection.execute(query).all())
