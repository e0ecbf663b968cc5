"""Frauds for the demo month: what people try, planted among honest papers. Each kind names the finding that tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from server.demo_month.cities import CITIES, HOME, after, noon
from server.demo_month.honest import Honest
from server.demo_month.plan import Journey, Paper, Role, Tool, allowance
from sync.change import new_id

Plant = Callable[[Honest, Journey, Journey], None]
"""Plants one fraud into a trip; the second trip is a colleague's that ends before it, at another place."""
DAY = timedelta(1)


@dataclass(frozen=True)
class Kind:
    """A way to cheat, and the findings of which one must be on its line, or the refusal that must meet it at once."""

    name: str
    codes: frozenset[str]
    plant: Plant


def plant_all(honest: Honest, trips: Sequence[Journey], each: int) -> None:
    """Every kind so many times, each in a trip of its own. Raises ValueError where there are too few trips."""
    free = [trip for trip in trips[4:] if (trip.ends - trip.begins).days >= 2]
    for kind in sorted(KINDS * each, key=lambda kind: kind.name not in _NEEDS):
        fits = _NEEDS.get(kind.name, _anything)
        trip = next((trip for trip in free if fits(trip)), None)
        if trip is None:
            raise ValueError(f"too few trips for {kind.name}")
        free.remove(trip)
        trip.has_fraud = True
        other = _colleague(trips, trip)
        kind.plant(honest, trip, other)
        for paper in (*trip.papers, *trip.again, *trip.attempts, *other.papers):
            if paper.role != "honest" and not paper.case:
                paper.case = kind.name


def _anything(trip: Journey) -> bool:
    return True


def _is_far(trip: Journey) -> bool:
    return abs(trip.city.lat - HOME.lat) + abs(trip.city.lon - HOME.lon) > 8


def _is_at_home_after(trip: Journey) -> bool:
    """Nothing was spent after the trip's last day."""
    return all(paper.day <= trip.ends for paper in trip.papers) and not trip.of("allowance")


_NEEDS: dict[str, Callable[[Journey], bool]] = {
    "weekend on one's own": lambda trip: trip.ends.weekday() == 4,
    "holiday on one's own": lambda trip: trip.begins.isoformat() == "2026-10-08",
    "at home that day": lambda trip: _is_far(trip) and (trip.ends - trip.begins).days >= 4,
    "allowance of a day at home": _is_at_home_after,
    "allowance of a day twice": lambda trip: bool(trip.of("allowance")),
}
"""Frauds that need a trip which ends on the eve of a weekend, begins behind a holiday, goes far and is long enough; or
one with an allowance, or with neither that nor a paper of the next day.
"""


def _colleague(trips: Sequence[Journey], trip: Journey) -> Journey:
    """Another person's trip that is handed in before, to another city, in the same days."""
    before = trips[: trips.index(trip)]
    others = [other for other in before if other.who != trip.who and other.city != trip.city and other.of("meal")]
    free = [other for other in others if not other.has_fraud] or others
    return min(free, key=lambda other: abs((other.begins - trip.begins).days))


def _meal(honest: Honest, trip: Journey, amount: int = 26800, offset: int = 1) -> Paper:
    return honest.invoice("meal", amount, trip.begins + offset * DAY, trip.city)


def _add(trip: Journey, paper: Paper, role: Role = "fraud") -> Paper:
    trip.papers.append(paper)
    return paper.marked(role, "")


def _same_invoice(honest: Honest, trip: Journey, other: Journey) -> None:
    """A colleague's e-invoice, handed in once more."""
    mine = _add(other, _meal(honest, other), "partner")
    _add(trip, replace(mine, id=new_id(), file_of=mine))


def _slip_of_colleagues_meal(honest: Honest, trip: Journey, other: Journey) -> None:
    """The paper slip of a meal whose e-invoice a colleague claims."""
    mine = _add(other, _meal(honest, other, 31700), "partner")
    _add(trip, replace(mine, id=new_id(), form="plain", number=""))


def _slip_of_own_meal(honest: Honest, trip: Journey, other: Journey) -> None:
    """The card slip beside the invoice of one meal, as if there had been two."""
    mine = _add(trip, _meal(honest, trip, 22900), "partner")
    _add(trip, replace(mine, id=new_id(), form="plain", number=""))


def _picture_again(honest: Honest, trip: Journey, other: Journey) -> None:
    """One plain receipt photographed once and saved again with another amount."""
    mine = _add(trip, replace(_meal(honest, trip, 17400), form="plain", number=""), "partner")
    _add(trip, replace(mine, id=new_id(), amount=19400, file_of=mine, day=mine.day + DAY))


