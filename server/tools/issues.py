"""Who may write check-outs: the warehouse gives a unit to a technician for a trip, and takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from server.claims.gathering import today
from server.claims.judgement import company_of
from server.service.policy import check_technician
from server.tools.naming import normal_shelf
from server.tools.states import ISSUE_STEPS
from sync.change import Change, Record, instant
from sync.entity import Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_GIVEN = frozenset({"tool_unit_id", "technician_id", "trip_id", "due_on", "note"})
_TAKEN_BACK = frozenset({"status", "returned_condition", "returned_shelf", "attachments", "due_on", "note"})
_NOT_RETURNED = {"returned_at": "", "received_by": None, "returned_condition": "", "returned_shelf": ""}


class ToolIssuePolicy(Policy):
    """A unit is out once at a time; who holds it reports a loss, and never confirms the return."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if write.actor.is_any("warehouse"):
            return _GIVEN if before is None else _TAKEN_BACK
        is_holder = before is not None and before["technician_id"] == write.actor.id
        return frozenset({"status", "note"}) if is_holder and write.actor.is_any("technician") else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        # Note: the unit is locked first, so that two counters cannot both give it away.
        unit = write.get("tool_unit", after["tool_unit_id"], lock=True)
        if unit is None:
            raise Refused("parent_deleted", {"tool_unit_id": ["parent_deleted"]})
        after = {**after, "returned_shelf": normal_shelf(after["returned_shelf"])}
        if write.actor.is_system:
            return {"returned_shelf": after["returned_shelf"]}
        if before is None:
            _check_free(write, unit, after)
            return {"issued_at": instant(write.now), "issued_by": write.actor.id}
        return {"returned_shelf": after["returned_shelf"]} | _step(write, before, after, unit)

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:warehouse", "role:manager"}


def on_issue(write: Transaction, entry: Entry) -> Iterable[Change]:
    """The unit follows its check-out: who has it, until when, and in which state it came back."""
    issue, unit = entry.record, write.get("tool_unit", entry.record["tool_unit_id"])
    if unit is None:
        return
    if issue["status"] == "out" and (entry.op == "create" or entry.changed("status", "due_on")):
        holder = {"holder_id": issue["technician_id"], "due_on": issue["due_on"]}
        yield change_of("tool_unit", unit, {"status": "issued", "reason": "", "loss_reported_by": None} | holder)
    elif issue["status"] == "lost" and entry.changed("status"):
        loss = {"reason": issue["note"], "loss_reported_by": entry.actor}
        yield change_of("tool_unit", unit, {"status": "lost"} | loss)
    elif issue["status"] in ("returned", "cancelled") and entry.changed("status"):
        found = {"condition": issue["returned_condition"], "shelf": issue["returned_shelf"]}
        shown = [*(unit["attachments"] or ()), *(issue["attachments"] or ())][-20:]
        fields = {name: value for name, value in found.items() if value} | {"attachments": list(dict.fromkeys(shown))}
        free = {"holder_id": None, "reason": "", "loss_reported_by": None}
        yield change_of("tool_unit", unit, {"status": "stocked_in"} | free | fields)


def _check_free(write: Transaction, unit: Record, issue: Record) -> None:
    if unit["status"] != "stocked_in":
        raise Refused("unit_not_on_shelf", {"tool_unit_id": ["unit_not_on_shelf"]}, {"label": unit["label"]})
    check_technician(write, issue["technician_id"])
    trip = write.get("trip", issue["trip_id"])
    if trip and trip["technician_id"] != issue["technician_id"]:
        raise Refused("trip_of_another", {"trip_id": ["trip_of_another"]})
    day = today(write.now, company_of(write))
    if issue["due_on"] < day:
        raise Refused("invalid_fields", {"due_on": ["out_of_range"]})
    if unit["calibration_due_on"] and unit["calibration_due_on"] < day:
        raise Refused("calibration_overdue", params={"day": unit["calibration_due_on"]})


def _step(write: Transaction, before: Record, after: Record, unit: Record) -> dict[str, Any]:
    was, now = before["status"], after["status"]
    if was == now:
        return {}
    if not write.actor.is_any(*ISSUE_STEPS.get((was, now), ())):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]}, {"from": was, "to": now})
    if before["technician_id"] == write.actor.id and now == "returned":
        raise Refused("own_tool")
    expected = {"out": "issued", "returned": "stocked_in", "lost": "lost"}[was]
    if unit["status"] != expected:
        raise Refused("unit_moved_on", params={"label": unit["label"]})
    if now == "lost" and not after["note"].strip():
        raise Refused("invalid_fields", {"note": ["required"]})
    if now == "returned":
        return {"returned_at": instant(write.now), "received_by": write.actor.id}
    return dict(_NOT_RETURNED) if now == "out" else {}


def days_overdue(issue: Mapping[str, Any], day: date) -> int:
    """By how many days a tool that is still out is late; 0 where it is not."""
    late = (day - date.fromisoformat(issue["due_on"])).days
    return max(0, late) if issue["status"] == "out" else 0
