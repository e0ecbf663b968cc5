"""Which notices follow from a change to a claim, a line, a comment, a check-out or a waiver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.claims.delegations import holders_of
from server.claims.duties import holders
from server.claims.states import JUDGED, payable_minor
from server.receipts.records import ALLOWANCE
from sync.change import Change, Record, new_id
from sync.entity import Registry
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_EXCERPT = 200
_ON_THEIR_WAY = frozenset({"attachment_not_arrived"})
"""What a claim waits for only until its photos have followed it: nobody need be told when that is over."""


def follow_all(registry: Registry) -> None:
    """Tell people what concerns them."""
    registry.follow("claim", on_claim)
    registry.follow("claim_line", on_line)
    registry.follow("claim_line", on_endorsement)
    registry.follow("comment", on_comment)
    registry.follow("tool_issue", on_issue)
    registry.follow("waiver", on_waiver)
    registry.follow("bank_account", on_account)
    registry.follow("payment_batch", on_batch)


def on_claim(write: Transaction, entry: Entry) -> Iterable[Change]:
    """The claimant is told once that the claim has come back, however many of its lines are to be repaired."""
    if entry.op != "update" or entry.after.get("status") != "returned":
        return
    claim = entry.record
    reasons = [line["return_reason"] for line in write.find("claim_line", claim_id=claim["id"], status="returned")]
    about = {"purpose": _purpose(write, claim), "reason": reasons[0][:_EXCERPT] if reasons else ""}
    yield told(claim["technician_id"], "claim_returned", about, ("claim", claim["id"]), _cause(entry))


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """The claimant is told of a line that was refused, was paid, or is no longer blocked."""
    line, status = entry.record, entry.after.get("status")
    if entry.op != "update" or status not in ("refused", "paid", "clear") or _was_waived(entry):
        return
    if status == "paid":
        yield from _paid(write, line)
    elif status == "refused" or (
        entry.before["status"] == "blocked" and _stood_still(entry) and not _was_waived(entry)
    ):
        about = {"total": line["amount_minor"], "currency": line["currency"]}
        about |= _named(write.get("receipt", line["receipt_id"]))
        about |= {"reason": line["decision_note"][:_EXCERPT]} if status == "refused" else {}
        yield told(line["technician_id"], f"line_{status}", about, ("claim", line["claim_id"]), _cause(entry))


def on_endorsement(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Whoever may give the second approval above the limit is told of a line that waits for it, while it does."""
    if entry.op == "create" or not (entry.op == "delete" or entry.changed("endorsed_by", "status")):
        return
    line = entry.record
    is_waiting = entry.op == "update" and line["endorsed_by"] is not None and line["status"] in JUDGED
    if is_waiting and not entry.changed("endorsed_by"):
        return
    for notice in write.find("notice", target_id=line["id"], is_read=False):
        if notice["kind"] == "approval_asked":
            yield change_of("notice", notice, {"is_read": True})
    for person in _seconds_of(write, line) if is_waiting else ():
        yield told(person, "approval_asked", _about_endorsed(write, line), ("claim_line", line["id"]), _cause(entry))


def _seconds_of(write: Transaction, line: Record) -> list[str]:
    """Who may approve a line after finance did: the managers and who stands in for one, without another duty on it."""
    busy = {person for people in holders(write, line).values() for person in people}
    return [person for person in holders_of(write, "second") if person not in busy]


def _about_endorsed(write: Transaction, line: Record) -> dict[str, Any]:
    about = {"name": _name(write, line["endorsed_by"]), "person": _name(write, line["technician_id"])}
    about |= {"total": line["endorsed_minor"], "currency": line["currency"], "claim": line["claim_id"]}
    return about | _named(write.get("receipt", line["receipt_id"]))


def _named(receipt: Record | None) -> dict[str, str]:
    """What the claimant knows a line by: the seller of its receipt, or the days of an allowance."""
    if receipt is None or receipt["category"] != ALLOWANCE:
        return {"seller": receipt["seller_name"] if receipt else ""}
    return {"category": ALLOWANCE, "first": receipt["issued_on"], "last": receipt["allowance_until"]}


