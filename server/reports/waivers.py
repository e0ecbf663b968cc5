"""The month's waivers, for the manager: asked for, given, refused, expired; by whom, for whom; and what stands out.

Each figure carries the filter of the desk's list that finds exactly the waivers it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.claims.waiver_list import EVENTS, Wanted, conditions, month_bounds, with_lines
from server.claims.waivers import waivers
from server.payments.cells import Cell, yuan
from sync.change import Record
from sync.transaction import Transaction

LEAST_GIVEN = 5
LARGE_SHARE = 60
OFTEN = 3
SAME_WORDS = 2
_AT = {"asked": "asked_at", "given": "decided_at", "refused": "decided_at", "expired": "ended_at"}
_BY = {"asked": "asked_by", "given": "given_by", "refused": "refused_by", "expired": "given_by"}
_COLUMNS = (
    "day",
    "event",
    "technician",
    "finding",
    "article",
    "seller",
    "amount",
    "freed",
    "currency",
    "decider",
    "request",
    "answer",
    "valid_until",
)


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a waiver in the month."""

    event: str
    at: str
    waiver: Record

    @property
    def freed_minor(self) -> int:
        """Money that was set free; below zero where it no longer is."""
        return int(self.waiver["freed_minor"]) * {"given": 1, "expired": -1}.get(self.event, 0)

    @property
    def decider(self) -> str:
        """Who gave or refused it; nobody yet where it was asked for."""
        return str(self.waiver[_BY[self.event]] or "") if self.event != "asked" else ""


@dataclass
class Tally:
    """How often each event happened to one person's waivers, or to one finding's; the lines' money, and what of it was
    set free, by currency.
    """

    key: str
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, Counter[str]] = field(default_factory=lambda: {event: Counter() for event in EVENTS})
    freed: Counter[str] = field(default_factory=Counter)

    def add(self, happening: Happening) -> None:
        """Count one more."""
        self.counts[happening.event] += 1
        self.lines[happening.event][happening.waiver["currency"]] += int(happening.waiver["amount_minor"])
        if happening.event == "given":
            self.freed[happening.waiver["currency"]] += happening.freed_minor


@dataclass(frozen=True)
class Notable:
    """Something that stands out: a kind with its figures, and the filter of the waivers it is about."""

    code: str
    params: Mapping[str, Any]
    wanted: Wanted


@dataclass(frozen=True)
class Report:
    """A month of waivers."""

    month: str
    happenings: list[Happening]
    all: Tally
    technicians: list[Tally]
    deciders: list[Tally]
    findings: list[Tally]
    notable: list[Notable]

    def query(self, event: str = "", **more: str) -> str:
        """The filter of the waivers behind a figure."""
        return Wanted(status="all", event=event, month=self.month, **more).query()

    def share(self, tally: Tally) -> int:
        """What part of all given waivers one decider gave, in percent."""
        given = self.all.counts["given"]
        return round(100 * tally.counts["given"] / given) if given else 0


def report_of(read: Transaction, month: str, time_zone: str) -> Report:
    """The report of a month (`YYYY-MM`) of the company's calendar."""
    query = select(waivers).where(*conditions(Wanted(status="all", month=month), time_zone)).order_by(waivers.c.id)
    found = [dict(row) for row in read.connection.execute(query).mappings()]
    happenings = list(_happened(with_lines(read, found), *month_bounds(month, time_zone)))
    happenings.sort(key=lambda item: (item.at, item.waiver["id"]))
    whole = Tally("")
    for happening in happenings:
        whole.add(happening)
    return Report(
        month,
        happenings,
        whole,
        _tallies(happenings, lambda item: item.waiver["technician_id"]),
        _tallies(happenings, lambda item: item.decider),
        _tallies(happenings, lambda item: item.waiver["finding_code"]),
        stands_out(happenings, month),
    )


