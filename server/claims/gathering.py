"""Gathering the facts that the rules are told, from the records as a transaction sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.attachments.alike import near_files
from server.claims.allowances import is_allowance, is_cancelled, meals_and_allowances
from server.claims.neighbours import captured_on, is_proven, journeys_of, month_amounts, others_of, sightings_of
from server.claims.rules.facts import Attachment, Facts, Leg, Purchase, Receipt, Stop, Tolerances, Trip, Twin
from server.claims.rules.journey import legs_of
from server.claims.rules.limits import in_force
from server.claims.serials import serials_elsewhere
from server.claims.settings import Company
from server.claims.spending import limits_known, spent_before, tolerances_on
from server.claims.states import EDITABLE, stands
from server.claims.working_days import day_of
from server.places.position import divisions_at
from server.receipts.evidence import own_evidence
from server.receipts.readings import is_waiting
from server.tools.states import is_forfeited
from sync.change import Record
from sync.transaction import Transaction

_NEAR_BORDER_M = 20_000.0
"""A prefecture whose border is this near to a site is near enough to eat or sleep there."""


def gather(write: Transaction, line: Record, company: Company) -> Facts:
    """The facts about one claim line. Raises LookupError where its receipt or its trip is gone."""
    receipt = _known(write.get("receipt", line["receipt_id"]))
    trip = _known(write.get("trip", receipt["trip_id"]))
    lines = write.find("claim_line", receipt_id=receipt["id"])
    others = _others(write, receipt)
    limits = limits_known(write)
    return Facts(
        trip=Trip(
            trip["home_division"],
            tuple(_stops(write, trip)),
            tuple(_other_legs(write, receipt, trip)),
            is_cancelled(trip),
        ),
        receipt=replace(_receipt(write, receipt, trip, company), refusals=_refusals(lines, line)),
        claimed_minor=sum(
            item["amount_minor"]
            for item in lines
            if item["claim_id"] == line["claim_id"] and not item["reverses"] and not item["reversed_by"]
        ),
        today=today(write.now, company),
        purchases=tuple(purchases_of(write, receipt["id"])),
        attachments=tuple(_attachments(write, receipt)),
        same_identity=others(lambda other: bool(receipt["identity"]) and other["identity"] == receipt["identity"]),
        same_file=others(lambda other: not set(receipt["attachments"]).isdisjoint(other["attachments"])),
        similar_picture=tuple(_similar(write, receipt, others)),
        others=() if is_allowance(receipt) else tuple(others_of(write, receipt, company)),
        month_amounts=tuple(month_amounts(write, receipt)),
        day=day_of(date.fromisoformat(receipt["issued_on"]), company.own_days),
        serials_elsewhere=tuple(serials_elsewhere(write, receipt["id"])),
        purchase_limit_minor=in_force(limits, "receipt", receipt["category"], receipt["issued_on"]),
        limits=limits,
        spent_before_minor=spent_before(write, receipt, line, receipt["category"]),
        spent_as_handed_in_minor=spent_before(write, receipt, line, receipt["handed_in_as"]),
        meals_and_allowances=tuple(_meals_and_allowances(write, receipt)),
        handed_in_on=_handed_in_on(write, line, company),
        is_report_filed=bool(write.find("service_report", trip_id=trip["id"], status="filed")),
        company_name=company.name,
        company_tax_id=company.tax_id,
        technician_name=_technician_name(write, receipt),
        tolerances=tolerances_on(limits, receipt["issued_on"]),
    )


def purchases_of(write: Transaction, receipt_id: str) -> list[Purchase]:
    """The tools bought on one receipt."""
    return [
        Purchase(
            name=item["name"],
            quantity=item["quantity"],
            stocked_in=item["stocked_in_quantity"],
            unit_price_minor=item["unit_price_minor"],
            excused=item["excused_quantity"],
            forfeited=item["forfeited_quantity"],
            reason=_forfeit_reason(write, item) if item["forfeited_quantity"] else "",
        )
        for item in write.find("tool_purchase", receipt_id=receipt_id)
    ]


def _forfeit_reason(write: Transaction, purchase: Record) -> str:
    """What managers wrote who decided that units of the purchase are not paid."""
    units = write.find("tool_unit", tool_purchase_id=purchase["id"], status="written_off")
    return "; ".join(dict.fromkeys(unit["decision_reason"] for unit in units if is_forfeited(unit)))


def today(now: datetime, company: Company) -> str:
    """The company's calendar date."""
    return now.astimezone(ZoneInfo(company.time_zone)).date().isoformat()


def _handed_in_on(write: Transaction, line: Record, company: Company) -> str:
    claim = write.get("claim", line["claim_id"])
    moment = claim["submitted_at"] if claim else ""
    return today(datetime.fromisoformat(moment), company) if moment else ""


def _known(record: Record | None) -> Record:
    if record is None:
        raise LookupError
    return record


def _receipt(write: Transaction, record: Record, trip: Record, company: Company) -> Receipt:
    return Receipt(
        category=record["category"],
        amount_minor=record["amount_minor"],
        issued_on=record["issued_on"],
        seller_tax_id=record["seller_tax_id"],
        fapiao_code=record["fapiao_code"],
        fapiao_number=record["fapiao_number"],
        qr_text=record["qr_text"],
        capture_position=record["capture_position"],
        evidence=tuple(record["evidence"] or ()),
        nights=record["nights"] or 0,
        is_read=not is_waiting(write, record),
        is_unreadable=record["reading_status"] == "unreadable",
        identity=record["identity"],
        is_proven=is_proven(record),
        journeys=journeys_of(record),
        captured_on=captured_on(record, write.now, company),
        sightings=sightings_of(record, trip, company),
        handed_in_as=record["handed_in_as"] or "",
        allowance_until=record["allowance_until"] or "",
    )


