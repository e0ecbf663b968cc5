"""The receipts that one is compared with, found by their indexes: few rows, however many receipts there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, or_, select

from server.claims.records import claim_lines
from server.claims.rules.facts import Leg
from server.claims.rules.journey import travelled
from server.claims.rules.not_refused_before import WITHIN_DAYS as REFUSED_DAYS
from server.claims.rules.numbers_in_a_row import NEAR_NUMBERS
from server.claims.rules.others import Journey, Other, Sighting
from server.claims.rules.place_matches_trip import STRENGTH
from server.claims.rules.purchase_not_split import WITHIN_DAYS as SPLIT_DAYS
from server.claims.rules.sold_once import NEAR_DAYS
from server.claims.rules.travel_possible import NEAR_KM
from server.claims.settings import Company
from server.claims.states import NOT_JUDGED
from server.places.divisions import prefecture_of, same_prefecture
from server.places.position import centre_of
from server.receipts.evidence import is_sure, main_document, own_evidence, stated
from server.receipts.fapiao import identities_near, normal
from server.receipts.qr import RAIL, parse_qr
from server.receipts.records import ALLOWANCE, receipts
from sync.change import Record
from sync.transaction import Transaction

_JOURNEY_MINOR = 10_000
"""A ticket whose ends nobody could read is taken for a journey from this price on; below it is a city's taxi."""
_EXACT_M = 5_000.0

_in_days = select(receipts).where(
    receipts.c.issued_on.between(bindparam("first"), bindparam("last")),
    receipts.c.id != bindparam("own_id"),
    receipts.c.category != ALLOWANCE,
)
_SAME_SALE = _in_days.where(receipts.c.amount_minor == bindparam("amount"))
_OWN = _in_days.where(receipts.c.technician_id == bindparam("technician"))
_OWN_REFUSED = _OWN.where(exists().where(claim_lines.c.receipt_id == receipts.c.id, claim_lines.c.status == "refused"))
_NEAR_NUMBERS = select(receipts).where(receipts.c.identity.in_(bindparam("near", expanding=True)))
_judged = exists().where(claim_lines.c.receipt_id == receipts.c.id, claim_lines.c.status.not_in(NOT_JUDGED))
_JUDGED_NEIGHBOUR = select(
    or_(
        _SAME_SALE.where(_judged).exists(),
        select(receipts)
        .where(receipts.c.technician_id == bindparam("technician"), receipts.c.id != bindparam("own_id"), _judged)
        .where(receipts.c.issued_on.between(bindparam("own_first"), bindparam("own_last")))
        .exists(),
        _NEAR_NUMBERS.where(receipts.c.identity != "", _judged).exists(),
    )
)
# Note: made once, because this runs at every judgement and building a query costs more than asking it.


def others_of(write: Transaction, receipt: Record, company: Company) -> list[Other]:
    """What the fraud controls compare a receipt with, in the order in which it was made."""
    found = _candidates(write, receipt)
    lines = write.find_any("claim_line", "receipt_id", [other["id"] for other in found])
    trips = {trip["id"]: trip for trip in write.find_any("trip", "id", _trips_of([receipt, *found]))}
    refused = {line["receipt_id"] for line in lines if line["status"] == "refused"}
    seller = _Seller.of(receipt)
    return [
        Other(
            receipt_id=other["id"],
            category=other["category"],
            amount_minor=other["amount_minor"],
            issued_on=other["issued_on"],
            is_own=other["technician_id"] == receipt["technician_id"],
            identity=other["identity"],
            is_proven=is_proven(other),
            same_seller=seller.is_same_as(_Seller.of(other)),
            is_together=_is_together(trips, receipt, other),
            is_refused=other["id"] in refused,
            journeys=journeys_of(other),
            sightings=sightings_of(other, trips.get(other["trip_id"]), company),
        )
        for other in found
    ]