def _amount_raised(honest: Honest, trip: Journey, other: Journey) -> None:
    """More typed than the e-invoice says."""
    paper = _add(trip, _meal(honest, trip, 48800))
    paper.says = {"total": 18800}


def _date_moved(honest: Honest, trip: Journey, other: Journey) -> None:
    """A private dinner of spring, typed into the trip's days."""
    paper = _add(trip, _meal(honest, trip))
    paper.says = {"day": paper.day - timedelta(160)}


def _file_edited(honest: Honest, trip: Journey, other: Journey) -> None:
    """The total in the e-invoice's file was edited, its parts were not."""
    paper = _add(trip, _meal(honest, trip, 86800))
    paper.says = {"net": 26000, "tax": 800}


def _private_buyer(honest: Honest, trip: Journey, other: Journey) -> None:
    """An invoice made out to a person."""
    _add(trip, _meal(honest, trip)).says = {"buyer": "个人", "buyer_id": ""}


def _other_town(honest: Honest, trip: Journey, other: Journey) -> None:
    """A hotel in a town where the trip was not."""
    city = next(city for city in CITIES if city != trip.city)
    _add(trip, honest.invoice("meal", 36600, trip.begins + DAY, city)).position = None


def _stack_over_days(honest: Honest, trip: Journey, other: Journey) -> None:
    """A bought stack of invoices, dated over the days of the trip."""
    first = _meal(honest, trip, 15800, 0)
    for at in range(3):
        paper = replace(first, id=new_id(), number=after(first.number, at), amount=15800 + 700 * at)
        paper.day = first.day + at * DAY
        paper.captured_at = noon(paper.day)
        _add(trip, paper)


def _stack_shared(honest: Honest, trip: Journey, other: Journey) -> None:
    """Two colleagues at different places share a stack."""
    first = _add(other, _meal(honest, other, 19900))
    _add(trip, replace(first, id=new_id(), number=after(first.number, 2), amount=21300))


def _weekend(honest: Honest, trip: Journey, other: Journey) -> None:
    """A Saturday's dinner after the trip was over."""
    trip.papers = [paper for paper in trip.papers if paper.day <= trip.ends]
    if not any(paper.form == "rail" and paper.ends[0] == trip.city.station for paper in trip.papers):
        trip.papers.append(honest.train(trip, trip.city, HOME, trip.ends))
    _add(trip, honest.invoice("meal", 42000, trip.ends + DAY, trip.city)).position = None


def _holiday(honest: Honest, trip: Journey, other: Journey) -> None:
    """A dinner of National Day, on the eve of the trip."""
    _add(trip, honest.invoice("meal", 52000, trip.begins - DAY, trip.city)).position = None


def _at_home(honest: Honest, trip: Journey, other: Journey) -> None:
    """A meal of the trip's town on a day on which the phone was at home: somebody else ate it."""
    paper = _add(trip, _meal(honest, trip, 33300, 2))
    paper.position = {"lat": HOME.lat, "lon": HOME.lon, "accuracy_m": 15.0}
    trip.papers = [item for item in trip.papers if item.form != "rail" or abs(item.day - paper.day) > DAY]


def _two_places(honest: Honest, trip: Journey, other: Journey) -> None:
    """On one day a meal at each of two far stops, without any ticket between them."""
    far = next(city for city in reversed(CITIES) if abs(city.lat - trip.city.lat) + abs(city.lon - trip.city.lon) > 8)
    day = trip.begins + DAY
    trip.stops = [(trip.city, trip.begins, day), (far, day, trip.ends)]
    trip.papers = [paper for paper in trip.papers if paper.form != "rail" and paper.day < day]
    for city, amount in ((trip.city, 8800), (far, 9900)):
        paper = _add(trip, honest.invoice("meal", amount, day, city))
        paper.position = None


def _old_picture(honest: Honest, trip: Journey, other: Journey) -> None:
    """A picture that is older than the day on the receipt."""
    paper = replace(_meal(honest, trip, 28800), form="plain", number="")
    _add(trip, paper).captured_at = noon(paper.day - timedelta(20))


def _split(honest: Honest, trip: Journey, other: Journey) -> None:
    """One purchase in two invoices, each just under the limit."""
    for offset in (0, 1):
        _add(trip, honest.invoice("other", 96000 - 3000 * offset, trip.begins + offset * DAY, trip.city, 0))


def _refused_again(honest: Honest, trip: Journey, other: Journey) -> None:
    """A plain receipt that finance refused comes back, a little dearer."""
    first = _add(trip, replace(_meal(honest, trip, 23800), form="plain", number=""), "partner")
    first.is_refused = True
    again = replace(first, id=new_id(), amount=24800)
    trip.again.append(again.marked("fraud", ""))


