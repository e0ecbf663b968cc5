"""What finance decides on a line, checked against facts that are read and locked in the very transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from server.claims.allowances import is_allowance, refuse_taken_days
from server.claims.counter_entries import refuse_owing
from server.claims.delegations import RIGHTS, on_behalf_of
from server.claims.duties import refuse_own, refuse_second_duty
from server.claims.gathering import today
from server.claims.judgement import (
    UNDECIDED,
    UNENDORSED,
    company_of,
    findings_of,
    is_being_paid,
    lock_facts,
    rests_on_ended,
)
from server.claims.rules.limits import in_force
from server.claims.rules.within_limits import allowed_minor
from server.claims.spending import limits_known
from server.claims.states import LINE_STEPS, judged_status, may_step, stands
from server.payments.reconciliation import refuse_unreconciled
from server.receipts.readings import is_waiting
from sync.change import Record, instant
from sync.errors import Refused
from sync.transaction import Transaction


def right_to_decide(write: Transaction, line: Record, fields: Mapping[str, Any]) -> tuple[str, str | None]:
    """The right by which the actor takes a step, and in whose place. Raises Refused where they have none.

    A line above the limit that finance has endorsed is approved by the manager; either may undo or refuse it.
    """
    is_approval = fields.get("status") == "approved"
    wanted = "second" if line["endorsed_by"] else "approve"
    either = sorted(("approve", wanted), key=lambda right: not write.actor.is_any(RIGHTS[right]))
    for right in (wanted,) if is_approval else either:
        with suppress(Refused):
            return right, on_behalf_of(write, right)
    if is_approval and line["endorsed_by"] and write.actor.is_any(RIGHTS["approve"]):
        raise Refused("needs_second_approval", params={"limit": limit_alone(write) or 0})
    raise Refused("field_not_writable", {name: ["field_not_writable"] for name in fields})


def limit_alone(write: Transaction) -> int | None:
    """What one person of finance may approve without the manager, in minor units; None where there is no limit."""
    return in_force(limits_known(write), "approval", "", today(write.now, company_of(write)))


def approved_beside(read: Transaction, line: Record) -> int:
    """What was approved of the receipt's other lines: one that is approved in parts is above the limit as a whole."""
    others = [other for other in read.find("claim_line", receipt_id=line["receipt_id"]) if other["id"] != line["id"]]
    return sum(int(other["approved_minor"]) for other in others if stands(other))


def takes_two(read: Transaction, line: Record, amount_minor: int = 0) -> bool:
    """Whether two people have to approve an amount of a line, the whole where none is named."""
    alone, amount = limit_alone(read), int(amount_minor or line["amount_minor"])
    return bool(line["endorsed_by"]) or (alone is not None and approved_beside(read, line) + amount > alone)


def approval_of(write: Transaction, line: Record, amount_minor: int = 0, note: str = "") -> Record:
    """The change by which the actor approves a line, or endorses it where the manager has to approve it as well."""
    said = {"decision_note": note} if note else {}
    if not line["endorsed_by"] and takes_two(write, line, amount_minor):
        return {"endorsed_minor": amount_minor or line["amount_minor"]} | said
    return {"status": "approved"} | ({"approved_minor": amount_minor} if amount_minor else {}) | said


def settle_decision(write: Transaction, before: Record, after: Record) -> Mapping[str, Any]:
    """A step with a line. Raises Refused where the rules, the duties or the state stand against it."""
    step = (before["status"], after["status"])
    refuse_own(write, after["technician_id"])
    if before["status"] == after["status"]:
        return _endorse(write, before, after)
    if before["payment_batch_id"] and (after["status"] == "paid" or is_being_paid(write, before)):
        raise Refused("line_in_batch")
    if before["reverses"] and after["status"] != "paid":
        raise Refused("reversal_stands")
    if not may_step(LINE_STEPS, *step, "finance"):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]}, {"from": step[0], "to": step[1]})
    if after["status"] == "paid":
        return _pay(write, after)
    _, behalf = right_to_decide(write, before, {"status": after["status"]})
    match after["status"]:
        case "submitted":
            _refuse_taken_meanwhile(write, before)
            return UNDECIDED
        case "returned":
            return _return(write, after)
        case "refused":
            return _refuse(write, after, behalf)
    return _approve(write, before, after, behalf)


