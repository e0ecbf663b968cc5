"""Who may write claims: the technician submits, finance decides; nobody for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.claims.allowances import hold_days, is_allowance, refuse_taken_days
from server.claims.decisions import refuse_blocked, right_to_decide, settle_decision, settle_reversal
from server.claims.records import ClaimLineSchema, ClaimSchema, claim_lines, claims
from server.claims.seen import already_decided
from server.claims.states import CLAIM_STEPS, DECIDED, EDITABLE, may_step, stands
from server.wire import RecordForm
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

_NEW_LINE = frozenset({"claim_id", "receipt_id", "amount_minor", "note"})
_DECISION: Mapping[Any, frozenset[str]] = {
    "approved": frozenset({"status", "decision_note", "approved_minor"}),
    "refused": frozenset({"status", "decision_note"}),
    "returned": frozenset({"status", "return_reason"}),
    "submitted": frozenset({"status"}),
    None: frozenset({"endorsed_minor", "decision_note"}),
}
"""What is written with each decision; without a step it is the endorsement of a line above the limit."""
_PAYMENT = frozenset({"status", "payment_reference"})
_REVERSAL = frozenset({"claim_id", "receipt_id", "amount_minor", "reverses", "decision_note"})


class ClaimPolicy(Policy):
    """A technician's own until it is handed in, and again while lines of it are returned."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is None:
            return frozenset({"trip_id", "note", "status"})
        if before["status"] not in EDITABLE:
            raise Refused("claim_not_draft")
        return frozenset({"note", "status"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if before is None:
            if after["status"] != "draft":
                raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
            return {"technician_id": write.actor.id}
        if after["status"] == before["status"]:
            return {}
        if not may_step(CLAIM_STEPS, before["status"], after["status"], "technician"):
            raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
        if not write.find("claim_line", claim_id=after["id"]):
            raise Refused("claim_empty")
        # Note: a claim that comes back from repair keeps the day on which it was handed in, and its place in the queue.
        return {"submitted_at": instant(write.now)} if before["status"] == "draft" else {}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        is_empty = not write.find("claim_line", claim_id=record["id"])
        return record["technician_id"] == write.actor.id and record["status"] == "draft" and is_empty

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


class ClaimLinePolicy(Policy):
    """The technician's while it is a draft or returned; then only finance decides, and never against the rules."""

    def hold(self, write: Transaction, change: Change) -> None:
        if write.actor.is_any("technician"):
            _hold_allowance(write, change)
        # Note: a decision judges the claimant's other lines again, so it holds the claimant before the line.
        line = write.get("claim_line", change.record_id) if write.actor.is_any("finance", "manager") else None
        if line is not None:
            write.lock(f"claimant:{line['technician_id']}")

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if before is not None and change.fields.get("status") == "approved" and not before["reverses"]:
            refuse_blocked(write, before)  # whoever asks is told why it cannot be
        if write.actor.is_any("technician"):
            return _NEW_LINE if before is None else frozenset({"amount_minor", "note"})
        if before is None:
            return _REVERSAL if write.actor.is_any("finance", "manager") else frozenset()
        _refuse_late(write, change, before)
        if change.fields.get("status") == "paid":
            return _PAYMENT if write.actor.is_any("finance") else frozenset()
        right_to_decide(write, before, change.fields)
        return _DECISION.get(change.fields.get("status"), frozenset())

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if write.actor.is_any("technician"):
            return _settle_own(write, before, after)
        return settle_reversal(write, after) if before is None else settle_decision(write, before, after)

    def may_delete(self, write: Transaction, record: Record) -> bool:
        return record["technician_id"] == write.actor.id and record["status"] in EDITABLE

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


def _hold_allowance(write: Transaction, change: Change) -> None:
    """Days of an allowance are taken one claim after the other."""
    receipt_id = change.fields.get("receipt_id") if change.op == "create" else None
    hold_days(write, write.get("receipt", receipt_id) if isinstance(receipt_id, str) else None)


def _refuse_late(write: Transaction, change: Change, line: Record) -> None:
    """Of two who decide on a line at one moment, the later is told who was first. Raises Refused("already_decided")."""
    seen = change.base.get("status", line["status"])
    is_same = change.fields.get("status") == line["status"]
    if line["status"] in DECIDED | {"returned"} and (is_same or seen != line["status"]):
        raise already_decided(write, line)


def _settle_own(write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
    # Note: the receipt is locked, so that two claims cannot both take it at the same moment.
    receipt = write.get("receipt", after["receipt_id"], lock=True)
    claim = write.get("claim", after["claim_id"], lock=True)
    if receipt is None or claim is None:
        raise Refused("parent_deleted")
    if (before or claim)["status"] not in EDITABLE or (before is None and claim["status"] != "draft"):
        raise Refused("claim_not_draft")
    if receipt["trip_id"] != claim["trip_id"] or receipt["technician_id"] != write.actor.id:
        raise Refused("receipt_not_of_trip", {"receipt_id": ["receipt_not_of_trip"]})
    if receipt["currency"] != claim["currency"]:
        raise Refused("currency_differs", {"receipt_id": ["currency_differs"]})
    others = [line for line in write.find("claim_line", receipt_id=receipt["id"]) if line["id"] != after["id"]]
    if any(stands(line) and (before is None or line["claim_id"] != claim["id"]) for line in others):
        raise Refused("receipt_already_claimed", {"receipt_id": ["receipt_already_claimed"]})
    if after["amount_minor"] <= 0:
        raise Refused("invalid_fields", {"amount_minor": ["out_of_range"]})
    if is_allowance(receipt):
        refuse_taken_days(write, receipt, after["id"])
        after["amount_minor"] = receipt["amount_minor"]
    known = {"amount_minor": after["amount_minor"]}
    return known | ({"technician_id": write.actor.id, "currency": receipt["currency"]} if before is None else {})


ENTITIES = (
    Entity("claim", claims, RecordForm(ClaimSchema), ClaimPolicy(), {"trip_id": "trip"}),
    Entity(
        "claim_line",
        claim_lines,
        RecordForm(ClaimLineSchema),
        ClaimLinePolicy(),
        {"claim_id": "claim", "receipt_id": "receipt"},
    ),
)
