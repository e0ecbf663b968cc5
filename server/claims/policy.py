"""Who may write claims: the technician submits, finance decides, a manager waives; nobody for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.claims.judgement import findings_of, is_being_paid, lock_facts
from server.claims.records import ClaimLineSchema, ClaimSchema, WaiverSchema, claim_lines, claims, waivers
from server.claims.states import JUDGED, judged_status, may_step
from server.receipts.readings import is_waiting
from server.wire import RecordForm
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

_LINE_FIELDS_OF_TECHNICIAN = frozenset({"claim_id", "receipt_id", "amount_minor", "note"})
_LINE_FIELDS_OF_FINANCE = frozenset({"status", "decision_note", "payment_reference"})


class ClaimPolicy(Policy):
    """A technician's own, until it is submitted."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is None:
            return frozenset({"trip_id", "note", "status"})
        if before["status"] != "draft":
            raise Refused("claim_not_draft")
        return frozenset({"note", "status"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if before is None:
            if after["status"] != "draft":
                raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
            return {"technician_id": write.actor.id}
        if after["status"] not in ("draft", "submitted"):
            raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
        if after["status"] == "draft":
            return {}
        if not write.find("claim_line", claim_id=after["id"]):
            raise Refused("claim_empty")
        return {"submitted_at": instant(write.now)}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        is_empty = not write.find("claim_line", claim_id=record["id"])
        return record["technician_id"] == write.actor.id and record["status"] == "draft" and is_empty

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


class ClaimLinePolicy(Policy):
    """The technician's while the claim is a draft; then only finance decides, and never against the rules."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if before is not None and change.fields.get("status") == "approved":
            _refuse_blocked(write, before)  # whoever asks is told why it cannot be
        if write.actor.is_any("technician"):
            return _LINE_FIELDS_OF_TECHNICIAN
        return _LINE_FIELDS_OF_FINANCE if write.actor.is_any("finance") and before else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if write.actor.is_any("finance"):
            return _settle_decision(write, before or {}, after)
        return _settle_draft(write, before, after)

    def may_delete(self, write: Transaction, record: Record) -> bool:
        claim = write.get("claim", record["claim_id"])
        is_draft = claim is not None and claim["status"] == "draft"
        return record["technician_id"] == write.actor.id and is_draft

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


class WaiverPolicy(Policy):
    """An exception by a manager who is neither the claimant nor the one who approves."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may = write.actor.is_any("manager") and before is None
        return frozenset({"claim_line_id", "finding_code", "reason"}) if may else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        line = write.get("claim_line", after["claim_line_id"], lock=True)
        if line is None:
            raise Refused("parent_deleted", {"claim_line_id": ["parent_deleted"]})
        if line["technician_id"] == write.actor.id:
            raise Refused("own_claim")
        if line["status"] not in JUDGED:
            raise Refused("not_decidable", params={"status": line["status"]})
        if after["finding_code"] not in {finding["code"] for finding in line["findings"]}:
            raise Refused("finding_unknown", {"finding_code": ["finding_unknown"]})
        return {
            "technician_id": line["technician_id"],
            "given_by": write.actor.id,
            "given_at": instant(write.now),
        }

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


def _settle_draft(write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
    # Note: the receipt is locked, so that two claims cannot both take it at the same moment.
    receipt = write.get("receipt", after["receipt_id"], lock=True)
    claim = write.get("claim", after["claim_id"], lock=True)
    if receipt is None or claim is None:
        raise Refused("parent_deleted")
    if claim["status"] != "draft":
        raise Refused("claim_not_draft")
    if receipt["trip_id"] != claim["trip_id"] or receipt["technician_id"] != write.actor.id:
        raise Refused("receipt_not_of_trip", {"receipt_id": ["receipt_not_of_trip"]})
    if receipt["currency"] != claim["currency"]:
        raise Refused("currency_differs", {"receipt_id": ["currency_differs"]})
    others = [line for line in write.find("claim_line", receipt_id=receipt["id"]) if line["id"] != after["id"]]
    if any(line["status"] != "refused" for line in others):
        raise Refused("receipt_already_claimed", {"receipt_id": ["receipt_already_claimed"]})
    if after["amount_minor"] <= 0:
        raise Refused("invalid_fields", {"amount_minor": ["out_of_range"]})
    return {"technician_id": write.actor.id, "currency": receipt["currency"]} if before is None else {}


def _settle_decision(write: Transaction, before: Record, after: Record) -> Mapping[str, Any]:
    """Finance's step, checked against facts that are read and locked in this very transaction."""
    if after["technician_id"] == write.actor.id:
        raise Refused("own_claim")
    if before["status"] == after["status"]:
        raise Refused("not_decidable", params={"status": before["status"]})
    if before["payment_batch_id"] and (after["status"] == "paid" or is_being_paid(write, before)):
        raise Refused("line_in_batch")
    if not may_step(before["status"], after["status"]):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]}, _step(before, after))
    if after["status"] == "submitted":
        return {"decided_by": None, "decided_at": "", "decision_note": ""}
    if after["status"] == "refused" and not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})
    if after["status"] in ("approved", "paid"):
        _check_payable(write, after)
    if after["status"] == "paid":
        _refuse_unread(write, after)
        return {"paid_at": instant(write.now)}
    return {"decided_by": write.actor.id, "decided_at": instant(write.now)}


def _check_payable(write: Transaction, line: Record) -> None:
    findings = _refuse_blocked(write, line)
    if judged_status(findings) == "needs_review" and not line["decision_note"].strip():
        raise Refused("review_note_required", {"decision_note": ["required"]})
    waived_by = {waiver["given_by"] for waiver in write.find("waiver", claim_line_id=line["id"])}
    if write.actor.id in waived_by:
        raise Refused("own_waiver")


def _refuse_unread(write: Transaction, line: Record) -> None:
    """No money moves before the documents have been read. Raises Refused("reading_pending")."""
    receipt = write.get("receipt", line["receipt_id"])
    if receipt and is_waiting(write, receipt):
        raise Refused("reading_pending")


def _refuse_blocked(write: Transaction, line: Record) -> list[dict[str, Any]]:
    """The line's findings as of now. Raises Refused("line_blocked") naming those that stand in the way."""
    lock_facts(write, line)
    findings = findings_of(write, line)
    if judged_status(findings) != "blocked":
        return findings
    standing = [finding for finding in findings if finding["severity"] == "block" and not finding.get("waived")]
    raise Refused("line_blocked", {"status": ["line_blocked"]}, {"findings": standing})


def _step(before: Record, after: Record) -> dict[str, str]:
    return {"from": before["status"], "to": after["status"]}


ENTITIES = (
    Entity("claim", claims, RecordForm(ClaimSchema), ClaimPolicy(), {"trip_id": "trip"}),
    Entity(
        "claim_line",
        claim_lines,
        RecordForm(ClaimLineSchema),
        ClaimLinePolicy(),
        {"claim_id": "claim", "receipt_id": "receipt"},
    ),
    Entity("waiver", waivers, RecordForm(WaiverSchema), WaiverPolicy(), {"claim_line_id": "claim_line"}),
)