def _refuse_taken_meanwhile(write: Transaction, line: Record) -> None:
    """A refused allowance comes back only while nobody has claimed its days anew."""
    receipt = write.get("receipt", line["receipt_id"])
    if line["status"] == "refused" and receipt is not None and is_allowance(receipt):
        refuse_taken_days(write, receipt, line["id"])


def settle_reversal(write: Transaction, after: Record) -> Mapping[str, Any]:
    """A counter-entry to a paid line: its money back, once, with a reason. The paid line itself stays as it is.

    What an advance had paid of it was never sent: it is owed as a part of the advance again.
    """
    paid = write.get("claim_line", after["reverses"], lock=True)
    if paid is None or paid["status"] != "paid" or paid["reverses"]:
        raise Refused("not_paid")
    if paid["reversed_by"]:
        raise Refused("already_reversed")
    refuse_own(write, paid["technician_id"])
    if any(after[name] != paid[name] for name in ("claim_id", "receipt_id")):
        raise Refused("step_not_allowed")
    if not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})
    return {
        "technician_id": paid["technician_id"],
        "currency": paid["currency"],
        "amount_minor": -paid["approved_minor"],
        "approved_minor": -paid["approved_minor"],
        "set_off_minor": -paid["set_off_minor"],
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
    return {**UNDECIDED, "returned_by": write.actor.id, "returned_at": instant(write.now)}


def _refuse(write: Transaction, after: Record, behalf: str | None) -> Mapping[str, Any]:
    if not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})
    refuse_second_duty(write, after | UNENDORSED, "approve", behalf)
    said = {"decision_note": after["decision_note"]}
    return UNENDORSED | said | _decided(write, behalf) | {"approved_minor": 0}


def _endorse(write: Transaction, before: Record, after: Record) -> Mapping[str, Any]:
    """The first of two approvals, or its undoing."""
    if before["endorsed_minor"] == after["endorsed_minor"] or before["status"] not in ("needs_review", "clear"):
        raise Refused("not_decidable", params={"status": before["status"]})
    if after["endorsed_minor"] == 0:
        return UNENDORSED
    if before["endorsed_by"]:
        raise Refused("not_decidable", params={"status": before["status"]})
    _, behalf = right_to_decide(write, before, {"endorsed_minor": after["endorsed_minor"]})
    _check_amount(write, after, int(after["endorsed_minor"]))
    refuse_second_duty(write, after, "endorse", behalf)
    alone = limit_alone(write)
    if alone is None or approved_beside(write, after) + after["endorsed_minor"] <= alone:
        raise Refused("second_not_needed")
    return {"endorsed_by": write.actor.id, "endorsed_for": behalf, "endorsed_at": instant(write.now)}


def _approve(write: Transaction, before: Record, after: Record, behalf: str | None) -> Mapping[str, Any]:
    most = before["endorsed_minor"] if before["endorsed_by"] else after["amount_minor"]
    approved, alone = int(after["approved_minor"] or most), limit_alone(write)
    _check_amount(write, after, approved)
    refuse_second_duty(write, after, "approve", behalf)
    if approved > most:
        raise Refused("invalid_fields", {"approved_minor": ["out_of_range"]})
    if not before["endorsed_by"] and alone is not None and approved_beside(write, after) + approved > alone:
        raise Refused("needs_second_approval", params={"limit": alone})
    return {"approved_minor": approved} | _decided(write, behalf)


def _decided(write: Transaction, behalf: str | None) -> dict[str, Any]:
    return {"decided_by": write.actor.id, "on_behalf_of": behalf, "decided_at": instant(write.now)}


def _check_amount(write: Transaction, after: Record, amount: int) -> None:
    """What is approved or endorsed is no more than is claimed, and no more than the limits leave; less has a reason."""
    findings = _check_payable(write, after)
    if not 0 < amount <= after["amount_minor"]:
        raise Refused("invalid_fields", {"approved_minor": ["out_of_range"]})
    left = _left_by_limits(write, after, findings)
    if amount > left:
        raise Refused("over_limit", {"approved_minor": ["over_limit"]}, {"allowed": left})
    if amount < after["amount_minor"] and not after["decision_note"].strip():
        raise Refused("reason_required", {"decision_note": ["required"]})


def _pay(write: Transaction, after: Record) -> Mapping[str, Any]:
    refuse_unreconciled(write)
    if not after["reverses"]:
        _check_payable(write, after)
        if rests_on_ended(write, after):
            raise Refused("waiver_over")
        _refuse_unread(write, after)
    refuse_second_duty(write, after, "pay")
    refuse_owing(write, after)
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
