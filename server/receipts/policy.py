"""Who may write receipts: the technician captures, the server reads, finance adds what a person saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.claims.allowances import hold_days, is_allowance, refuse_changing_kind, settle_allowance
from server.claims.duties import refuse_own
from server.claims.states import stands
from server.receipts.fapiao import identity_of
from server.receipts.readings import standing
from server.receipts.records import EvidenceSchema, ReadingSchema, ReceiptSchema, evidence, readings, receipts
from server.wire import RecordForm
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_OPEN_FIELDS = ReceiptSchema.names() - {
    "technician_id",
    "identity",
    "evidence",
    "reading_status",
    "handed_in_as",
    "allowance_days",
}
_REPAIRABLE = {"draft", "returned", "blocked", "needs_review", "refused"}
"""The states of a claim line in which its receipt may still be mended."""


class ReceiptPolicy(Policy):
    """The technician's own; what it says of its place is worked out anew at each change (REG-D3)."""

    def hold(self, write: Transaction, change: Change) -> None:
        if change.op == "update":
            hold_days(write, write.get("receipt", change.record_id))

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is None:
            return _OPEN_FIELDS
        if before["technician_id"] != write.actor.id:
            return frozenset()
        lines = write.find("claim_line", receipt_id=before["id"])
        if any(stands(line) and line["status"] not in _REPAIRABLE for line in lines):
            raise Refused("receipt_claimed")
        return _OPEN_FIELDS

    def prepare(self, write: Transaction, changes: Sequence[Change]) -> None:
        files = {sha256 for change in changes for sha256 in _files_in(change)}
        identities = {_identity_in(change) for change in changes} - {""}
        write.lock(*(f"file:{sha256}" for sha256 in files), *(f"identity:{identity}" for identity in identities))
        write.look_up("receipt", "identity", identities)
        write.look_up("claim_line", "receipt_id", [change.record_id for change in changes if change.op != "create"])
        write.look_up("receipt", "attachments", files)
        write.look_up("reading", "sha256", files)
        write.look_up("attachment", "sha256", files)

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if before is None:
            after["technician_id"] = write.actor.id
        else:
            _refuse_moving(write, before, after)
            after["handed_in_as"] = before["handed_in_as"] or _handed_in_as(write, before, after)
        refuse_changing_kind(before, after)
        if is_allowance(after):
            settled: Record = {"technician_id": after["technician_id"]} | settle_allowance(write, before, after)
            return settled | {"identity": "", "evidence": [], "reading_status": "read"}
        # Note: a file that arrives at this moment is seen by one of the two transactions.
        write.lock(*(f"file:{sha256}" for sha256 in after["attachments"]))
        known = standing(write, after)
        # Note: two receipts with one identity are judged one after the other, never side by side.
        if known["identity"]:
            write.lock(f"identity:{known['identity']}")
        return {name: after[name] for name in ("technician_id", "handed_in_as")} | {"allowance_until": ""} | known

    def may_delete(self, write: Transaction, record: Record) -> bool:
        is_free = not write.find("claim_line", receipt_id=record["id"])
        has_tools = bool(write.find("tool_purchase", receipt_id=record["id"]))
        return record["technician_id"] == write.actor.id and is_free and not has_tools

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


def _handed_in_as(write: Transaction, before: Record, after: Record) -> str:
    """The category that a receipt was handed in with, when it gets another: its limits hold on (REG-D3)."""
    lines = write.find("claim_line", receipt_id=before["id"])
    was_handed_in = any(line["status"] != "draft" for line in lines)
    return str(before["category"]) if was_handed_in and before["category"] != after["category"] else ""


def _refuse_moving(write: Transaction, before: Record, after: Record) -> None:
    """A receipt that a line names keeps its trip and its currency: receipts share limits by them."""
    moved = [name for name in ("trip_id", "currency") if before[name] != after[name]]
    if moved and write.find("claim_line", receipt_id=after["id"]):
        raise Refused("receipt_claimed", {name: ["receipt_claimed"] for name in moved})


class EvidencePolicy(Policy):
    """What finance read off a picture; never of one's own receipt, and never changed afterwards."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may = write.actor.is_any("finance") and before is None
        return frozenset({"receipt_id", "kind", "division_code", "note"}) if may else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        receipt = write.get("receipt", after["receipt_id"], lock=True)
        if receipt is None:
            raise Refused("parent_deleted", {"receipt_id": ["parent_deleted"]})
        refuse_own(write, receipt["technician_id"])
        return {
            "technician_id": receipt["technician_id"],
            "read_by": write.actor.id,
            "read_at": instant(write.now),
        }

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


class ReadingPolicy(Policy):
    """Written by the server alone; for those who decide."""

    def buckets(self, record: Record) -> set[str]:
        return {"role:finance", "role:manager"}


def add_reading(write: Transaction, entry: Entry) -> Iterable[Change]:
    """What a person read joins the receipt's evidence, under their name."""
    receipt = write.get("receipt", entry.record["receipt_id"], lock=True)
    if receipt is None:
        return
    item = {
        "kind": "reviewer",
        "value": entry.record["note"],
        "source": entry.record["read_by"],
        "division": entry.record["division_code"],
        "granularity": _depth(entry.record["division_code"]),
        "seen": receipt["attachments"],
    }
    yield change_of("receipt", receipt, {"evidence": [*receipt["evidence"], item]})


def _files_in(change: Change) -> list[str]:
    """The files that a change which nobody has checked yet names."""
    named = change.fields.get("attachments")
    return [item for item in named if isinstance(item, str)] if isinstance(named, list) else []


def _identity_in(change: Change) -> str:
    code, number = (change.fields.get(name) for name in ("fapiao_code", "fapiao_number"))
    return identity_of(code if isinstance(code, str) else "", number) if isinstance(number, str) else ""


def _depth(code: str) -> str:
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


ENTITIES = (
    Entity("receipt", receipts, RecordForm(ReceiptSchema), ReceiptPolicy(), {"trip_id": "trip"}, ("attachments",)),
    Entity("reading", readings, RecordForm(ReadingSchema), ReadingPolicy()),
    Entity("evidence", evidence, RecordForm(EvidenceSchema), EvidencePolicy(), {"receipt_id": "receipt"}),
)
