"""Waivers as records: the claimant asks, a manager gives or refuses, and what was given ends by itself (REG-D3).

Who gives one is neither the claimant, nor who approves or pays the same line (`duties.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Index, select

from server.claims.delegations import on_behalf_of, rights_of
from server.claims.duties import refuse_second_duty
from server.claims.gathering import today
from server.claims.judgement import company_of, is_being_paid, waiver_ended
from server.claims.records import claim_lines
from server.claims.rules.tool_returned import CODES as OF_TOOLS
from server.claims.rules.waiving import (
    STATES,
    freed_minor,
    has_run_out,
    is_moot,
    last_day,
    may_ask,
    measure,
)
from server.claims.states import JUDGED
from server.wire import (
    DateField,
    IdField,
    InstantField,
    JsonField,
    ListField,
    RecordForm,
    RecordSchema,
    TextField,
    choice,
    currency,
    money,
    record_table,
    sha256,
)
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy, Registry
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_ASK = frozenset({"claim_line_id", "finding_code", "request", "attachments"})
_GIFT = frozenset({"claim_line_id", "finding_code", "reason", "valid_until"})
_STEPS: Mapping[Any, tuple[str, frozenset[str]]] = {
    "given": ("asked", frozenset({"status", "reason", "valid_until"})),
    "refused": ("asked", frozenset({"status", "reason"})),
    "taken_back": ("given", frozenset({"status", "end_reason"})),
}
"""What a manager does with a waiver: the state before, and what is written with it."""
_ENDS = JUDGED | {"approved"}
"""States of a line whose money has not gone: its waivers still end."""


class WaiverSchema(RecordSchema):
    """An exception to one finding of one line. `request` and `attachments` are the claimant's, `reason` the manager's.

    `valid_until` is its last day by the company's calendar; those given before waivers had one have none.
    It counts from `given_at`, which is empty again once it is over; `decided_at` stays.
    `amount_minor` is the line's, `freed_minor` what of it the waiver alone set free; `lifts` is how much of the finding
    there was when it was given (`rules/waiving.py`), nothing where that is not measured.
    """

    claim_line_id = IdField(required=True)
    finding_code = TextField(60, required=True)
    status = choice(*STATES, default="asked")
    request = TextField(1000)
    attachments = ListField(sha256(required=True), 20)
    asked_by = IdField()
    asked_at = InstantField()
    reason = TextField(1000)
    valid_until = DateField()
    technician_id = IdField()
    given_by = IdField()
    on_behalf_of = IdField()
    given_at = InstantField()
    refused_by = IdField()
    decided_at = InstantField()
    end_reason = TextField(1000)
    ended_by = IdField()
    ended_at = InstantField()
    article = TextField(20)
    amount_minor = money()
    freed_minor = money()
    lifts = JsonField(dict)
    currency = currency()


class WaiverPolicy(Policy):
    """The claimant asks and withdraws; whoever has the right to waive gives, refuses and takes back."""

    def hold(self, write: Transaction, change: Change) -> None:
        # Note: giving judges the claimant's lines again, so the claimant and the line are held before the waiver.
        waiver = write.get("waiver", change.record_id) or change.fields
        line_id = waiver.get("claim_line_id")
        line = write.get("claim_line", line_id) if isinstance(line_id, str) else None
        if line is not None:
            if not write.actor.is_any("technician"):
                write.lock(f"claimant:{line['technician_id']}")
            write.get("claim_line", line["id"], lock=True)

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if write.actor.is_any("technician"):
            if before is not None:
                _refuse_late(write, before, "asked")
            return _ASK if before is None else frozenset({"status"})
        if "waive" not in rights_of(write):
            return frozenset()
        if before is None:
            return _GIFT
        wanted = change.fields.get("status")
        needed, fields = _STEPS.get(wanted, ("", frozenset())) if isinstance(wanted, str) else ("", frozenset())
        if needed:
            _refuse_late(write, before, needed)
        return fields

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        line = write.get("claim_line", after["claim_line_id"], lock=True)
        if line is None:
            raise Refused("parent_deleted", {"claim_line_id": ["parent_deleted"]})
        if write.actor.is_any("technician"):
            return _withdraw(write, after) if before else _ask(write, after, line)
        if before is None:
            _refuse_open(write, after)
            return _give(write, after, line)
        if after["status"] == "given":
            return _give(write, after, line)
        return _refuse(write, after, line) if after["status"] == "refused" else _take_back(write, after, line)

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


def follow_all(registry: Registry) -> None:
    """Requests end with what they are about, and a new waiver takes the place of an older one."""
    registry.follow("claim_line", on_line)
    registry.follow("waiver", on_waiver)


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """What was asked for is moot once nothing stands in the way; the part of a line that still waits takes it over."""
    line = entry.record
    if entry.op != "update" or not entry.changed("status", "findings"):
        return
    ends = ("asked", "given") if line["status"] == "returned" else ("asked",)
    for waiver in write.find("waiver", claim_line_id=line["id"]):
        if waiver["status"] in ends and is_moot(waiver, line):
            rest = _rest_of(write, line) if waiver["finding_code"] in OF_TOOLS else None
            yield change_of("waiver", waiver, {"claim_line_id": rest["id"]} if rest else waiver_ended(write, "void"))


def on_waiver(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Of two waivers of one finding only the newer holds."""
    if entry.record["status"] != "given" or not entry.changed("status", "given_at"):
        return
    for other in _of_finding(write, entry.record):
        if other["status"] == "given" and other["id"] != entry.record_id:
            yield change_of("waiver", other, waiver_ended(write, "void"))


