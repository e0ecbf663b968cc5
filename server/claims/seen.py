"""What a person had in front of them when they decided: a decision is of that, or of nothing (REG-D3)."""

from __future__ import annotations

from collections.abc import Iterable

from server.claims.judgement import lock_facts
from server.claims.states import DECIDED
from sync.change import Record, is_id
from sync.errors import Refused
from sync.transaction import Transaction


def seen_of(line: Record, receipt: Record, purchases: Iterable[Record]) -> str:
    """A line as it is now, as a short text: its state, and the versions of it, its receipt and its tools."""
    versions = (line["version"], receipt.get("version", 0), *(item["version"] for item in purchases))
    return ".".join((line["status"], *map(str, versions)))


def as_seen(write: Transaction, line_id: str, seen: str) -> Record:
    """The line that a person decides on, held with what it rests on.

    Raises Refused where it is no longer as they saw it: who was first, or `line_changed`.
    """
    found = write.get("claim_line", line_id)
    if found is None:
        raise Refused("line_changed")
    # Note: the claimant is held before the line, as whoever judges their lines does.
    write.lock(f"claimant:{found['technician_id']}")
    line = write.get("claim_line", line_id, lock=True) or found
    lock_facts(write, line)
    purchases = write.find("tool_purchase", receipt_id=line["receipt_id"])
    if seen_of(line, write.get("receipt", line["receipt_id"]) or {}, purchases) == seen:
        return line
    if line["status"] in DECIDED | {"returned"} and not seen.startswith(f"{line['status']}."):
        raise already_decided(write, line)
    raise Refused("line_changed")


def all_as_seen(write: Transaction, claim_id: str, pairs: Iterable[str]) -> list[Record]:
    """The lines of a claim that were shown, given as `line id:as it was seen`."""
    asked = sorted(text.partition(":") for text in pairs)
    lines = [as_seen(write, line_id, seen) for line_id, _, seen in asked if is_id(line_id)]
    if any(line["claim_id"] != claim_id for line in lines):
        raise Refused("line_changed")
    return lines


def already_decided(write: Transaction, line: Record) -> Refused:
    """What the later of two people is told: who was first, and what they decided."""
    by = {"paid": line["paid_by"], "returned": line["returned_by"]}.get(line["status"], line["decided_by"])
    user = write.get("user", by) or {}
    return Refused("already_decided", params={"name": user.get("display_name", ""), "status": line["status"]})