def stands_out(happenings: Sequence[Happening], month: str) -> list[Notable]:
    """What a manager should look at: one giver's large share, one person's same reason again and again, same words."""
    return [*_shares(happenings, month), *_repeats(happenings, month), *_same_words(happenings, month)]


def month_before(month: str) -> str:
    """The month before one (`YYYY-MM`)."""
    return month_after(month, -1)


def month_after(month: str, months: int = 1) -> str:
    """The month so many months after one (`YYYY-MM`)."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return f"{year}-{number + 1:02}"


def table_of(
    report: Report, people: Mapping[str, Record], time_zone: str, say: Callable[..., str], finding: Callable[[str], str]
) -> Iterator[Sequence[Cell]]:
    """The report's lines for a spreadsheet, with a header; texts are made harmless where they are written."""
    yield [say(f"waivers.column_{name}") for name in _COLUMNS]
    names = {person_id: person["display_name"] for person_id, person in people.items()}
    for item in report.happenings:
        waiver = item.waiver
        yield [
            day_of(item.at, time_zone),
            say(f"status.{item.event}"),
            names.get(waiver["technician_id"], ""),
            finding(waiver["finding_code"]),
            waiver["article"],
            waiver["seller"],
            yuan(int(waiver["amount_minor"])),
            yuan(item.freed_minor),
            waiver["currency"],
            names.get(item.decider, ""),
            waiver["request"],
            "" if item.event == "asked" else waiver["reason"],
            "" if item.event == "asked" else waiver["valid_until"],
        ]


def day_of(moment: str, time_zone: str) -> str:
    """The company's calendar date of an instant."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone)).date().isoformat()


def _happened(found: Iterable[Record], begins: str, ends: str) -> Iterator[Happening]:
    for waiver in found:
        for event in EVENTS:
            at = waiver[_AT[event]]
            is_over = event != "expired" or waiver["status"] == "expired"
            if waiver[_BY[event]] and is_over and begins <= at < ends:
                yield Happening(event, at, waiver)


def _tallies(happenings: Iterable[Happening], key: Callable[[Happening], str]) -> list[Tally]:
    """One tally for each key that is not empty, the most given first."""
    found: dict[str, Tally] = {}
    for happening in happenings:
        if name := key(happening):
            found.setdefault(name, Tally(name)).add(happening)
    return sorted(found.values(), key=lambda tally: (-tally.counts["given"], -sum(tally.counts.values()), tally.key))


def _shares(happenings: Sequence[Happening], month: str) -> Iterator[Notable]:
    given = Counter(item.decider for item in happenings if item.event == "given")
    total = sum(given.values())
    for person, count in given.most_common(1):
        if total >= LEAST_GIVEN and 100 * count >= LARGE_SHARE * total:
            params = {"person": person, "count": count, "total": total, "share": round(100 * count / total)}
            yield Notable("giver_share", params, Wanted("all", decider=person, event="given", month=month))


def _repeats(happenings: Sequence[Happening], month: str) -> Iterator[Notable]:
    asked = {item.waiver["id"]: item.waiver for item in happenings if item.event in ("asked", "given")}
    times = Counter((waiver["technician_id"], waiver["finding_code"]) for waiver in asked.values())
    for (person, code), count in times.most_common():
        if count >= OFTEN:
            wanted = Wanted("all", technician=person, finding=code, month=month)
            yield Notable("repeated", {"person": person, "finding": code, "count": count}, wanted)


def _same_words(happenings: Sequence[Happening], month: str) -> Iterator[Notable]:
    asked = [item.waiver for item in happenings if item.event == "asked"]
    times = Counter((waiver["technician_id"], "".join(waiver["request"].split()).lower()) for waiver in asked)
    for (person, _), count in times.most_common():
        if count >= SAME_WORDS:
            yield Notable(
                "same_words",
                {"person": person, "count": count},
                Wanted("all", technician=person, event="asked", month=month),
            )