def due_to_end(write: Transaction) -> list[str]:
    """The ids of the given waivers whose last day is behind, on lines that still wait for their money."""
    day = today(write.now, company_of(write))
    known = waivers.c
    over = (known.status == "given") & (known.valid_until != "") & (known.valid_until < day)
    lines = known.claim_line_id.in_(select(claim_lines.c.id).where(claim_lines.c.status.in_(_ENDS)))
    return list(write.connection.scalars(select(known.id).where(over, lines).order_by(known.id)))


def end_one(write: Transaction, waiver_id: str) -> bool:
    """A waiver whose last day is behind is over, and its line is judged again. False where it is not so any more."""
    known = write.get("waiver", waiver_id)
    line = write.get("claim_line", known["claim_line_id"], lock=True) if known else None
    waiver = write.get("waiver", waiver_id, lock=True)
    if waiver is None or line is None or waiver["status"] != "given" or line["status"] not in _ENDS:
        return False
    if not has_run_out(waiver, today(write.now, company_of(write))) or is_being_paid(write, line):
        return False
    write.apply(change_of("waiver", waiver, waiver_ended(write, "expired")))
    return True


def _ask(write: Transaction, after: Record, line: Record) -> Mapping[str, Any]:
    if line["technician_id"] != write.actor.id:
        raise Refused("not_yours")
    if not after["request"].strip():
        raise Refused("reason_required", {"request": ["required"]})
    if line["status"] not in JUDGED:
        raise Refused("not_decidable", params={"status": line["status"]})
    _refuse_open(write, after)
    others = [other for other in _of_finding(write, after) if other["id"] != after["id"]]
    if not may_ask(after["finding_code"], line, others, today(write.now, company_of(write))):
        raise Refused("waiver_not_needed", {"finding_code": ["waiver_not_needed"]})
    return _about(line, after) | {"status": "asked", "asked_by": write.actor.id, "asked_at": instant(write.now)}


def _withdraw(write: Transaction, after: Record) -> Mapping[str, Any]:
    if after["status"] != "withdrawn":
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
    return waiver_ended(write, "withdrawn")


