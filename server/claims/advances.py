"""Advances: money given to a technician before a trip. Finance records it; approved lines are set off against it, so
that only the rest is paid out, and what was not spent is owed back (REG-D3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index

from server.claims.duties import refuse_own
from server.claims.judgement import is_being_paid
from server.claims.states import payable_minor, stands
from server.wire import (
    DateField,
    IdField,
    InstantField,
    IntegerField,
    RecordForm,
    RecordSchema,
    TextField,
    currency,
    money,
    record_table,
)
from sync.change import Change, Record, instant, is_id
from sync.entity import Entity, Policy, Registry
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of


class AdvanceSchema(RecordSchema):
    """What was given for a trip, and how much of it came back in money."""

    trip_id = IdField(required=True)
    amount_minor = IntegerField(1, 10**10, required=True)
    currency = currency()
    paid_on = DateField(required=True)
    reference = TextField(80)
    note = TextField(500)
    returned_minor = money()
    technician_id = IdField()
    recorded_by = IdField()
    recorded_at = InstantField()


advances = record_table("advance", AdvanceSchema, Index("ix_advance_trip_id", "trip_id"))


@dataclass(frozen=True)
class Balance:
    """How a trip's advances stand, in minor units: given, come back, set off against lines, and owed back still."""

    given_minor: int
    returned_minor: int
    set_off_minor: int
    approved_minor: int
    to_pay_minor: int

    @property
    def owed_minor(self) -> int:
        """What the technician holds of the company's money."""
        return self.given_minor - self.returned_minor - self.set_off_minor


class AdvancePolicy(Policy):
    """Finance records what it gave, and what came back; nobody for themselves, and never more than there is."""

    def hold(self, write: Transaction, change: Change) -> None:
        named = change.fields.get("trip_id")  # nobody has checked it yet
        trip_id = named if is_id(named) else (write.get("advance", change.record_id) or {}).get("trip_id")
        trip = write.get("trip", trip_id)
        if trip is not None:
            write.lock(f"claimant:{trip['technician_id']}")

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("finance"):
            return frozenset()
        new = frozenset({"trip_id", "amount_minor", "paid_on", "reference", "note"})
        return new if before is None else frozenset({"returned_minor", "note"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        trip = write.get("trip", after["trip_id"])
        if trip is None:
            raise Refused("parent_deleted", {"trip_id": ["parent_deleted"]})
        refuse_own(write, trip["technician_id"])
        if before is None:
            by = {"recorded_by": write.actor.id, "recorded_at": instant(write.now)}
            return by | {"technician_id": trip["technician_id"]}
        came_back = after["returned_minor"] - before["returned_minor"]
        standing = [line for line in lines_of_trip(write, trip["id"]) if stands(line)]
        fixed = sum(line["set_off_minor"] for line in standing if _is_fixed(write, line))
        held = sum(item["amount_minor"] - item["returned_minor"] for item in _of_trip(write, before)) - fixed
        if came_back < 0 or after["returned_minor"] > after["amount_minor"] or came_back > held:
            raise Refused("more_than_owed", {"returned_minor": ["out_of_range"]})
        return {}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:finance", "role:manager"}


def balance_of(read: Transaction, trip_id: str) -> Balance:
    """How the advances of a trip stand against its lines."""
    given = read.find("advance", trip_id=trip_id)
    lines = [line for line in lines_of_trip(read, trip_id) if line["status"] in ("approved", "paid") and stands(line)]
    return Balance(
        given_minor=sum(item["amount_minor"] for item in given),
        returned_minor=sum(item["returned_minor"] for item in given),
        set_off_minor=sum(line["set_off_minor"] for line in lines),
        approved_minor=sum(line["approved_minor"] for line in lines),
        to_pay_minor=sum(payable_minor(line) for line in lines if line["status"] == "approved"),
    )


def lines_of_trip(read: Transaction, trip_id: str) -> list[Record]:
    """The lines of all claims of a trip."""
    return read.find_any("claim_line", "claim_id", [claim["id"] for claim in read.find("claim", trip_id=trip_id)])


def follow_all(registry: Registry) -> None:
    """Set lines off anew whenever an advance or a decision changes."""
    registry.follow("advance", on_advance)
    registry.follow("claim_line", on_line)


def on_advance(write: Transaction, entry: Entry) -> Iterable[Change]:
    """More money, or less of it: lines that are not paid yet are set off anew."""
    yield from _set_off(write, entry.record["trip_id"])


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A line was approved, or its approval is gone: the advance is shared out anew."""
    if not entry.changed("status", "approved_minor", "reversed_by") or entry.op == "create":
        return
    claim = write.get("claim", entry.record["claim_id"])
    if claim is not None and write.find("advance", trip_id=claim["trip_id"]):
        yield from _set_off(write, claim["trip_id"])


def _set_off(write: Transaction, trip_id: str) -> Iterable[Change]:
    """Share the trip's advances out over its approved lines, in the order of approval. What is paid stays as it is."""
    given = write.find("advance", trip_id=trip_id)
    left = sum(item["amount_minor"] - item["returned_minor"] for item in given)
    money_of = {item["currency"] for item in given}
    open_lines = []
    for line in lines_of_trip(write, trip_id):
        held = write.get("claim_line", line["id"], lock=True) or line
        if held["reverses"] or held["reversed_by"]:
            continue  # its part is owed again
        if _is_fixed(write, held):
            left -= held["set_off_minor"]
        else:
            open_lines.append(held)
    for line in sorted(open_lines, key=lambda item: (item["decided_at"] or "", item["id"])):
        may = line["status"] == "approved" and line["currency"] in money_of
        part = max(0, min(left, line["approved_minor"])) if may else 0
        left -= part
        if part != (line["set_off_minor"] or 0):
            yield change_of("claim_line", line, {"set_off_minor": part})


def _is_fixed(write: Transaction, line: Record) -> bool:
    """Whether the line's money is gone, or the bank was asked for it."""
    return line["status"] == "paid" or is_being_paid(write, line)


def _of_trip(write: Transaction, advance: Record) -> list[Record]:
    return write.find("advance", trip_id=advance["trip_id"])


ENTITIES = (Entity("advance", advances, RecordForm(AdvanceSchema), AdvancePolicy(), {"trip_id": "trip"}),)
