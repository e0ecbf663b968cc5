"""Who may write receipts: the technician captures, the server reads, finance adds what a person saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.claims.states import stands
from server.receipts.readings import standing
from server.receipts.records import EvidenceSchema, ReadingSchema, ReceiptSchema, evidence, readings, receipts
from server.wire import RecordForm
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_SERVER_FIELDS = {"technician_id", "identity", "evidence", "reading_status"}
_REPAIRABLE = {"draft", "returned", "blocked", "needs_review", "refused"}
"""The states of a claim line in which its receipt may still be mended."""


class ReceiptPolicy(Policy):
    """The technician's own; what it says of its place is worked out anew at each change (REG-D3)."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is None:
            return frozenset(ReceiptSchema().fields) - _SERVER_FIELDS
        if before["technician_id"] != write.actor.id:
            return frozenset()
        lines = write.find("claim_line", receipt_id=before["id"])
        if any(stands(line) and line["status"] not in _REPAIRABLE for line in lines):
            raise Refused("receipt_claimed")
        return frozenset(ReceiptSchema().fields) - _SERVER_FIELDS

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if before is None:
            after["technician_id"] = write.actor.id
        elif before["trip_id"] != after["trip_id"] and write.find("claim_line", receipt_id=after["id"]):
            raise Refused("receipt_claimed", {"trip_id": ["receipt_claimed"]})
        # Note: a file that arrives at this moment is seen by one of the two transactions.
        for sha256 in sorted(after["attachments"]):
            write.lock(f"file:{sha256}")
        known = standing(write, after)
        # Note: two receipts with one identity are judged one after the other, never side by side.
        if known["identity"]:
            write.lock(f"identity:{known['identity']}")
        return {"technician_id": after["technician_id"]} | known

    def may_delete(self, write: Transaction, record: Record) -> bool:
        is_free = not write.find("claim_line", receipt_id=record["id"])
        has_tools = bool(write.find("tool_purchase", receipt_id=record["id"]))
        return record["technician_id"] == write.actor.id and is_free and not has_tools

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


class EvidencePolicy(Policy):
    """What finance read off a picture; never of one's own receipt, and never changed afterwards."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may = write.actor.is_any("finance") and before is None
        return frozenset({"receipt_id", "kind", "division_code", "note"}) if may else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        receipt = write.get("receipt", after["receipt_id"], lock=True)
        if receipt is None:
            raise Refused("parent_deleted", {"receipt_id": ["parent_deleted"]})
        if receipt["technician_id"] == write.actor.id:
            raise Refused("own_claim")
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


def _depth(code: str) -> str:
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


ENTITIES = (
    Entity("receipt", receipts, RecordForm(ReceiptSchema), ReceiptPolicy(), {"trip_id": "trip"}),
    Entity("reading", readings, RecordForm(ReadingSchema), ReadingPolicy()),
    Entity("evidence", evidence, RecordForm(EvidenceSchema), EvidencePolicy(), {"receipt_id": "receipt"}),
)
