"""A month of a company of 50 technicians: 3,000 receipts, with frauds and hard honest cases. Invented throughout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from server.demo import PEOPLE, fill
from server.demo_month import waivers
from server.demo_month.desks import decide, pay, stock_in
from server.demo_month.frauds import plant_all
from server.demo_month.honest import Honest
from server.demo_month.plan import Journey, Paper
from server.demo_month.writing import Writer
from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.change import new_id
from sync.transaction import Transaction

FIRST_NAME = "t01"
_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈", "甲乙丙丁戊"
PAID_UNTIL = date(2026, 10, 10)
_OPEN_DAYS = 9
"""Finance has not come yet to what ended in the last days of the month."""


@dataclass(frozen=True)
class Size:
    """How large a month is: people, and how often each kind of fraud is tried."""

    technicians: int = 50
    frauds_of_each: int = 2
    density: float = 1.0
    """How much of the usual meals and taxis there is."""
    is_decided: bool = True
    """Whether finance has decided on the older claims."""


def plan(size: Size) -> list[Journey]:
    """The month's trips with all that is wrong in some, in the order in which they are handed in."""
    names = [surname + given for given in _GIVEN for surname in _SURNAMES]
    honest = Honest(size.technicians, names, size.density)
    trips = honest.journeys()
    plant_all(honest, trips, size.frauds_of_each)
    last = max(trip.ends for trip in trips)
    for trip in trips:
        if size.is_decided and trip.ends <= last - timedelta(_OPEN_DAYS):
            trip.stage = "paid" if trip.ends <= PAID_UNTIL else "decided"
        elif trip.ends == last and trip.who % 8 == 0 and not _holds_fraud(trip):
            trip.stage = "draft"
    return trips


def fill_month(services: Services, size: Size | None = None, say: Callable[[str], None] = print) -> list[Journey]:
    """Make the demo company and its month, once; gives the plan. A company that has the month already is left alone."""
    size = size or Size()
    fill(services)
    trips = plan(size)
    if services.engine.write(SYSTEM, lambda write: write.find("user", username=FIRST_NAME)):
        return trips
    writer = Writer(services, _staff(services), _technicians(services, size))
    papers, last = sum(len(trip.papers) + len(trip.again) for trip in trips), trips[-1].ends
    say(f"{size.technicians} technicians, {len(trips)} trips, {papers} receipts")
    done = 0
    for ends, group in groupby(trips, key=lambda trip: trip.ends):
        for trip in (of_day := list(group)):
            writer.hand_in(trip, ends + timedelta(2))
            done += len(trip.papers) + len(trip.again)
        stock_in(writer, of_day, ends + timedelta(3))
        waivers.ask(writer, of_day, ends + timedelta(3))
        if ends < last:
            waivers.answer(writer, of_day, ends + timedelta(4))
        decide(writer, [trip for trip in of_day if trip.stage in ("decided", "paid")], ends + timedelta(5))
        say(f"{ends}: {done} of {papers} receipts")
    if paid := [trip for trip in trips if trip.stage == "paid"]:
        pay(writer, paid, last)
    waivers.end(writer, last + timedelta(5))
    return trips


def papers_of(trips: list[Journey]) -> list[Paper]:
    """Every paper of the month that was handed in."""
    return [paper for trip in trips if trip.stage != "draft" for paper in (*trip.papers, *trip.again, *trip.attempts)]


def _holds_fraud(trip: Journey) -> bool:
    return any(paper.role != "honest" for paper in (*trip.papers, *trip.attempts))


def _staff(services: Services) -> dict[str, Actor]:
    def work(write: Transaction) -> dict[str, Actor]:
        users = [user for name, _, role in PEOPLE if role != "technician" for user in write.find("user", username=name)]
        return {user["username"]: Actor(user["id"], frozenset({user["role"]}), new_id()) for user in users}

    return services.engine.write(SYSTEM, work)


def _technicians(services: Services, size: Size) -> list[Actor]:
    """The month's technicians. Their work is to be looked at by the desks; they have no passwords."""
    names = [surname + given for given in _GIVEN for surname in _SURNAMES][: size.technicians]

    def work(write: Transaction) -> list[Actor]:
        made = []
        for at, name in enumerate(names, start=1):
            user = write.create("user", {"username": f"t{at:02}", "display_name": name, "role": "technician"})
            made.append(Actor(user["id"], frozenset({"technician"}), new_id()))
        return made

    return services.engine.write(SYSTEM, work)