def on_comment(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Whom a comment names is told so; the claimant is told of every comment of others."""
    if entry.op != "create":
        return
    comment = entry.record
    about = {"writer": comment["writer_name"], "text": comment["text"][:_EXCERPT]}
    for person in dict.fromkeys([*comment["mentions"], comment["technician_id"]]):
        if person and person != comment["written_by"]:
            kind = "mentioned" if person in comment["mentions"] else "commented"
            yield told(person, kind, about, ("claim", comment["claim_id"]), _cause(entry))


def on_issue(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Reminders of a tool that is no longer out, or has got another day, are settled."""
    if entry.op != "update" or not entry.changed("status", "due_on"):
        return
    for notice in write.find("notice", target_id=entry.record["tool_unit_id"], is_read=False):
        if notice["kind"] in ("tool_due", "tool_overdue"):
            yield change_of("notice", notice, {"is_read": True})


def on_waiver(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Whoever may decide is told of a request, the claimant of its answer and of its end."""
    waiver, status = entry.record, entry.after.get("status")
    if status == "asked":
        for person in deciders_of(write, waiver):
            yield told(person, "waiver_asked", about_waiver(write, waiver), ("waiver", waiver["id"]), _cause(entry))
        return
    if status and entry.before.get("status") == "asked":
        for notice in write.find("notice", target_id=waiver["id"], is_read=False):
            yield change_of("notice", notice, {"is_read": True})
    if status in ("given", "refused", "taken_back", "expired"):
        reason = waiver["end_reason"] if status == "taken_back" else waiver["reason"]
        about = about_waiver(write, waiver) | {"reason": reason[:_EXCERPT]}
        yield told(waiver["technician_id"], f"waiver_{status}", about, claim_of(write, waiver), _cause(entry))


def on_account(write: Transaction, entry: Entry) -> Iterable[Change]:
    """The owner is told of an account that is not confirmed yet, and of one that a manager confirmed in their place;
    finance and the managers of one that its owner contests.
    """
    account = entry.record
    if entry.op == "delete" or not entry.changed("status", "account_number"):
        return
    owner, entered, judged = (_name(write, account[name]) for name in ("user_id", "entered_by", "judged_by"))
    about, target = {"tail": account["account_number"][-4:]}, ("bank_account", account["id"])
    if account["status"] == "unconfirmed" and account["entered_by"] != account["user_id"]:
        told_of = about | {"name": entered}
        yield told(account["user_id"], "account_unconfirmed", told_of, target, _cause(entry))
    elif account["status"] == "contested":
        told_of = about | {"name": entered, "person": owner, "owner": account["user_id"]}
        desks = [
            user["id"] for role in ("finance", "manager") for user in write.find("user", role=role, status="active")
        ]
        for person in desks:
            yield told(person, "account_contested", told_of, target, _cause(entry))
    elif account["status"] == "confirmed" and account["judged_by"] != account["user_id"]:
        told_of = about | {"name": judged, "reason": account["reason"][:_EXCERPT]}
        yield told(account["user_id"], "account_confirmed", told_of, target, _cause(entry))


def on_batch(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Managers are told of money that the bank was asked for and that can now be paid again: whoever says that the bank
    did not pay is often the one who pays.
    """
    batch = entry.record
    if entry.op != "update" or entry.before.get("status") == "draft":
        return
    released, by = _released(write, entry)
    if not released:
        return
    about = {"number": batch["number"], "currency": batch["currency"], "name": _name(write, by)}
    about |= {"total": sum(payment["amount_minor"] for payment in released), "reason": released[0]["reason"][:_EXCERPT]}
    for manager in write.find("user", role="manager", status="active"):
        yield told(manager["id"], "payment_released", about, ("payment_batch", batch["id"]), _cause(entry))


def _released(write: Transaction, entry: Entry) -> tuple[list[Record], str | None]:
    """The payments of an exported batch that were set free, each with the reason, and who said so."""
    batch = entry.record
    if entry.after.get("status") == "cancelled":
        waiting = [payment for payment in batch["payments"] if not payment["outcome"]]
        return [payment | {"reason": batch["reason"]} for payment in waiting], batch["cancelled_by"]
    known = {payment["reference"]: payment["outcome"] for payment in entry.before.get("payments") or ()}
    failed = [
        item for item in batch["payments"] if item["outcome"] == "failed" and not known.get(item["reference"], "-")
    ]
    result = write.get("payment_result", failed[0]["result_id"]) if failed else None
    return failed, result["imported_by"] if result else None


def deciders_of(write: Transaction, waiver: Mapping[str, Any]) -> list[str]:
    """Who may decide on a waiver today: not whom it is for."""
    return [person for person in holders_of(write, "waive") if person != waiver["technician_id"]]


def about_waiver(write: Transaction, waiver: Mapping[str, Any]) -> dict[str, Any]:
    """What the words of a notice say of a waiver."""
    line = write.get("claim_line", waiver["claim_line_id"])
    receipt = write.get("receipt", line["receipt_id"]) if line else None
    person = write.get("user", waiver["technician_id"])
    return {
        "name": person["display_name"] if person else "",
        **_named(receipt),
        "total": waiver["amount_minor"],
        "currency": waiver["currency"],
        "until": waiver["valid_until"],
        "reason": waiver["request"][:_EXCERPT],
    }


def claim_of(write: Transaction, waiver: Mapping[str, Any]) -> tuple[str, str | None]:
    """The claim that a waiver is about, as what a notice leads to."""
    line = write.get("claim_line", waiver["claim_line_id"])
    return ("claim", line["claim_id"]) if line else ("waiver", waiver["id"])


def told(person: str, kind: str, params: Mapping[str, Any], target: tuple[str, str | None], cause: str) -> Change:
    """The change that tells a person something."""
    fields: dict[str, Any] = {"person_id": person, "kind": kind, "params": dict(params), "cause": cause}
    fields |= {"target_entity": target[0], "target_id": target[1]}
    return Change(new_id(), "notice", new_id(), "create", fields)


def _paid(write: Transaction, line: Record) -> Iterable[Change]:
    """One notice for all lines of a claim that one payment pays: it follows each of them, reversals too."""
    amount, person = payable_minor(line), line["technician_id"]
    cause = f"paid:{line['claim_id']}:{line['payment_batch_id'] or line['id']}"
    known = write.find("notice", person_id=person, cause=cause)
    if known:
        about = known[0]["params"] | {"total": known[0]["params"]["total"] + amount}
        yield change_of("notice", known[0], {"params": about, "is_read": False})
    elif claim := write.get("claim", line["claim_id"]):
        about = {"purpose": _purpose(write, claim), "total": amount, "currency": line["currency"]}
        yield told(person, "claim_paid", about, ("claim", claim["id"]), cause)


def _stood_still(entry: Entry) -> bool:
    """Whether more blocked the line than what was on its way anyhow."""
    blocked = {finding["code"] for finding in entry.before.get("findings") or () if finding["severity"] == "block"}
    return bool(blocked - _ON_THEIR_WAY)


def _was_waived(entry: Entry) -> bool:
    """Whether a waiver has set the line free: its giving is told, and that is enough."""
    before = {finding["code"] for finding in entry.before.get("findings") or () if finding.get("waived")}
    return any(item.get("waived") and item["code"] not in before for item in entry.after.get("findings") or ())


def _cause(entry: Entry) -> str:
    return f"{entry.entity}:{entry.record_id}:{entry.version}"


def _name(write: Transaction, user_id: str | None) -> str:
    return str((write.get("user", user_id) or {}).get("display_name", ""))


def _purpose(write: Transaction, claim: Mapping[str, Any]) -> str:
    trip = write.get("trip", claim.get("trip_id"))
    return trip["purpose"] if trip else ""