def _refusals(lines: Iterable[Record], line: Record) -> tuple[str, ...]:
    """Why a receipt was refused in other claims than that of the line."""
    return tuple(
        item["decision_note"] for item in lines if item["status"] == "refused" and item["claim_id"] != line["claim_id"]
    )


def _stops(write: Transaction, trip: Record) -> Iterable[Stop]:
    for stop in trip["stops"]:
        site = write.get("site", stop.get("site_id")) if stop.get("site_id") else None
        position = site["position"] if site else None
        near = tuple(divisions_at(position["lat"], position["lon"], _NEAR_BORDER_M)) if position else ()
        yield Stop(stop["division_code"], stop["arrive_on"], stop["leave_on"], position, near)


def _other_legs(write: Transaction, receipt: Record, trip: Record) -> Iterable[Leg]:
    """What the trip's other tickets state."""
    days = _days(trip)
    for other in write.find("receipt", trip_id=receipt["trip_id"], category="transport"):
        if other["id"] != receipt["id"]:
            yield from legs_of(own_evidence(other["evidence"] or (), other["fapiao_number"]), *days)


def _days(trip: Record) -> tuple[str, str]:
    """The first and the last day on which a ticket can belong to the trip; a ticket of another year leads nowhere."""
    spare = timedelta(Tolerances().transport_days)
    begins = min((date.fromisoformat(stop["arrive_on"]) for stop in trip["stops"]), default=date.min + spare)
    ends = max((date.fromisoformat(stop["leave_on"]) for stop in trip["stops"]), default=date.max - spare)
    return (begins - spare).isoformat(), (ends + spare).isoformat()


def _technician_name(write: Transaction, receipt: Record) -> str:
    """The name to compare a ticket with; empty where it is not written in Chinese, as tickets are."""
    user = write.get("user", receipt["technician_id"])
    name = str(user["display_name"]) if user else ""
    return name if re.fullmatch(r"[\u4e00-\u9fff·]{2,20}", name) else ""


def _attachments(write: Transaction, receipt: Record) -> Iterable[Attachment]:
    """Each file of the receipt as the claimant's own records of it say."""
    records = write.find_any("attachment", "sha256", receipt["attachments"])
    status = {item["sha256"]: item["status"] for item in records if item["owner_id"] == receipt["technician_id"]}
    return [Attachment(sha256, status.get(sha256, "unknown")) for sha256 in receipt["attachments"]]


Matching = Callable[[Record], bool]


def _others(write: Transaction, receipt: Record) -> Callable[[Matching], tuple[Twin, ...]]:
    """The receipts that could be this one again, chosen by a condition, each with what became of it."""
    candidates = {item["id"]: item for item in _candidates(write, receipt) if item["id"] != receipt["id"]}

    def matching(condition: Matching) -> tuple[Twin, ...]:
        return tuple(_twin(write, receipt, item) for item in candidates.values() if condition(item))

    return matching


def _candidates(write: Transaction, receipt: Record) -> list[Record]:
    by_identity = write.find("receipt", identity=receipt["identity"]) if receipt["identity"] else []
    return by_identity + receipts_with_files(write, _like(write, receipt))


def receipts_with_files(write: Transaction, sha256s: Iterable[str]) -> list[Record]:
    """The receipts that hold one of the files."""
    return write.find_holding("receipt", "attachments", set(sha256s))


def _like(write: Transaction, receipt: Record) -> set[str]:
    """The receipt's own files and those whose pictures are much like one of them."""
    return near_files(write.connection, receipt["attachments"]) | set(receipt["attachments"])


def _similar(write: Transaction, receipt: Record, others: Callable[[Matching], tuple[Twin, ...]]) -> tuple[Twin, ...]:
    """Pictures saved again. Two receipts with numbers of their own are told apart by these, not by their looks."""
    near = _like(write, receipt) - set(receipt["attachments"])

    def is_similar(other: Record) -> bool:
        has_numbers = bool(receipt["identity"]) and bool(other["identity"])
        return not has_numbers and not near.isdisjoint(other["attachments"])

    return others(is_similar)


def _twin(write: Transaction, receipt: Record, other: Record) -> Twin:
    lines = write.find("claim_line", receipt_id=other["id"])
    return Twin(
        receipt_id=other["id"],
        issued_on=other["issued_on"],
        is_own=other["technician_id"] == receipt["technician_id"],
        is_earlier=_place(write, other) < _place(write, receipt),
        is_decided=any(line["status"] in ("approved", "paid") and stands(line) for line in lines),
    )


def _meals_and_allowances(write: Transaction, receipt: Record) -> Iterable[Twin]:
    """Those that are claimed."""
    for other in meals_and_allowances(write, receipt):
        lines = write.find("claim_line", receipt_id=other["id"])
        if any(stands(line) and line["status"] not in EDITABLE for line in lines):
            yield _twin(write, receipt, other)


def _place(write: Transaction, receipt: Record) -> Any:
    """Which of two receipts the server had first. Staged ones come last, in their order; no clock decides."""
    return write.first_seq("receipt", receipt["id"])
