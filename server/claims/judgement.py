"""Judging claim lines: anew whenever something they rest on has changed, and once more at the moment of decision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.claims.allowances import follow_amount, meals_and_allowances
from server.claims.gathering import gather, purchases_of, receipts_with_files, today
from server.claims.neighbours import touched_by
from server.claims.rules import judge
from server.claims.rules.tool_prices import is_divisible
from server.claims.rules.tool_returned import CODES, reimbursable_minor
from server.claims.rules.waiving import counts, covers
from server.claims.serials import note_serials, receipts_sharing
from server.claims.settings import Company
from server.claims.spending import sharing
from server.claims.states import DECIDED, JUDGED, NOT_JUDGED, claim_status, judged_status
from sync.change import Change, Record, instant, new_id
from sync.entity import Registry
from sync.journal import Entry
from sync.transaction import Transaction, change_of

UNENDORSED: dict[str, Any] = {
    "endorsed_minor": 0,
    "endorsed_by": None,
    "endorsed_for": None,
    "endorsed_at": "",
    "decision_note": "",
}
"""What a line says of its first approval when there is none. What was said with it was said of what is gone."""
UNDECIDED: dict[str, Any] = {
    "decided_by": None,
    "on_behalf_of": None,
    "decided_at": "",
    "approved_minor": 0,
    **UNENDORSED,
}
"""What a line says of its decision when there is none."""


def findings_of(write: Transaction, line: Record) -> list[dict[str, Any]]:
    """What the rules say of a line now, with the manager's waivers marked. A part that came back is free of REG-A12."""
    facts = gather(write, line, company_of(write))
    waivers = _counting(write, line)
    found = [finding.to_wire() for finding in judge(facts)]
    if _returned_for(write, line) >= line["amount_minor"]:
        found = [finding for finding in found if finding["code"] not in CODES]
    return [finding | {"waived": True} if _is_waived(waivers, finding) else finding for finding in found]


def rests_on_ended(write: Transaction, line: Record) -> bool:
    """Whether a waiver that the line rests on is over: no money moves, even before the line was judged again."""
    marked = [finding for finding in line["findings"] or () if finding.get("waived")]
    waivers = _counting(write, line) if marked else []
    return not all(_is_waived(waivers, finding) for finding in marked)


def waiver_ended(write: Transaction, status: str) -> dict[str, Any]:
    """What a waiver says once it is over: it counts from no moment any more."""
    by = None if write.actor.is_system else write.actor.id
    return {"status": status, "given_at": "", "ended_by": by, "ended_at": instant(write.now)}


def _counting(write: Transaction, line: Record) -> list[Record]:
    """The waivers of a line that count today."""
    day = today(write.now, company_of(write))
    return [waiver for waiver in write.find("waiver", claim_line_id=line["id"]) if counts(waiver, line, day)]


def _is_waived(waivers: Iterable[Record], finding: Record) -> bool:
    return any(covers(waiver, finding) for waiver in waivers)


def lock_facts(write: Transaction, line: Record) -> None:
    """Hold what a decision rests on until it is written: the receipt, its twins, its tools, the claimant."""
    write.lock(f"claimant:{line['technician_id']}")
    receipt = write.get("receipt", line["receipt_id"], lock=True)
    if receipt and receipt["identity"]:
        write.lock(f"identity:{receipt['identity']}")
    for purchase in write.find("tool_purchase", receipt_id=line["receipt_id"]):
        write.get("tool_purchase", purchase["id"], lock=True)


def is_being_paid(write: Transaction, line: Record) -> bool:
    """Whether the line is in a batch that has gone to the bank."""
    batch = write.get("payment_batch", line["payment_batch_id"]) if line["payment_batch_id"] else None
    return batch is not None and batch["status"] in ("exported", "settled")


def company_of(write: Transaction) -> Company:
    """The company whose rules these are."""
    company = write.engine.settings
    return company if isinstance(company, Company) else Company()


def follow_all(registry: Registry) -> None:
    """Judge lines again after every change that one of their facts rests on."""
    registry.follow("claim", on_claim)
    registry.follow("claim_line", on_line)
    registry.follow("receipt", follow_amount)
    registry.follow("receipt", on_receipt)
    registry.follow("tool_purchase", on_purchase)
    registry.follow("attachment", on_attachment)
    registry.follow("service_report", on_trip_paper)
    registry.follow("trip", on_trip)
    registry.follow("waiver", on_waiver)
    registry.follow("claim_line", on_reversal)
    registry.follow("claim_line", on_withdrawal)