def _tool(honest: Honest, trip: Journey, serial: str, returned: bool, amount: int = 25900) -> Paper:
    paper = honest.invoice("tool", amount, trip.begins + DAY, trip.city)
    paper.tool = Tool("激光对中仪", [serial], [serial] if returned else [])
    return paper


def _tool_kept(honest: Honest, trip: Journey, other: Journey) -> None:
    """A tool that never came to the warehouse."""
    _add(trip, _tool(honest, trip, f"LA-K{trip.who:03}{trip.begins:%d}", returned=False))


def _serial_twice(honest: Honest, trip: Journey, other: Journey) -> None:
    """One tool, two purchases: the number on it is the same."""
    serial = f"LA-S{trip.who:03}{trip.begins:%d}"
    _add(other, _tool(honest, other, serial, returned=False), "partner")
    _add(trip, _tool(honest, trip, serial, returned=False, amount=27900))


def _unit_of_other(honest: Honest, trip: Journey, other: Journey) -> None:
    """The unit that stands in the warehouse for a colleague's purchase is named once more."""
    serial = f"LA-U{trip.who:03}{trip.begins:%d}"
    _add(other, _tool(honest, other, serial, returned=True), "partner")
    _add(trip, _tool(honest, trip, serial, returned=False, amount=27900))


def _others_ticket(honest: Honest, trip: Journey, other: Journey) -> None:
    """A relative's train ticket."""
    paper = _add(trip, honest.train(trip, HOME, trip.city, trip.begins))
    paper.passenger = "王示例"


def _refunded_ticket(honest: Honest, trip: Journey, other: Journey) -> None:
    """A ticket that was given back."""
    _add(trip, honest.train(trip, HOME, trip.city, trip.begins)).says = {"business": "退"}


def _claimed_more(honest: Honest, trip: Journey, other: Journey) -> None:
    """More claimed than the receipt is worth."""
    paper = _add(trip, _meal(honest, trip, 12000))
    paper.claimed = 21000


def _allowance_at_home(honest: Honest, trip: Journey, other: Journey) -> None:
    """The job was done a day earlier than planned; the allowance is of the days of the plan."""
    trip.planned_until = trip.ends + DAY
    _add(trip, allowance(trip.begins, trip.planned_until, trip.city))


def _allowance_twice(honest: Honest, trip: Journey, other: Journey) -> None:
    """The allowance of some days in a second claim."""
    trip.attempts.append(allowance(trip.begins, trip.begins + DAY, trip.city).marked("fraud", ""))


def _allowance_outside(honest: Honest, trip: Journey, other: Journey) -> None:
    """An allowance that begins on the eve of the trip."""
    trip.attempts.append(allowance(trip.begins - DAY, trip.begins - DAY, trip.city).marked("fraud", ""))


KINDS = tuple(
    Kind(name, frozenset(codes.split()), plant)
    for name, codes, plant in (
        ("invoice of a colleague", "receipt_duplicate", _same_invoice),
        ("slip of a colleague's meal", "same_sale_colleague", _slip_of_colleagues_meal),
        ("card slip beside the invoice", "same_sale_own", _slip_of_own_meal),
        ("one picture saved twice", "similar_picture", _picture_again),
        ("amount raised", "document_contradicts_typed", _amount_raised),
        ("date moved into the trip", "document_contradicts_typed", _date_moved),
        ("file edited", "amounts_do_not_add", _file_edited),
        ("private invoice", "buyer_not_company", _private_buyer),
        ("another town", "place_mismatch", _other_town),
        ("stack of invoices over days", "numbers_in_a_row", _stack_over_days),
        ("stack shared by two people", "numbers_in_a_row", _stack_shared),
        ("weekend on one's own", "weekend_outside_plan", _weekend),
        ("holiday on one's own", "holiday_outside_plan", _holiday),
        ("at home that day", "document_far_from_phone two_places_at_once", _at_home),
        ("two places on one day", "two_places_at_once", _two_places),
        ("picture older than the receipt", "captured_before_issue", _old_picture),
        ("split purchase", "purchase_split", _split),
        ("refused receipt again", "refused_before", _refused_again),
        ("tool kept", "tool_not_returned", _tool_kept),
        ("one tool bought twice", "serial_bought_before", _serial_twice),
        ("unit of another purchase", "serial_returned_for_other", _unit_of_other),
        ("somebody else's ticket", "passenger_not_technician", _others_ticket),
        ("refunded ticket", "ticket_refunded", _refunded_ticket),
        ("more claimed than spent", "amount_over_receipt", _claimed_more),
        ("allowance of a day at home", "over_allowance", _allowance_at_home),
        ("allowance of a day twice", "allowance_day_taken", _allowance_twice),
        ("allowance of a day before the trip", "allowance_outside_trip", _allowance_outside),
    )
)
