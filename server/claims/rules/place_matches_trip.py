"""REG-D3: a travel receipt must match the place of the trip, otherwise it is not reimbursed.

No single field is "the place". A number reaches the province only; a tax id says where a seller is registered, not
where its hotel stands. So the kinds of evidence are ranked, and the strongest decides. What a person typed can speak
against a receipt, never for it; what cannot be proved goes to a person, whose reading decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from server.claims.rules.facts import Evidence, Facts, Stop, Trip
from server.claims.rules.finding import Finding, Severity
from server.claims.rules.journey import journey_findings, places_on_the_way
from server.places.divisions import distance_km, prefecture_of, same_prefecture, same_province
from server.receipts.evidence import is_sure, own_evidence

ARTICLE = "REG-D3"
FAR_KM = 100.0
STRENGTH = {
    "service_place": 0,
    "local_code": 0,
    "title": 0,
    "seller_address": 1,
    "seller_name": 2,
    "seller_registration": 3,
    "fapiao_region": 4,
}
"""Kinds of evidence of where something was sold, the strongest first."""
AGENCY = ("经纪代理服务", "旅游服务", "代订", "电信服务", "成品油", "预付卡")
"""Items whose seller says nothing of the place: agents, travel, telephone, fuel and prepaid cards."""
LODGING, MEALS = ("住宿服务",), ("餐饮服务",)
"""What the document calls it; the category is only what a person chose."""
PARKING = ("停车",)
"""What belongs to the way but is sold where it stands."""


def place_matches_trip(facts: Facts) -> list[Finding]:
    """Does the evidence name a place of the trip? Another place blocks, no proof asks for a person."""
    own = own_evidence(facts.receipt.evidence, facts.receipt.fapiao_number)
    facts = replace(facts, receipt=replace(facts.receipt, evidence=own))
    reading = [item for item in own if item["kind"] == "reviewer"]
    if reading:
        last = reading[-1]
        return [] if _is_in(last, _places(facts)) else [_finding("place_mismatch", "block", facts, [last])]
    return _of_place(facts) or _of_position(facts)


def _of_place(facts: Facts) -> list[Finding]:
    """By what the document is; the category that a person chose only says whether it belongs to the way."""
    if facts.receipt.category != "transport":
        return _of_local(facts)
    journey = journey_findings(facts)
    if journey is not None:
        return journey
    return _of_local(facts) if _says(facts, (*PARKING, *LODGING, *MEALS)) else _of_ride(facts)


def _of_local(facts: Facts) -> list[Finding]:
    """A hotel, a meal, a shop: it stands where it is."""
    places, items = _places(facts), _items(facts)
    agreeing = [item for item in items if _is_in(item, places)]
    proofs = [item for item in agreeing if _is_proof(item)]
    against = _against(items, places)
    if proofs:
        return _of_proofs(facts, proofs, [item for item in items if _speaks_of_elsewhere(item, places)])
    read_against = [item for item in against if _is_proof(item)]
    if read_against and all(item["source"] == "typed" for item in agreeing):
        return _of_elsewhere(facts, read_against)
    if against and not agreeing:
        return _of_elsewhere(facts, against)
    other = [item for item in items if item["kind"] == "fapiao_region" and _is_elsewhere(item, places)]
    if other:
        return [_finding("place_other_province", "review", facts, other)]
    return [_finding("place_unproven", "review", facts, items)]


def _of_proofs(facts: Facts, proofs: Sequence[Evidence], against: Sequence[Evidence]) -> list[Finding]:
    """Something proves a place of the trip; a stronger word for another place, sure or not, makes it doubtful."""
    strongest = min(STRENGTH[item["kind"]] for item in proofs)
    if any(STRENGTH[item["kind"]] < strongest for item in against):
        return [_finding("place_conflicting", "review", facts, [*proofs, *against])]
    named = [stop for stop in facts.trip.stops if any(_is_in(item, [stop.division_code]) for item in proofs)]
    if _was_elsewhere(facts, named):
        return [_finding("place_of_other_stop", "review", facts, proofs)]
    return []


def _was_elsewhere(facts: Facts, named: Sequence[Stop]) -> bool:
    """Whether the trip's plan has the technician at another stop on the receipt's day."""
    day = facts.receipt.issued_on
    if not named or any(stop.arrive_on <= day <= stop.leave_on for stop in named):
        return False
    return any(stop.arrive_on < day < stop.leave_on for stop in facts.trip.stops if stop not in named)


def _of_elsewhere(facts: Facts, against: Sequence[Evidence]) -> list[Finding]:
    """Everything that speaks names another place."""
    if _says(facts, AGENCY):
        return [_finding("place_unproven", "review", facts, against)]
    is_hotel = facts.receipt.category == "lodging" and not _says(facts, MEALS)
    if is_hotel and all(_may_be_the_chain(item) for item in against):
        return [_finding("place_seller_elsewhere", "review", facts, against)]
    neighbours = [code for stop in facts.trip.stops for code in stop.neighbours]
    if all(_is_in(item, neighbours) for item in against):
        return [_finding("place_neighbouring", "review", facts, against)]
    return [_finding("place_mismatch", "block", facts, against)]


def _may_be_the_chain(item: Evidence) -> bool:
    """Whether print names only who billed: the line that names the hotel itself may be one that was not recognised."""
    return item["source"] == "ocr" and STRENGTH[item["kind"]] >= STRENGTH["seller_address"]


def _says(facts: Facts, words: Iterable[str]) -> bool:
    """Whether an item on the document is one of these."""
    items = [item["value"] for item in facts.receipt.evidence if item["kind"] == "item"]
    return any(word in item for item in items for word in words)


def _of_ride(facts: Facts) -> list[Finding]:
    """A taxi stands in a place on the way between home and the stops."""
    places = [*_places(facts), *places_on_the_way(facts.trip)]
    items = [item for item in _items(facts) if item["kind"] in ("local_code", "title", "fapiao_region")]
    # Note: the region of a ticket's number is that of one end at most, and says nothing of the other.
    if any(_is_proof(item) and _is_in(item, places) for item in items if item["kind"] != "fapiao_region"):
        return []
    against = _against(items, places)
    if against:
        return _of_elsewhere(facts, against)
    other = [item for item in items if _is_elsewhere(item, places)]
    if other:
        return [_finding("place_other_province", "review", facts, other)]
    return [_finding("place_unproven", "review", facts, items)]


def _of_position(facts: Facts) -> list[Finding]:
    """The picture was taken far from every site of the trip: no proof against the receipt, but worth a look.

    At home or on the way it may well be taken: receipts are often photographed later.
    """
    positions = [item for item in facts.receipt.evidence if item["kind"] == "position" and item.get("division")]
    usual = [facts.trip.home_division, *places_on_the_way(facts.trip)]
    if positions and all(_is_in(item, usual) for item in positions):
        return []
    taken_at = facts.receipt.capture_position
    sites = [stop.position for stop in facts.trip.stops if stop.position]
    if taken_at and sites:
        nearest = min(distance_km(taken_at, site) for site in sites)
        if nearest - taken_at.get("accuracy_m", 0) / 1000 <= FAR_KM:
            return []
        return [Finding("position_contradicts", "review", ARTICLE, {"distance_km": round(nearest)})]
    around = [*usual, *_places(facts), *(code for stop in facts.trip.stops for code in stop.neighbours)]
    far = [item for item in positions if not _is_in(item, around)]
    return [_finding("position_elsewhere", "review", facts, far)] if far else []


def _places(facts: Facts) -> list[str]:
    stops = [stop.division_code for stop in facts.trip.stops]
    is_way = facts.receipt.category == "transport" and not _says(facts, (*LODGING, *MEALS))
    return [facts.trip.home_division, *stops] if is_way else stops


def _items(facts: Facts) -> list[Evidence]:
    """The evidence of where something was sold. A remark counts for a hotel only: it names the guest's hotel there."""
    is_hotel = facts.receipt.category == "lodging"
    return [
        item
        for item in facts.receipt.evidence
        if item["kind"] in STRENGTH and item.get("division") and (is_hotel or item["kind"] != "service_place")
    ]


