"""REG-D3 for tickets: the two ends of a journey against home, the stops, and the other tickets of the trip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.claims.rules.facts import Evidence, Facts, Leg, Trip
from server.claims.rules.finding import Finding
from server.places.divisions import prefecture_of
from server.receipts.evidence import is_sure

ARTICLE = "REG-D3"


@dataclass(frozen=True)
class _Ticket:
    """One leg as a document states it. An end whose station is not known has no division."""

    departure: Evidence
    destination: Evidence
    travel_on: str

    @property
    def ends(self) -> Leg:
        return Leg(_unit(self.departure.get("division", "")), _unit(self.destination.get("division", "")))


def journey_findings(facts: Facts) -> list[Finding] | None:
    """What the stated ends of the ticket say; None where no document states them for certain."""
    tickets = _tickets(facts.receipt.evidence)
    if not tickets:
        return None
    found = [finding for at in range(len(tickets)) for finding in _of_ticket(facts, tickets, at)]
    blocking = [finding for finding in found if finding.severity == "block"]
    return blocking[:1] or found[:1]


def legs_of(evidence: Iterable[Evidence], first: str = "", last: str = "9999") -> list[Leg]:
    """The legs that a receipt's documents state, as prefectures.

    Those with an unknown end are left out, and those that were not travelled between the two days (`YYYY-MM-DD`).
    """
    return [
        ticket.ends
        for ticket in _tickets(evidence)
        if ticket.ends.start and ticket.ends.end and first <= (ticket.travel_on or first) <= last
    ]


def travelled(evidence: Iterable[Evidence]) -> list[tuple[str, Leg]]:
    """The day (`YYYY-MM-DD`, empty where it is not stated) and the ends of each leg that the documents state.

    The ends are prefectures; one whose station is not known is empty.
    """
    return [(ticket.travel_on, ticket.ends) for ticket in _tickets(evidence)]


def places_on_the_way(trip: Trip) -> list[str]:
    """Where the trip's other tickets change: places that lie between two of the trip's own.

    The far end of an excursion lies between none.
    """
    own = _own(trip)
    nodes = {node for leg in trip.legs for node in (leg.start, leg.end)} - own
    return sorted(node for node in nodes if len(_reached(node, trip.legs, own)) > 1)


def _of_ticket(facts: Facts, tickets: Sequence[_Ticket], at: int) -> list[Finding]:
    """One leg: both ends are the trip's own, or the other tickets lead on from there."""
    ticket, own = tickets[at], _own(facts.trip)
    leg = ticket.ends
    if not leg.start or not leg.end:
        return [_finding("place_unproven", "review", facts, ticket)]
    if leg.start in own and leg.end in own:
        return [_finding("leg_out_of_order", "review", facts, ticket)] if _is_out_of_order(facts.trip, ticket) else []
    others = [*facts.trip.legs, *(other.ends for number, other in enumerate(tickets) if number != at)]
    ways = [{node} if node in own else _reached(node, others, own) for node in (leg.start, leg.end)]
    if all(ways) and len(ways[0] | ways[1]) > 1:
        return []
    if not any(ways) or not {leg.start, leg.end} & own:
        return [_finding("place_mismatch", "block", facts, ticket)]
    return [_finding("leg_without_connection", "review", facts, ticket)]


def _is_out_of_order(trip: Trip, ticket: _Ticket) -> bool:
    """A way there after the stop was left, or a way home before it was reached."""
    home, leg, day = _unit(trip.home_division), ticket.ends, ticket.travel_on
    if not day or leg.start == leg.end:
        return False
    there = [stop.leave_on for stop in trip.stops if _unit(stop.division_code) == leg.end]
    back = [stop.arrive_on for stop in trip.stops if _unit(stop.division_code) == leg.start]
    if leg.start == home and there:
        return day > max(there)
    return leg.end == home and bool(back) and day < min(back)


def _reached(start: str, legs: Iterable[Leg], own: frozenset[str]) -> set[str]:
    """The trip's own places that the legs lead to from a place, by changes only."""
    links = list(legs)
    reached: set[str] = set()
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for leg in links:
            for one, other in ((leg.start, leg.end), (leg.end, leg.start)):
                if one != here or other in seen:
                    continue
                seen.add(other)
                if other in own:
                    reached.add(other)
                else:
                    waiting.append(other)
    return reached


def _own(trip: Trip) -> frozenset[str]:
    codes = [trip.home_division, *(stop.division_code for stop in trip.stops)]
    return frozenset(_unit(code) for code in codes)


def _unit(code: str) -> str:
    return (prefecture_of(code) or code) if code else ""


def _tickets(evidence: Iterable[Evidence]) -> list[_Ticket]:
    sure = [item for item in evidence if item["kind"] in ("departure", "destination", "travel_on") and is_sure(item)]
    legs: dict[tuple[str, str, int], dict[str, Evidence]] = {}
    for item in sure:
        legs.setdefault((item.get("attachment", ""), item["source"], item.get("leg", 0)), {})[item["kind"]] = item
    return [
        _Ticket(leg["departure"], leg["destination"], str(leg.get("travel_on", {}).get("value", "")))
        for leg in legs.values()
        if "departure" in leg and "destination" in leg
    ]


def _finding(code: str, severity: str, facts: Facts, ticket: _Ticket) -> Finding:
    ends = [ticket.departure, ticket.destination]
    params = {
        "places": [item["division"] for item in ends if item.get("division")],
        "trip": [stop.division_code for stop in facts.trip.stops],
        "ends": [item["value"] for item in ends],
    }
    return Finding(code, "block" if severity == "block" else "review", ARTICLE, params, tuple(ends))
