"""REG-D3: nobody is at two places at once, nor faster from one to the other than a train or an aeroplane."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.claims.rules.others import Other, Sighting

ARTICLE = "REG-D3"
DAY_KM = 500.0
"""Farther than this nobody drives to and works on one day; with a ticket it is possible."""
FLIGHT_KM_H, TRAIN_KM_H = 1000.0, 350.0
NEAR_KM = 100.0
"""Below this a difference says nothing: positions and clocks are not that exact."""


def travel_possible(facts: Facts) -> list[Finding]:
    """Two receipts or positions of one person too far apart for the time between them: indications, not proof.

    With a ticket in these days a flight's speed is allowed and a long way in one day too. A receipt stands for the
    place that its document proves, on its day; a picture for where and when the phone took it.
    """
    own = [other for other in facts.others if other.is_own and not other.is_refused]
    journeys = [other.issued_on for other in own if other.is_journey]
    journeys += [facts.receipt.issued_on] if facts.receipt.is_journey else []
    for mine, theirs, evidence in _pairs(facts, own):
        km = mine.km_to(theirs)
        has_ticket = any(_is_near(day, journey) for day in (mine.day, theirs.day) for journey in journeys)
        if km > NEAR_KM and _is_impossible(mine, theirs, km, has_ticket):
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


def _is_near(day: str, journey: str) -> bool:
    return abs((date.fromisoformat(day) - date.fromisoformat(journey)).days) <= 1


def _code(evidence: tuple[dict[str, str], ...]) -> str:
    return "two_places_at_once" if evidence else "document_far_from_phone"