def month_amounts(write: Transaction, receipt: Record) -> list[int]:
    """All amounts with dates of the receipt's month that its technician handed in."""
    month = receipt["issued_on"][:7]
    of_month = receipts.c.issued_on.between(f"{month}-01", f"{month}-31")
    query = select(receipts.c.amount_minor).where(receipts.c.technician_id == receipt["technician_id"], of_month)
    query = query.where(receipts.c.category != ALLOWANCE)
    return sorted(write.connection.execute(query).scalars())


def touched_by(write: Transaction, receipt: Record, company: Company) -> list[str]:
    """The receipts for whose lines this one matters: their findings may have changed with it."""
    if receipt["category"] == ALLOWANCE or not _has_judged_neighbour(write, receipt):
        return []
    found = _candidates(write, receipt)
    trips = {trip["id"]: trip for trip in write.find_any("trip", "id", _trips_of([receipt, *found]))}
    mine = sightings_of(receipt, trips.get(receipt["trip_id"]), company)
    journeys = journeys_of(receipt)
    days = [_around(day, 1) for day in {receipt["issued_on"], *(journey.day for journey in journeys)}]

    def is_on_the_way(other: Record) -> bool:
        is_near = any(first <= other["issued_on"] <= last for first, last in days)
        if other["technician_id"] != receipt["technician_id"] or not is_near:
            return False
        theirs = sightings_of(other, trips.get(other["trip_id"]), company)
        return bool(journeys) or any(one.km_to(two) > NEAR_KM for one in mine for two in theirs)

    seller = _Seller.of(receipt)
    return [other["id"] for other in found if seller.is_same_as(_Seller.of(other)) or is_on_the_way(other)]


def is_proven(receipt: Record) -> bool:
    """Whether a machine read the receipt's number off its document, or off its code."""
    read = stated(main_document(receipt["evidence"] or (), receipt["fapiao_number"]), "fapiao_number")
    return bool(receipt["identity"]) and (read is not None or parse_qr(receipt["qr_text"]) is not None)


def journeys_of(receipt: Record) -> tuple[Journey, ...]:
    """The legs of a ticket to another town; one without ends where only its code or its price says that it is one."""
    if receipt["category"] != "transport":
        return ()
    evidence = receipt["evidence"] or ()
    read = travelled(evidence)
    if read:
        return tuple(_journey(day or receipt["issued_on"], leg) for day, leg in read)
    qr = parse_qr(receipt["qr_text"])
    has_ends = any(item["kind"] == "departure" for item in evidence)
    is_ticket = has_ends or (qr is not None and qr.type == RAIL) or receipt["amount_minor"] >= _JOURNEY_MINOR
    return (Journey(receipt["issued_on"]),) if is_ticket else ()


def _journey(day: str, leg: Leg) -> Journey:
    start, end = (centre_of(code) if code else None for code in (leg.start, leg.end))
    return Journey(day, start, end) if start and end else Journey(day)


def sightings_of(receipt: Record, trip: Record | None, company: Company) -> tuple[Sighting, ...]:
    """Where the receipt shows its person: at the place that its document proves, and where the phone was."""
    return (*_by_document(receipt, trip), *_by_phone(receipt, company))


def captured_on(receipt: Record, now: datetime, company: Company) -> str:
    """The company's day of capture by the phone's clock; empty where there is none, or where it runs ahead."""
    instant = _instant(receipt["captured_at"])
    if instant is None or instant > now + timedelta(days=1):
        return ""
    return instant.astimezone(ZoneInfo(company.time_zone)).date().isoformat()


def _candidates(write: Transaction, receipt: Record) -> list[Record]:
    """Receipts of one sale, of near numbers, and of one person in these days; each by an index of its own."""
    day, near = receipt["issued_on"], identities_near(receipt["identity"], NEAR_NUMBERS)
    values = {"own_id": receipt["id"], "amount": receipt["amount_minor"], "technician": receipt["technician_id"]}
    searches = [(_SAME_SALE, NEAR_DAYS), (_OWN, SPLIT_DAYS), (_OWN_REFUSED, REFUSED_DAYS)]
    found: dict[str, Record] = {}
    for query, days in searches:
        first, last = _around(day, days)
        for row in write.connection.execute(query, values | {"first": first, "last": last}):
            found.setdefault(row.id, dict(row._mapping))
    for row in write.connection.execute(_NEAR_NUMBERS, {"near": near}) if near else ():
        found.setdefault(row.id, dict(row._mapping))
    return [found[receipt_id] for receipt_id in sorted(found)]


