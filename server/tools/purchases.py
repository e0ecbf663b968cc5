"""Who may write tool purchases: the technician logs what was bought; the warehouse's units count for it (REG-A12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.claims.allowances import is_allowance
from server.claims.judgement import is_being_paid
from server.claims.states import EDITABLE, stands
from server.tools.records import ToolPurchaseSchema
from server.tools.states import VOID, answers, came_back, is_excused, is_forfeited
from sync.change import Change, Record
from sync.entity import Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

DESKS = {"role:warehouse", "role:finance", "role:manager"}
_FIXED = ("quantity", "unit_price_minor", "currency", "receipt_id")
_COUNTED = {"stocked_in_quantity": came_back, "excused_quantity": is_excused, "forfeited_quantity": is_forfeited}


class ToolPurchasePolicy(Policy):
    """What counts for the money is fixed once a unit is back or the receipt is claimed."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is not None and before["technician_id"] != write.actor.id:
            return frozenset()
        return frozenset(ToolPurchaseSchema().fields) - {"technician_id", *_COUNTED}

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if after["receipt_id"] and is_claimed(write, after["receipt_id"]):
            raise Refused("receipt_claimed", {"receipt_id": ["receipt_claimed"]})
        receipt = write.get("receipt", after["receipt_id"]) if after["receipt_id"] else None
        if receipt is not None and is_allowance(receipt):
            raise Refused("allowance_no_tools", {"receipt_id": ["allowance_no_tools"]})
        if before is None:
            return {"technician_id": write.actor.id} | dict.fromkeys(_COUNTED, 0)
        fixed = [name for name in _FIXED if before[name] != after[name]]
        is_counted = bool(before["stocked_in_quantity"] or before["excused_quantity"])
        if fixed and (is_counted or is_claimed(write, before["receipt_id"])):
            raise Refused("receipt_claimed", {name: ["receipt_claimed"] for name in fixed})
        return {}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        units = write.find("tool_unit", tool_purchase_id=record["id"])
        is_free = all(unit["status"] in VOID for unit in units)
        return record["technician_id"] == write.actor.id and is_free and not is_claimed(write, record["receipt_id"])

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}"} | DESKS


def count_units(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A purchase counts the units of it that came back, and what a manager decided about others."""
    if entry.op != "create" and not entry.changed("status", "reimbursement"):
        return
    purchase = write.get("tool_purchase", entry.record["tool_purchase_id"], lock=True)
    if purchase is None:
        return
    units = write.find("tool_unit", tool_purchase_id=purchase["id"])
    counts = {name: sum(map(counted, units)) for name, counted in _COUNTED.items()}
    changed = {name: count for name, count in counts.items() if purchase[name] != count}
    if changed:
        yield change_of("tool_purchase", purchase, changed)


def is_claimed(write: Transaction, receipt_id: str | None) -> bool:
    """Whether the receipt is in a claim that was handed in."""
    lines = write.find("claim_line", receipt_id=receipt_id) if receipt_id else []
    return any(stands(line) and line["status"] not in EDITABLE for line in lines)


def is_paid(write: Transaction, purchase: Record) -> bool:
    """Whether money that was paid on the purchase's receipt, or that the bank was asked for, stands."""
    lines = write.find("claim_line", receipt_id=purchase["receipt_id"]) if purchase["receipt_id"] else []
    return any((line["status"] == "paid" or is_being_paid(write, line)) and stands(line) for line in lines)


def check_room(write: Transaction, unit: Record, purchase: Record | None) -> None:
    """No more units answer for a purchase than were bought; nor are more reported lost. The caller holds its lock."""
    if purchase is None:
        return
    others = [item for item in write.find("tool_unit", tool_purchase_id=purchase["id"]) if item["id"] != unit["id"]]
    lost = [item for item in others if item["status"] == "lost" and not came_back(item)]
    taken = sum(map(answers, others)) + (len(lost) if unit["status"] == "lost" else 0)
    if taken >= purchase["quantity"]:
        raise Refused("more_units_than_bought", params={"bought": purchase["quantity"], "returned": taken})
