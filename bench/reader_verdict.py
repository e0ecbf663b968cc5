"""What the judge says of a receipt's place, from a machine's reading alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from server.claims.rules.facts import Facts, Receipt, Stop, Trip
from server.claims.rules.place_matches_trip import place_matches_trip
from server.places.divisions import prefecture_of, same_prefecture, same_province
from server.receipts.evidence import evidence_of
from server.receipts.readers.fact import Reading
from tests.documents import Sample, Truth
from tests.documents.places import CITIES

Verdict = Literal["match", "mismatch", "unproven"]

_TRANSPORT = frozenset({"rail", "air", "taxi", "toll", "coach", "ride"})
_CATEGORIES = {"住宿": "lodging", "餐": "meal", "停车": "transport", "五金": "tool", "汽油": "transport"}
_HOMES = ("310000", "510100", "440100", "130100")


def verdict(sample: Sample, reading: Reading, trip_division: str) -> Verdict:
    """`match` where nothing is found against the place, `mismatch` where it blocks, else `unproven`: a person looks.

    Nobody has typed anything: all evidence is the reading's. The trip lies around the receipt's days.
    """
    truth = sample.truth
    qr_text = reading.value("qr_text")
    receipt = {"qr_text": qr_text, "evidence": None, "typed_division": None}
    receipt |= dict.fromkeys(("fapiao_code", "fapiao_number", "seller_tax_id"), "")
    evidence = tuple(evidence_of(receipt, [fact.to_wire() for fact in reading.facts]))
    day = truth.legs[0].travel_on if truth.legs else truth.issued_on or "2026-11-10"
    facts = Facts(
        trip=Trip(_home(truth, trip_division), (Stop(trip_division, _near(day, -1), _near(day, 1)),)),
        receipt=Receipt(_category(truth), truth.amount_minor, day, qr_text=qr_text, evidence=evidence),
        claimed_minor=truth.amount_minor,
        today="2026-11-24",
    )
    findings = place_matches_trip(facts)
    if not findings:
        return "match"
    return "mismatch" if any(finding.severity == "block" for finding in findings) else "unproven"


def far_from(sample: Sample, seed: int) -> str:
    """A prefecture in a province that the document has nothing to do with."""
    truth = sample.truth
    known = [truth.place, truth.seller_division, *(code for leg in truth.legs for code in leg[2:4])]
    others = [city.code for city in CITIES if not any(code and same_province(code, city.code) for code in known)]
    return others[seed % len(others)]


def billed_elsewhere(sample: Sample) -> str:
    """The prefecture where the seller is registered, where that is not the place of the service; else empty."""
    truth = sample.truth
    code = prefecture_of(truth.seller_division) if truth.seller_division else None
    return "" if not code or same_prefecture(code, truth.place) else code


def _home(truth: Truth, trip_division: str) -> str:
    """Where the journey began; of what was bought on the way, another city."""
    if truth.document in ("rail", "air", "coach"):
        return truth.legs[0].from_division
    taken = (truth.place, truth.seller_division, trip_division)
    return next(code for code in _HOMES if not any(same_province(code, other) for other in taken if other))


def _category(truth: Truth) -> str:
    if truth.document in _TRANSPORT:
        return "transport"
    return next((category for word, category in _CATEGORIES.items() if word in truth.item), "other")


def _near(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()
