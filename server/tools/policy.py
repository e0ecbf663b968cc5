"""Who may write tools: the technician logs what was bought, only the warehouse confirms what came back (REG-A12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.claims.states import EDITABLE, stands
from server.tools.records import ToolPurchaseSchema, ToolUnitSchema, tool_purchases, tool_units
from server.wire import RecordForm
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_DESKS = {"role:warehouse", "role:finance", "role:manager"}
_COUNTED = ("quantity", "unit_price_minor", "currency", "receipt_id")
_LABEL_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread on a worn label


class ToolPurchasePolicy(Policy):
    """What counts for the money is fixed once a unit is back or the receipt is claimed."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is not None and before["technician_id"] != write.actor.id:
            return frozenset()
        return frozenset(ToolPurchaseSchema().fields) - {"technician_id", "stocked_in_quantity"}

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if after["receipt_id"] and _is_claimed(write, after["receipt_id"]):
            raise Refused("receipt_claimed", {"receipt_id": ["receipt_claimed"]})
        if before is None:
            return {"technician_id": write.actor.id, "stocked_in_quantity": 0}
        fixed = [name for name in _COUNTED if before[name] != after[name]]
        if fixed and (before["stocked_in_quantity"] or _is_claimed(write, before["receipt_id"])):
            raise Refused("receipt_claimed", {name: ["receipt_claimed"] for name in fixed})
        return {}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        is_free = not record["stocked_in_quantity"] and not _is_claimed(write, record["receipt_id"])
        return record["technician_id"] == write.actor.id and is_free

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}"} | _DESKS


class ToolUnitPolicy(Policy):
    """A unit at the counter. It answers for one purchase, ever; one that cannot be told apart gets our label."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("warehouse"):
            return frozenset()
        given = frozenset(ToolUnitSchema().fields) - {
            "label",
            "technician_id",
            "stocked_in_at",
            "stocked_in_by",
        }
        return given if before is None else frozenset({"shelf", "condition", "status", "reason"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        # Note: the purchase is locked first, so that two counters cannot both take its last unit.
        purchase = write.get("tool_purchase", after["tool_purchase_id"], lock=True)
        if purchase is None:
            raise Refused("parent_deleted", {"tool_purchase_id": ["parent_deleted"]})
        if purchase["technician_id"] == write.actor.id:
            raise Refused("own_tool")
        if after["status"] != "stocked_in" and not after["reason"].strip():
            raise Refused("invalid_fields", {"reason": ["required"]})
        if before is not None:
            return _settle_step(write, before, after, purchase)
        if after["status"] == "cancelled":
            raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
        settled = {"technician_id": purchase["technician_id"], "label": label_of(after["id"])}
        settled["serial_number"] = normal_serial(after["serial_number"])
        if after["status"] == "stocked_in":
            _check_unit(write, after["id"], settled["serial_number"], purchase)
        return settled | {"stocked_in_at": instant(write.now), "stocked_in_by": write.actor.id}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}"} | _DESKS


def count_units(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A purchase counts the units of it that are stocked in."""
    purchase = write.get("tool_purchase", entry.record["tool_purchase_id"], lock=True)
    if purchase is None or not (entry.op == "create" or entry.changed("status")):
        return
    back = len(write.find("tool_unit", tool_purchase_id=purchase["id"], status="stocked_in"))
    if back != purchase["stocked_in_quantity"]:
        yield change_of("tool_purchase", purchase, {"stocked_in_quantity": back})


def normal_serial(text: str) -> str:
    """A serial number as it is compared: without spaces, in capitals."""
    return "".join(text.split()).upper()


def label_of(unit_id: str) -> str:
    """Our label for a unit: `FC-` and eight characters from the random end of its id."""
    number = int(unit_id.replace("-", "")[-14:], 16)
    characters = []
    for _ in range(8):
        number, rest = divmod(number, len(_LABEL_ALPHABET))
        characters.append(_LABEL_ALPHABET[rest])
    return "FC-" + "".join(characters)


def _check_unit(write: Transaction, unit_id: str, serial: str, purchase: Record) -> None:
    if serial:
        write.lock(f"serial:{serial}")
        answered = [unit for unit in write.find("tool_unit", serial_number=serial) if unit["id"] != unit_id]
        if any(unit["status"] == "stocked_in" for unit in answered):
            raise Refused("unit_already_answered", {"serial_number": ["unit_already_answered"]}, {"serial": serial})
    back = len(write.find("tool_unit", tool_purchase_id=purchase["id"], status="stocked_in"))
    if back >= purchase["quantity"]:
        raise Refused("more_units_than_bought", params={"bought": purchase["quantity"], "returned": back})


def _settle_step(write: Transaction, before: Record, after: Record, purchase: Record) -> Mapping[str, Any]:
    if before["status"] == after["status"]:
        return {}
    if (before["status"], after["status"]) != ("stocked_in", "cancelled"):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
    lines = write.find("claim_line", receipt_id=purchase["receipt_id"]) if purchase["receipt_id"] else []
    if any(line["status"] == "paid" and stands(line) for line in lines):
        raise Refused("unit_already_paid")
    return {}


def _is_claimed(write: Transaction, receipt_id: str | None) -> bool:
    lines = write.find("claim_line", receipt_id=receipt_id) if receipt_id else []
    return any(stands(line) and line["status"] not in EDITABLE for line in lines)


ENTITIES = (
    Entity(
        "tool_purchase",
        tool_purchases,
        RecordForm(ToolPurchaseSchema),
        ToolPurchasePolicy(),
        {"trip_id": "trip", "receipt_id": "receipt"},
    ),
    Entity(
        "tool_unit",
        tool_units,
        RecordForm(ToolUnitSchema),
        ToolUnitPolicy(),
        {"tool_purchase_id": "tool_purchase"},
    ),
)