def _has_judged_neighbour(write: Transaction, receipt: Record) -> bool:
    """Whether a line of any candidate can change at all; most phones send receipts of which nobody has claimed one."""
    if write.has_changed("claim_line"):
        return True
    (first, last), (own_first, own_last) = (_around(receipt["issued_on"], days) for days in (NEAR_DAYS, SPLIT_DAYS))
    near = identities_near(receipt["identity"], NEAR_NUMBERS) or [""]
    given = {"own_id": receipt["id"], "technician": receipt["technician_id"], "amount": receipt["amount_minor"]}
    given |= {"first": first, "last": last, "own_first": own_first, "own_last": own_last, "near": near}
    return any(row[0] for row in write.read_aside(_JUDGED_NEIGHBOUR.params(**given)))


def _around(day: str, days: int) -> tuple[str, str]:
    middle = date.fromisoformat(day)
    return (middle - timedelta(days)).isoformat(), (middle + timedelta(days)).isoformat()


def _trips_of(found: Iterable[Record]) -> list[str]:
    return sorted({receipt["trip_id"] for receipt in found})


@dataclass(frozen=True)
class _Seller:
    """Who sold something: the tax ids and names that were typed, and those that the document says for certain."""

    tax_ids: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, receipt: Record) -> _Seller:
        document = main_document(receipt["evidence"] or (), receipt["fapiao_number"])

        def words(kind: str) -> frozenset[str]:
            read = stated(document, kind)
            return frozenset(normal(word) for word in (receipt[kind], read["value"] if read else "") if word.strip())

        return cls(words("seller_tax_id"), words("seller_name"))

    def is_same_as(self, other: _Seller) -> bool:
        """By the tax ids where both are known, else by the names."""
        if self.tax_ids and other.tax_ids:
            return not self.tax_ids.isdisjoint(other.tax_ids)
        return not self.names.isdisjoint(other.names)


def _is_together(trips: Mapping[str, Record], mine: Record, other: Record) -> bool:
    """Whether both trips were at one place on the day of the other receipt, give or take a day."""
    ours = [_places_on(trips.get(receipt["trip_id"]), other["issued_on"]) for receipt in (mine, other)]
    return any(same_prefecture(one, two) for one in ours[0] for two in ours[1])


def _places_on(trip: Record | None, day: str) -> list[str]:
    first, last = _around(day, 1)
    stops = trip["stops"] if trip else ()
    return [stop["division_code"] for stop in stops if stop["arrive_on"] <= last and stop["leave_on"] >= first]


def _by_document(receipt: Record, trip: Record | None) -> Iterable[Sighting]:
    """A place of the trip that the document proves; another one is the place rule's to judge."""
    if receipt["category"] == "transport" or trip is None:
        return
    own = [stop["division_code"] for stop in trip["stops"]]
    for item in own_evidence(receipt["evidence"] or (), receipt["fapiao_number"]):
        is_proof = item["kind"] in STRENGTH and (is_sure(item) or item.get("corroborated"))
        place = prefecture_of(item.get("division") or "") if is_proof else None
        centre = centre_of(place) if place and any(same_prefecture(place, code) for code in own) else None
        if centre:
            yield Sighting(receipt["issued_on"], centre, "document")
            return


def _by_phone(receipt: Record, company: Company) -> Iterable[Sighting]:
    position, instant = receipt["capture_position"], _instant(receipt["captured_at"])
    if not position or instant is None or position.get("accuracy_m", 0) > _EXACT_M:
        return
    day = instant.astimezone(ZoneInfo(company.time_zone)).date().isoformat()
    yield Sighting(day, position, "phone", instant.timestamp())


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