def _give(write: Transaction, after: Record, line: Record) -> Mapping[str, Any]:
    behalf = on_behalf_of(write, "waive")
    refuse_second_duty(write, line, "waive", behalf)
    if line["status"] not in JUDGED:
        raise Refused("not_decidable", params={"status": line["status"]})
    if after["finding_code"] not in {finding["code"] for finding in line["findings"]}:
        raise Refused("finding_unknown", {"finding_code": ["finding_unknown"]})
    if not after["reason"].strip():
        raise Refused("reason_required", {"reason": ["required"]})
    company = company_of(write)
    until = last_day(after["valid_until"], today(write.now, company), company.waiver_days)
    if not until:
        raise Refused("invalid_fields", {"valid_until": ["out_of_range"]})
    code, findings = after["finding_code"], line["findings"]
    lifted = {"freed_minor": freed_minor(int(line["amount_minor"]), findings, code), "lifts": measure(findings, code)}
    given = {"status": "given", "given_by": write.actor.id, "on_behalf_of": behalf, "valid_until": until}
    return _about(line, after) | given | _now(write, "given_at", "decided_at") | lifted


def _refuse(write: Transaction, after: Record, line: Record) -> Mapping[str, Any]:
    behalf = on_behalf_of(write, "waive")
    if line["technician_id"] in (write.actor.id, behalf):
        raise Refused("own_claim")
    if not after["reason"].strip():
        raise Refused("reason_required", {"reason": ["required"]})
    return {"refused_by": write.actor.id, "on_behalf_of": behalf, **_now(write, "decided_at")}


def _take_back(write: Transaction, after: Record, line: Record) -> Mapping[str, Any]:
    if line["technician_id"] == write.actor.id:
        raise Refused("own_claim")
    if line["status"] not in _ENDS or is_being_paid(write, line):
        raise Refused("not_decidable", params={"status": line["status"]})
    if not after["end_reason"].strip():
        raise Refused("reason_required", {"end_reason": ["required"]})
    return waiver_ended(write, "taken_back")


def _refuse_late(write: Transaction, before: Record, needed: str) -> None:
    """Of two who act at one moment, the later is told who was first. Raises Refused("waiver_decided")."""
    if before["status"] != needed:
        by = before["ended_by"] or before["refused_by"] or before["given_by"]
        name = (write.get("user", by) or {}).get("display_name", "")
        raise Refused("waiver_decided", params={"name": name, "status": before["status"]})


def _refuse_open(write: Transaction, after: Record) -> None:
    if any(other["status"] == "asked" and other["id"] != after["id"] for other in _of_finding(write, after)):
        raise Refused("waiver_open", {"finding_code": ["waiver_open"]})


def _of_finding(write: Transaction, waiver: Record) -> list[Record]:
    known = write.find("waiver", claim_line_id=waiver["claim_line_id"])
    return [other for other in known if other["finding_code"] == waiver["finding_code"]]


def _rest_of(write: Transaction, line: Record) -> Record | None:
    """The part of a split line that still waits for its tools."""
    parts = write.find("claim_line", claim_id=line["claim_id"])
    waiting = [part for part in parts if part["split_from"] == line["id"] and part["status"] in ("submitted", *JUDGED)]
    return waiting[-1] if waiting else None


def _about(line: Record, waiver: Record) -> dict[str, Any]:
    found = [finding for finding in line["findings"] or () if finding["code"] == waiver["finding_code"]]
    article = str(found[0].get("article", "")) if found else ""
    about = {name: line[name] for name in ("technician_id", "amount_minor", "currency")}
    return about | {"article": article[:20]}


def _now(write: Transaction, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, instant(write.now))


waivers = record_table(
    "waiver",
    WaiverSchema,
    Index("ix_waiver_claim_line_id", "claim_line_id"),
    Index("ix_waiver_status", "status"),
)
ENTITIES = (Entity("waiver", waivers, RecordForm(WaiverSchema), WaiverPolicy(), {"claim_line_id": "claim_line"}),)
