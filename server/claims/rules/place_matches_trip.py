"""REG-D3: a travel receipt must match the place of the trip, otherwise it is not reimbursed.

No single field is "the place". A number reaches the province only; a tax id says where a seller is registered. What a
person typed can speak against a receipt, never for it; what cannot be proved goes to a person, whose reading decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.claims.rules.facts import Evidence, Facts, Trip
from server.claims.rules.finding import Finding, Severity
from server.places.divisions import distance_km, prefecture_of, same_prefecture, same_province

ARTICLE = "REG-D3"
FAR_KM = 100.0
RAIL = "51"


def place_matches_trip(facts: Facts) -> list[Finding]:
    """Does the evidence name a place of the trip? Another place blocks, no proof asks for a person."""
    evidence = facts.receipt.evidence
    places = _places(facts)
    reading = [item for item in evidence if item["kind"] == "reviewer"]
    if reading:
        last = reading[-1]
        return [] if _is_in(last, places) else [_finding("place_mismatch", "block", facts, [last])]
    found = _of_transport(facts, places) if facts.receipt.category == "transport" else _of_local(facts, places)
    return found or _of_position(facts)


def _of_local(facts: Facts, places: list[str]) -> list[Finding]:
    """A hotel, a meal, a shop: it stands where it is."""
    deep = [
        item
        for item in facts.receipt.evidence
        if item["kind"] in ("seller_registration", "local_code", "fapiao_region")
    ]
    agreeing = [item for item in deep if _is_in(item, places)]
    if any(_is_proof(item) for item in agreeing):
        return []
    against = [item for item in deep if _speaks_against(item, places)]
    if against and not agreeing:
        return [_finding("place_mismatch", "block", facts, against)]
    other = [item for item in deep if item["kind"] == "fapiao_region" and _is_elsewhere(item, places)]
    if other:
        return [_finding("place_other_province", "review", facts, other)]
    return [_finding("place_unproven", "review", facts, deep)]


def _of_transport(facts: Facts, places: list[str]) -> list[Finding]:
    """A ticket belongs to the way between home and the stops: one of its ends must lie there."""
    items = [item for item in facts.receipt.evidence if item["kind"] in ("local_code", "fapiao_region")]
    if any(_is_rail(item) and not _is_elsewhere(item, places) for item in items):
        return []
    if any(_is_proof(item) and _is_in(item, places) for item in items):
        return []
    against = [item for item in items if item["kind"] == "local_code" and _is_elsewhere(item, places)]
    if against:
        return [_finding("place_mismatch", "block", facts, against)]
    other = [item for item in items if _is_elsewhere(item, places)]
    if other:
        return [_finding("place_other_province", "review", facts, other)]
    return [_finding("place_unproven", "review", facts, items)]


def _of_position(facts: Facts) -> list[Finding]:
    """The picture was taken far from every site of the trip: no proof against the receipt, but worth a look."""
    taken_at = facts.receipt.capture_position
    sites = [stop.position for stop in facts.trip.stops if stop.position]
    if not taken_at or not sites:
        return []
    nearest = min(distance_km(taken_at, site) for site in sites)
    if nearest - taken_at.get("accuracy_m", 0) / 1000 <= FAR_KM:
        return []
    return [Finding("position_contradicts", "review", ARTICLE, {"distance_km": round(nearest)})]


def _places(facts: Facts) -> list[str]:
    stops = [stop.division_code for stop in facts.trip.stops]
    return [facts.trip.home_division, *stops] if facts.receipt.category == "transport" else stops


def _is_in(item: Evidence, places: Iterable[str]) -> bool:
    return any(same_prefecture(item["division"], place) for place in places)


def _is_elsewhere(item: Evidence, places: Iterable[str]) -> bool:
    """Whether the evidence names no place of the trip. A whole province holds every prefecture in it.

    Note: the province's own tax bureau does not issue for a planned city in it, yet a receipt of either may be right.
    """
    if prefecture_of(item["division"]) is None:
        return not any(same_province(item["division"], place) for place in places)
    return not any(same_prefecture(item["division"], place) for place in places)


def _speaks_against(item: Evidence, places: Iterable[str]) -> bool:
    return item["kind"] in ("seller_registration", "local_code") and _is_elsewhere(item, places)


def _is_proof(item: Evidence) -> bool:
    """Read by a machine off the document, or a seller's id that the QR of the same document bears out."""
    return item["source"] != "typed" or bool(item.get("corroborated"))


def _is_rail(item: Evidence) -> bool:
    return item.get("qr_type") == RAIL and item["source"] == "qr"


def _finding(code: str, severity: Severity, facts: Facts, items: Iterable[Evidence]) -> Finding:
    named = tuple(items)
    places = [item["division"] for item in named]
    return Finding(code, severity, ARTICLE, {"places": places, "trip": _stops(facts.trip)}, named)


def _stops(trip: Trip) -> list[str]:
    return [stop.division_code for stop in trip.stops]
