"""What finance decides on a line, checked against facts that are read and locked in the very transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.claims.duties import refuse_second_duty
from server.claims.judgement import UNDECIDED, findings_of, is_being_paid, lock_facts
from server.claims.rules.within_limits import allowed_minor
from server.claims.states import LINE_STEPS, judged_status, may_step, stands
from server.receipts.readings import is_waiting
from sync.change import Record, instant
from sync.errors import Refused
from sync.transaction import Transaction


def settle_decision(write: Transaction, before: Record, after: Record) -> Mapping[str, Any]:
    """Finance's step with a line. Raises Refused where the rules, the duties or the state stand against it."""
    step = (before["status"], after["status"])
    if after["technician_id"] == write.actor.id:
        raise Refused("own_claim")
    if before["status"] == after["status"]:
        raise Refused("not_decidable", params={"status": before["status"]})
    if before["payment_batch_id"] and (after["status"] == "paid" or is_being_paid(write, before)):
        raise Refused("line_in_batch")
    if before["reverses"] and after["status"] != "paid":
        raise Refused("reversal_stands")
    if not may_step(LINE_STEPS, *step, "finance"):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]}, {"from": step[0], "to": step[1]})
    match after["status"]:
        case "submitted":
            return UNDECIDED
        case "returned":
            return _return(write, after)
        case "refused":
            return _refuse(write, after)
        case "approved":
            return _approve(write, after)
    return _pay(write, after)


def settle_reversal(write: Transaction, after: Record) -> Mapping[str, Any]:
    """A counter-entry to a paid line: its money back, once, with a reason. The paid line itself stays as it is."""
    paid = write.get("claim_line", after["reverses"], lock=True)
    if paid is None or paid["status"] != "paid" or paid["reverses"]:
        raise Refused("not_paid")
    if paid["reversed_by"]:
        raise Refused("already_reversed")
    if paid["technician_id"] == write.actor.id:
        raise Refused("own_claim")
    if any(after[name] != paid[name] for name in ("claim_id", "receipt_id")):
        raise Refused("step_not_allowed")
    if not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})
    return {
        "technician_id": paid["technician_id"],
        "currency": paid["currency"],
        "amount_minor": -paid["approved_minor"],
        "approved_minor": -paid["approved_minor"],
        "status": "approved",
        "decided_by": write.actor.id,
        "decided_at": instant(write.now),
    }


def refuse_blocked(write: Transaction, line: Record) -> list[dict[str, Any]]:
    """The line's findings as of now. Raises Refused("line_blocked") naming those that stand in the way."""
    lock_facts(write, line)
    findings = findings_of(write, line)
    if judged_status(findings) != "blocked":
        return findings
    standing = [finding for finding in findings if finding["severity"] == "block" and not finding.get("waived")]
    raise Refused("line_blocked", {"status": ["line_blocked"]}, {"findings": standing})


def _return(write: Transaction, after: Record) -> Mapping[str, Any]:
    if not after["return_reason"].strip():
        raise Refused("reason_required", {"return_reason": ["required"]})
    return {"returned_by": write.actor.id, "returned_at": instant(write.now)}


def _refuse(write: Transaction, after: Record) -> Mapping[str, Any]:
    if not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})
    return {"decided_by": write.actor.id, "decided_at": instant(write.now), "approved_minor": 0}


def _approve(write: Transaction, after: Record) -> Mapping[str, Any]:
    findings = _check_payable(write, after)
    refuse_second_duty(write, after, "approve")
    approved = after["approved_minor"] or after["amount_minor"]
    if not 0 < approved <= after["amount_minor"]:
        raise Refused("invalid_fields", {"approved_minor": ["out_of_range"]})
    left = _left_by_limits(write, after, findings)
    if approved > left:
        raise Refused("over_limit", {"approved_minor": ["over_limit"]}, {"allowed": left})
    if approved < after["amount_minor"] and not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})
    return {"approved_minor": approved, "decided_by": write.actor.id, "decided_at": instant(write.now)}


def _pay(write: Transaction, after: Record) -> Mapping[str, Any]:
    if not after["reverses"]:
        _check_payable(write, after)
        _refuse_unread(write, after)
    refuse_second_duty(write, after, "pay")
    return {"paid_by": write.actor.id, "paid_at": instant(write.now)}


def _left_by_limits(write: Transaction, line: Record, findings: list[dict[str, Any]]) -> int:
    """What the limits leave for this line, when the receipt's other lines have had their part."""
    others = [other for other in write.find("claim_line", receipt_id=line["receipt_id"]) if other["id"] != line["id"]]
    same = [other for other in others if other["claim_id"] == line["claim_id"] and stands(other)]
    claimed = line["amount_minor"] + sum(other["amount_minor"] for other in same)
    allowed = allowed_minor(claimed, findings)
    if allowed == claimed:
        return int(line["amount_minor"])
    left = allowed - sum(int(other["approved_minor"]) for other in same)
    return max(0, min(int(line["amount_minor"]), left))


def _check_payable(write: Transaction, line: Record) -> list[dict[str, Any]]:
    findings = refuse_blocked(write, line)
    if judged_status(findings) == "needs_review" and not line["decision_note"].strip():
        raise Refused("review_note_required", {"decision_note": ["required"]})
    return findings


def _refuse_unread(write: Transaction, line: Record) -> None:
    """No money moves before the documents have been read. Raises Refused("reading_pending")."""
    receipt = write.get("receipt", line["receipt_id"])
    if receipt and is_waiting(write, receipt):
        raise Refused("reading_pending")
