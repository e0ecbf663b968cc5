"""Who may write tool units. Only the warehouse confirms what came back; only a manager writes off (REG-A12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from server.claims.duties import refuse_own
from server.tools.identity import check_identity, check_photos
from server.tools.naming import kind_key, label_of, normal_serial, normal_shelf, serial_key
from server.tools.purchases import DESKS, check_room, is_paid
from server.tools.states import UNIT_STEPS, VOID, came_back
from server.tools.write_offs import undo_write_off, write_off
from sync.change import Change, Record, instant
from sync.entity import Policy
from sync.errors import Refused
from sync.transaction import Transaction

_KEPT = frozenset({"condition", "attachments", "shelf", "status", "reason", "calibrated_on", "calibration_days"})
_AT_THE_COUNTER = _KEPT | {"tool_purchase_id", "origin", "name", "model", "serial_number"}
_LOST_ON_THE_ROAD = frozenset({"tool_purchase_id", "name", "serial_number", "status", "reason", "attachments"})
_DECIDED = frozenset({"status", "reimbursement", "decision_reason"})
_NEEDS_REASON = VOID | {"in_repair", "lost"}


class ToolUnitPolicy(Policy):
    """A unit answers for one purchase, ever. Its serial number is never changed; what is wrong is cancelled."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if write.actor.is_any("warehouse"):
            return _AT_THE_COUNTER if before is None else _KEPT | {"due_on"}
        if write.actor.is_any("technician"):
            return _LOST_ON_THE_ROAD if before is None else frozenset({"status", "reason"})
        return _DECIDED if write.actor.is_any("manager") and before else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return _derived(after)
        # Note: the purchase is locked first, so that two counters cannot both take its last unit.
        purchase = write.get("tool_purchase", after["tool_purchase_id"], lock=True)
        if purchase is None and after["tool_purchase_id"]:
            raise Refused("parent_deleted", {"tool_purchase_id": ["parent_deleted"]})
        _check_person(write, purchase)
        if after["status"] in _NEEDS_REASON and not after["reason"].strip():
            raise Refused("invalid_fields", {"reason": ["required"]})
        after = {**after, "shelf": normal_shelf(after["shelf"])}
        settled = _arrive(write, after, purchase) if before is None else _step(write, before, after, purchase)
        return {"shelf": after["shelf"]} | settled | _derived(after | settled)

    def buckets(self, record: Record) -> set[str]:
        people = {record["technician_id"], record["holder_id"]} - {None}
        return {f"user:{person}" for person in people} | DESKS


def _check_person(write: Transaction, purchase: Record | None) -> None:
    """Who bought a tool only reports its loss; nobody confirms their own."""
    is_own = purchase is not None and purchase["technician_id"] == write.actor.id
    if write.actor.is_any("technician") and not is_own:
        raise Refused("not_yours")
    if is_own and not write.actor.is_any("technician"):
        raise Refused("own_tool")
    if purchase is not None and not write.actor.is_any("technician"):
        refuse_own(write, purchase["technician_id"])


def _arrive(write: Transaction, after: Record, purchase: Record | None) -> dict[str, Any]:
    """A unit over the counter: taken in or refused. Or one that its buyer reports lost on the road."""
    is_lost = write.actor.is_any("technician")
    if after["status"] not in (("lost",) if is_lost else ("stocked_in", "refused")):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
    if after["status"] == "refused" and purchase is None:
        raise Refused("invalid_fields", {"tool_purchase_id": ["required"]})
    settled = _named(after, purchase)
    if after["status"] != "refused":
        check_identity(write, after | settled, purchase)
        check_room(write, after, purchase)
    if is_lost:
        return settled | {"loss_reported_by": write.actor.id}
    return settled | {"stocked_in_at": instant(write.now), "stocked_in_by": write.actor.id}


def _named(after: Record, purchase: Record | None) -> dict[str, Any]:
    """What the unit is called and where it is from: as its purchase says, unless the counter knows better."""
    bought = purchase or {"name": "", "model": "", "technician_id": None}
    is_named = bool(after["name"].strip())
    name = after["name"].strip() or bought["name"]
    if not name:
        raise Refused("invalid_fields", {"name": ["required"]})
    if purchase is None and after["origin"] == "purchase":
        raise Refused("invalid_fields", {"origin": ["required"]})
    return {
        "name": name,
        "model": after["model"].strip() if is_named else bought["model"],
        "origin": "purchase" if purchase else after["origin"],
        "technician_id": bought["technician_id"],
        "label": label_of(after["id"]),
        "serial_number": normal_serial(after["serial_number"]),
        "serial_key": serial_key(after["serial_number"]),
    }


def _step(write: Transaction, before: Record, after: Record, purchase: Record | None) -> dict[str, Any]:
    check_photos(write, after, set(after["attachments"] or ()) - set(before["attachments"] or ()))
    was, now = before["status"], after["status"]
    is_same = was == now
    if "issued" in (was, now) and (not is_same or before["due_on"] != after["due_on"]):
        raise Refused("unit_is_issued", {"status": ["unit_is_issued"]}, {"label": before["label"]})
    if not is_same and not write.actor.is_any(*UNIT_STEPS.get((was, now), ())):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]}, {"from": was, "to": now})
    if write.actor.is_any("technician"):
        return _withdraw(before, after)
    if write.actor.is_any("manager"):
        return (undo_write_off if now == "lost" else write_off)(write, before, after, purchase)
    if is_same:
        return {}
    if now == "stocked_in":
        return _back_on_the_shelf(write, before, after, purchase)
    if now == "cancelled" and was == "stocked_in" and purchase and is_paid(write, purchase):
        raise Refused("unit_already_paid")
    return {"cancelled": {"shelf": ""}, "lost": {"loss_reported_by": write.actor.id}}.get(now, {})


def _withdraw(before: Record, after: Record) -> dict[str, Any]:
    """A technician takes back their own report of a loss on the road, and changes nothing else."""
    if after["status"] != "cancelled" or came_back(before):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
    return {}


def _back_on_the_shelf(write: Transaction, before: Record, after: Record, purchase: Record | None) -> dict[str, Any]:
    """Repaired or found again; one that was lost on the road comes in for the first time."""
    settled = {"holder_id": None, "reason": "", "loss_reported_by": None}
    if came_back(before):
        return settled
    check_identity(write, after, purchase)
    check_room(write, after, purchase)
    return settled | {"stocked_in_at": instant(write.now), "stocked_in_by": write.actor.id}


def _derived(unit: Record) -> dict[str, Any]:
    """What follows from the unit's own fields: its kind, when it is due, and when it is to be calibrated next."""
    calibration_due_on = None
    if unit["calibrated_on"] and unit["calibration_days"]:
        last = date.fromisoformat(unit["calibrated_on"])
        calibration_due_on = (last + timedelta(days=unit["calibration_days"])).isoformat()
    return {
        "kind_key": kind_key(unit["name"] or "", unit["model"] or ""),
        "due_on": unit["due_on"] if unit["status"] in ("issued", "in_repair") else None,
        "calibration_due_on": calibration_due_on,
    }