def _against(items: Iterable[Evidence], places: Sequence[str]) -> list[Evidence]:
    """What names another place, as far as it counts: what is sure, and what a person typed."""
    elsewhere = [item for item in items if item["kind"] != "fapiao_region" and _is_elsewhere(item, places)]
    return [item for item in elsewhere if _is_proof(item) or item["source"] == "typed"]


def _is_in(item: Evidence, places: Iterable[str]) -> bool:
    return any(same_prefecture(item["division"], place) for place in places)


def _is_elsewhere(item: Evidence, places: Iterable[str]) -> bool:
    """Whether the evidence names no place of the trip. A whole province holds every prefecture in it.

    Note: the province's own tax bureau does not issue for a planned city in it, yet a receipt of either may be right.
    """
    if prefecture_of(item["division"]) is None:
        return not any(same_province(item["division"], place) for place in places)
    return not any(same_prefecture(item["division"], place) for place in places)


def _speaks_of_elsewhere(item: Evidence, places: Iterable[str]) -> bool:
    return item["source"] != "typed" and item["kind"] != "fapiao_region" and _is_elsewhere(item, places)


def _is_proof(item: Evidence) -> bool:
    """Read by a machine off the document, or a seller's id that the QR of the same document bears out."""
    return is_sure(item) or bool(item.get("corroborated"))


def _finding(code: str, severity: Severity, facts: Facts, items: Iterable[Evidence]) -> Finding:
    named = tuple(items)
    places = list(dict.fromkeys(item["division"] for item in named))
    return Finding(code, severity, ARTICLE, {"places": places, "trip": _stops(facts.trip)}, named)


def _stops(trip: Trip) -> list[str]:
    return [stop.division_code for stop in trip.stops]
