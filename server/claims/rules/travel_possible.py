"""REG-D3: nobody is at two places at once, nor faster from one to the other than a train or an aeroplane."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from server.claims.rules.facts import Facts, Position
from server.claims.rules.finding import Finding
from server.claims.rules.others import Journey, Other, Sighting
from server.places.divisions import distance_km

ARTICLE = "REG-D3"
DAY_KM = 500.0
"""Farther than this nobody drives to and works on one day; with a ticket it is possible."""
FLIGHT_KM_H, TRAIN_KM_H = 1000.0, 350.0
NEAR_KM = 100.0
"""Below this a difference says nothing: positions and clocks are not that exact."""
END_KM = 200.0
"""So far from the place where a person was a ticket may begin or end: a station or airport of the region."""


def travel_possible(facts: Facts) -> list[Finding]:
    """Two receipts or positions of one person too far apart for the time between them: indications, not proof.

    With a ticket in these days a flight's speed is allowed and a long way in one day too. Where the ticket's ends were
    read, it, or it and others together, must lead from the one place to the other. A receipt stands for the place that
    its document proves, on its day; a picture for where and when the phone took it.
    """
    own = [other for other in facts.others if other.is_own and not other.is_refused]
    journeys = [*facts.receipt.journeys, *(journey for other in own for journey in other.journeys)]
    for mine, theirs, evidence in _pairs(facts, own):
        km = mine.km_to(theirs)
        if km > NEAR_KM and _is_impossible(mine, theirs, km, _has_ticket(mine, theirs, km, journeys)):
            params = {"distance_km": round(km), "days": sorted({mine.day, theirs.day})}
            return [Finding(_code(evidence), "review", ARTICLE, params, evidence)]
    return []


def _pairs(facts: Facts, own: Iterable[Other]) -> Iterator[tuple[Sighting, Sighting, tuple[dict[str, str], ...]]]:
    mine = facts.receipt.sightings
    for other in own:
        evidence = tuple(dict(item) for item in other.evidence())
        yield from ((one, two, evidence) for one in mine for two in other.sightings)
    yield from ((one, two, ()) for at, one in enumerate(mine) for two in mine[at + 1 :])


def _is_impossible(mine: Sighting, theirs: Sighting, km: float, has_ticket: bool) -> bool:
    if mine.clock is not None and theirs.clock is not None:
        hours = abs(mine.clock - theirs.clock) / 3600
        return km > hours * (FLIGHT_KM_H if has_ticket else TRAIN_KM_H)
    return mine.day == theirs.day and km > DAY_KM and not has_ticket


def _has_ticket(mine: Sighting, theirs: Sighting, km: float, journeys: Iterable[Journey]) -> bool:
    """Whether a ticket of these days, or several together, lead from the one place to the other."""
    of_these_days = [one for one in journeys if any(_is_near(day, one.day) for day in (mine.day, theirs.day))]
    legs = [(one.start, one.end) for one in of_these_days if one.start and one.end]
    return len(legs) < len(of_these_days) or _leads(mine.position, theirs.position, legs, min(END_KM, km / 2))


def _leads(start: Position, end: Position, legs: Sequence[tuple[Position, Position]], reach_km: float) -> bool:
    """Whether the legs, each either way, lead from one place to the other by changes within the reach."""
    left, waiting = list(legs), [start]
    while waiting:
        here = waiting.pop()
        for leg in list(left):
            for near, far in (leg, leg[::-1]):
                if leg not in left or distance_km(here, near) > reach_km:
                    continue
                if distance_km(far, end) <= reach_km:
                    return True
                left.remove(leg)
                waiting.append(far)
    return False


def _is_near(day: str, journey: str) -> bool:
    return abs((date.fromisoformat(day) - date.fromisoformat(journey)).days) <= 1


def _code(evidence: tuple[dict[str, str], ...]) -> str:
    return "two_places_at_once" if evidence else "document_far_from_phone"