def on_claim(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A claim that is handed in, or handed in again, has its lines judged."""
    if entry.op != "update" or entry.after.get("status") != "submitted":
        return
    mine = "draft" if entry.before["status"] == "draft" else "returned"
    for line in write.find("claim_line", claim_id=entry.record_id, status=mine):
        yield change_of("claim_line", line, {"status": "submitted"})


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A claim's total and state follow its lines; a line that was handed in, or given back, is judged."""
    is_handed_in = entry.op != "delete" and entry.changed("status") and entry.record["status"] == "submitted"
    if is_handed_in or _came_back(entry):
        yield from judge_receipt(write, entry.record["receipt_id"])
    claim = write.get("claim", entry.record["claim_id"])
    if claim is None:
        return
    lines = write.find("claim_line", claim_id=claim["id"])
    was_returned = entry.op == "update" and entry.after.get("status") == "returned"
    status = claim_status(claim["status"], lines, was_returned=was_returned)
    current = {"total_minor": sum(line["amount_minor"] for line in lines), "status": status}
    changed = {name: value for name, value in current.items() if claim[name] != value}
    if changed:
        yield change_of("claim", claim, changed)
    if entry.record["status"] != "draft" and entry.changed("status", "amount_minor", "approved_minor"):
        yield from _judge_sharing(write, entry.record["receipt_id"])


def _came_back(entry: Entry) -> bool:
    """Whether the bank did not pay an approved line: what was found meanwhile counts before it is paid again."""
    is_free = entry.op == "update" and entry.changed("payment_batch_id") and not entry.record["payment_batch_id"]
    return is_free and entry.record["status"] == "approved"


def _judge_sharing(write: Transaction, receipt_id: str) -> Iterable[Change]:
    """What one receipt takes of a limit that it shares with others, these have no longer."""
    receipt = write.get("receipt", receipt_id)
    others = [*sharing(write, receipt), *meals_and_allowances(write, receipt)] if receipt else []
    for other in others:
        yield from judge_receipt(write, other["id"])


def on_reversal(write: Transaction, entry: Entry) -> Iterable[Change]:
    """The paid line names the line that takes it back."""
    paid = write.get("claim_line", entry.record["reverses"]) if entry.op == "create" else None
    if paid is not None:
        yield change_of("claim_line", paid, {"reversed_by": entry.record_id})


def on_receipt(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A receipt's lines are judged again, and those of the receipts that share its identity, a file, or a suspicion."""
    record, before = entry.record, entry.before
    states = (record, {**record, **before}) if before else (record,)
    identities = {record["identity"], before.get("identity", "")} - {""}
    files = {*record["attachments"], *before.get("attachments", ())}
    touched = {entry.record_id}
    touched |= {twin["id"] for twin in write.find_any("receipt", "identity", identities)}
    touched |= {twin["id"] for twin in receipts_with_files(write, files)} if files else set()
    if entry.op == "update" and entry.actor == record["technician_id"]:
        yield from _void_first_looks(write, entry.record_id)
    if entry.changed("evidence", "trip_id", "category"):
        touched |= {ticket["id"] for ticket in _tickets_of(write, entry)}
    if entry.changed("issued_on", "trip_id", "category", "allowance_until"):
        for state in states:
            touched |= {other["id"] for other in (*sharing(write, state), *meals_and_allowances(write, state))}
    for state in states:
        touched.update(touched_by(write, state, company_of(write)))
    for receipt_id in sorted(touched):
        yield from judge_receipt(write, receipt_id)


def _void_first_looks(write: Transaction, receipt_id: str) -> Iterable[Change]:
    """The claimant has altered what the first of two people saw, or a manager made an exception for: both are void.

    Also where it was refused meanwhile: a refusal may be taken back.
    """
    for line in write.find("claim_line", receipt_id=receipt_id):
        if line["status"] not in JUDGED | {"refused"}:
            continue
        for waiver in write.find("waiver", claim_line_id=line["id"]):
            if waiver["status"] == "given":
                yield change_of("waiver", waiver, waiver_ended(write, "void"))
        if line["endorsed_by"]:
            yield change_of("claim_line", write.get("claim_line", line["id"]) or line, UNENDORSED)


def _tickets_of(write: Transaction, entry: Entry) -> list[Record]:
    """The trip's other tickets: a journey with a change is proved by all of them together."""
    if entry.record["category"] != "transport":
        return []
    trips = {entry.record["trip_id"], entry.before.get("trip_id", entry.record["trip_id"])}
    return [
        receipt for trip_id in sorted(trips) for receipt in write.find("receipt", trip_id=trip_id, category="transport")
    ]


def on_purchase(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A tool came back, or was logged: its receipt's lines are judged again, and those that name its serials."""
    note_serials(write, entry)
    own = {entry.record["receipt_id"] or "", entry.before.get("receipt_id") or ""} - {""}
    if entry.actor == entry.record["technician_id"]:
        for receipt_id in sorted(own):
            yield from _void_first_looks(write, receipt_id)
    for receipt_id in sorted(own | receipts_sharing(write, entry)):
        yield from judge_receipt(write, receipt_id)


def on_attachment(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A file arrived: the lines of the receipts that show it are judged again."""
    for receipt in receipts_with_files(write, [entry.record["sha256"]]):
        yield from judge_receipt(write, receipt["id"])


def on_trip_paper(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A report was filed: the lines of its trip are judged again."""
    if "filed" in (entry.after.get("status"), entry.before.get("status")):
        yield from _judge_trip(write, entry.record["trip_id"])


def on_trip(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A trip was planned anew: its lines are judged again."""
    yield from _judge_trip(write, entry.record_id)


def on_waiver(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A waiver was given, or is over: the line is judged again."""
    if not entry.changed("status") or "given" not in (entry.record["status"], entry.before.get("status")):
        return
    line = write.get("claim_line", entry.record["claim_line_id"])
    if line is not None:
        yield from judge_receipt(write, line["receipt_id"])


def on_withdrawal(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A receipt that was withdrawn from a returned claim is remembered as what it was handed in as."""
    if entry.op != "delete" or entry.record["status"] != "returned":
        return
    receipt = write.get("receipt", entry.record["receipt_id"])
    if receipt is not None and not receipt["handed_in_as"]:
        yield change_of("receipt", receipt, {"handed_in_as": receipt["category"]})


def judge_receipt(write: Transaction, receipt_id: str) -> Iterable[Change]:
    """Judge the open lines of a receipt. Where some of its tools are back, the line splits: their part moves on."""
    for line in write.find("claim_line", receipt_id=receipt_id):
        if line["status"] in NOT_JUDGED or line["reverses"]:
            continue
        # Note: held, so that a batch is not exported between this look at the line and what follows from it; and looked
        # at again, as somebody may have refused or paid it while this one waited.
        fresh = write.get("claim_line", line["id"], lock=True)
        if fresh is None or fresh["status"] in NOT_JUDGED:
            continue
        yield from _split(write, fresh)
        fresh = write.get("claim_line", line["id"]) or fresh
        yield from _judge_line(write, fresh)


def _judge_trip(write: Transaction, trip_id: str) -> Iterable[Change]:
    for receipt in write.find("receipt", trip_id=trip_id):
        yield from judge_receipt(write, receipt["id"])


def _judge_line(write: Transaction, line: Record) -> Iterable[Change]:
    findings = findings_of(write, line)
    status = judged_status(findings)
    changed: dict[str, Any] = {} if findings == line["findings"] else {"findings": findings}
    if line["status"] == "approved" and is_being_paid(write, line):
        status = "approved"  # the bank has been asked: what was found is told, and a mistake takes a counter-entry
    elif line["status"] == "approved" and status != "blocked" and not _has_new_doubt(line, findings):
        status = "approved"
    elif line["status"] == "approved":
        # Note: what the approval rested on is gone, so the approval is gone too.
        changed |= UNDECIDED
    elif line["endorsed_by"] and (status == "blocked" or _has_new_doubt(line, findings)):
        changed |= UNENDORSED
    if status != line["status"]:
        changed["status"] = status
    if changed:
        yield change_of("claim_line", line, changed)


def _has_new_doubt(line: Record, findings: list[dict[str, Any]]) -> bool:
    """Whether something now asks for a person that did not when the line was approved.

    Who approves in spite of a doubt says why: where nothing was said, there was none. Of what a waiver had lifted
    nothing was said either.
    """
    stood = [finding for finding in line["findings"] if not finding.get("waived")]
    known = {finding["code"] for finding in stood} if line["decision_note"].strip() else set()
    return any(
        finding["severity"] == "review" and not finding.get("waived") and finding["code"] not in known
        for finding in findings
    )


def _split(write: Transaction, line: Record) -> Iterable[Change]:
    """Divide a line of which only a part has come back: this line keeps that part, a new one waits for the rest."""
    part = _returned_for(write, line)
    if line["status"] == "approved" or not 0 < part < line["amount_minor"]:
        return
    rest = line["amount_minor"] - part
    yield change_of("claim_line", line, {"amount_minor": part})
    waiting = {name: line[name] for name in ("claim_id", "receipt_id", "note", "technician_id", "currency")}
    waiting |= {"amount_minor": rest, "status": "submitted", "split_from": line["id"]}
    yield Change(new_id(), "claim_line", new_id(), "create", waiting)


def _returned_for(write: Transaction, line: Record) -> int:
    """How much of a line the returned tools stand for, when its receipt's lines are served in their order.

    Lines that finance has decided on are served first; a receipt without tools is served whole.
    """
    purchases = purchases_of(write, line["receipt_id"])
    lines = [
        item
        for item in write.find("claim_line", receipt_id=line["receipt_id"])
        if item["claim_id"] == line["claim_id"] and not item["reverses"]
    ]
    total = sum(item["amount_minor"] for item in lines)
    receipt = write.get("receipt", line["receipt_id"]) or {"evidence": (), "fapiao_number": ""}
    divides = is_divisible(purchases, receipt["evidence"] or (), receipt["fapiao_number"])
    left = reimbursable_minor(total, purchases, is_divisible=divides)
    for item in sorted(lines, key=lambda item: (item["status"] not in DECIDED, item["id"])):
        if item["id"] == line["id"]:
            return max(0, min(left, int(line["amount_minor"])))
        left -= item["amount_minor"]
    return 0
