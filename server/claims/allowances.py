"""The daily travel allowance as a record: a receipt of its own category, without paper. The server computes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.claims.rules.allowance import NoAllowance, allowance_of, first_shared
from server.claims.rules.facts import Stop
from server.claims.spending import limits_known
from server.claims.states import stands
from server.receipts.records import ALLOWANCE
from sync.change import Change, Record
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_NO_PAPER: Mapping[str, Any] = {
    "currency": "CNY",
    "nights": 0,
    "seller_name": "",
    "seller_tax_id": "",
    "fapiao_code": "",
    "fapiao_number": "",
    "typed_division": None,
    "attachments": [],
    "qr_text": "",
    "handed_in_as": "",
}
"""What a receipt says that is no paper."""


def is_allowance(receipt: Mapping[str, Any]) -> bool:
    """Whether a receipt is an allowance."""
    return bool(receipt["category"] == ALLOWANCE)


def is_cancelled(trip: Mapping[str, Any]) -> bool:
    """Whether nobody travels."""
    return bool(trip["status"] == "cancelled")


def refuse_changing_kind(before: Record | None, after: Record) -> None:
    """An allowance never was a paper, and no paper becomes one. Raises Refused."""
    if before is not None and is_allowance(before) != is_allowance(after):
        raise Refused("allowance_stays", {"category": ["allowance_stays"]})


def settle_allowance(write: Transaction, before: Record | None, after: Record) -> dict[str, Any]:
    """The days with their rates, and the amount that they make. Raises Refused where there is none for them."""
    trip = write.get("trip", after["trip_id"])
    if trip is None or trip["technician_id"] != after["technician_id"]:
        raise Refused("not_yours", {"trip_id": ["not_yours"]})
    planned = () if is_cancelled(trip) else trip["stops"]
    stops = [Stop(stop["division_code"], stop["arrive_on"], stop["leave_on"]) for stop in planned]
    days = allowance_of(after["issued_on"], after["allowance_until"], stops, limits_known(write))
    if isinstance(days, NoAllowance):
        raise Refused(days.code, {"issued_on": [days.code]}, {"day": days.day})
    if before is not None and any(stands(line) for line in write.find("claim_line", receipt_id=after["id"])):
        refuse_taken_days(write, after)
    amount = sum(day.rate_minor for day in days)
    return {**_NO_PAPER, "amount_minor": amount, "allowance_days": [day.to_wire() for day in days]}


def hold_days(write: Transaction, receipt: Record | None) -> None:
    """Two claims of one person's allowances are looked at one after the other."""
    if receipt is not None and is_allowance(receipt):
        write.lock(f"claimant:{receipt['technician_id']}")


def refuse_taken_days(write: Transaction, receipt: Record, line_id: str | None = None) -> None:
    """No day is paid twice to one person, on whichever trips and claims; a line does not stand in its own way.

    Raises Refused("allowance_day_taken") with the day.
    """
    hold_days(write, receipt)
    others = {other["id"]: other for other in allowances_of(write, receipt) if line_id or other["id"] != receipt["id"]}
    lines = write.find_any("claim_line", "receipt_id", sorted(others))
    taken = [others[line["receipt_id"]] for line in lines if stands(line) and line["id"] != line_id]
    spans = ((other["issued_on"], other["allowance_until"]) for other in taken)
    day = first_shared(receipt["issued_on"], receipt["allowance_until"], spans)
    if day:
        raise Refused("allowance_day_taken", {"issued_on": ["allowance_day_taken"]}, {"day": day})


def allowances_of(write: Transaction, receipt: Record) -> list[Record]:
    """All allowances of the person whose receipt it is."""
    return write.find("receipt", technician_id=receipt["technician_id"], category=ALLOWANCE)


def meals_and_allowances(write: Transaction, receipt: Record) -> list[Record]:
    """Of a meal the person's allowances that hold its day; of an allowance the meals of its days.

    None in a company whose allowance has never paid for meals.
    """
    if not any(limit.kind == "allowance_meals" for limit in limits_known(write)):
        return []
    if receipt["category"] == "meal":
        return [other for other in allowances_of(write, receipt) if _holds(other, receipt["issued_on"])]
    if is_allowance(receipt):
        meals = write.find("receipt", technician_id=receipt["technician_id"], category="meal")
        return [meal for meal in meals if _holds(receipt, meal["issued_on"])]
    return []


def follow_amount(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Other days make another amount: the line that asks for it follows."""
    if entry.op != "update" or not is_allowance(entry.record) or not entry.changed("amount_minor"):
        return
    for line in write.find("claim_line", receipt_id=entry.record_id):
        if stands(line):
            yield change_of("claim_line", line, {"amount_minor": entry.record["amount_minor"]})


def _holds(allowance: Record, day: str) -> bool:
    return bool(allowance["issued_on"] <= day <= allowance["allowance_until"])
