"""The company's limits, as records: each applies from a date on. The past is never edited, so a claim keeps the limits
of its days (REG-D3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Index

from server.claims.gathering import today
from server.claims.judgement import company_of, judge_receipt
from server.claims.rules.limits import DAY_KINDS, KINDS, LOWEST_TIER, SWITCH_KINDS
from server.places.divisions import all_divisions, prefecture_of
from server.receipts.records import ALLOWANCE, CATEGORIES
from server.wire import (
    DateField,
    IdField,
    InstantField,
    IntegerField,
    RecordForm,
    RecordSchema,
    TextField,
    choice,
    record_table,
)
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction

TIERS = tuple(str(tier) for tier in range(1, LOWEST_TIER + 1))
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "receipt": tuple(category for category in CATEGORIES if category != ALLOWANCE),
    "lodging_night": TIERS,
    "allowance_day": ("", *TIERS),
}
"""What a limit of a kind can be of, where it is of something; the tier of a city is of a prefecture.

An allowance that is of nothing holds in every city whose tier has none.
"""
_MOST_DAYS = 366


class LimitSchema(RecordSchema):
    """One limit from a date on. `value`: minor units, days or a tier; null lifts the limit from that date on."""

    kind = choice(*KINDS, required=True)
    subject = TextField(20)
    value = IntegerField(0, 10**10, nullable=True)
    applies_from = DateField(required=True)
    note = TextField(500)
    set_by = IdField()
    set_at = InstantField()


limits = record_table(
    "expense_limit",
    LimitSchema,
    Index("uq_expense_limit_kind", "kind", "subject", "applies_from", unique=True),
)


class LimitPolicy(Policy):
    """A manager sets limits from today on, or takes back one that does not apply yet. Everybody may know them."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may = write.actor.is_any("manager") and before is None
        return frozenset({"kind", "subject", "value", "applies_from", "note"}) if may else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if not _is_subject(after["kind"], after["subject"]):
            raise Refused("invalid_fields", {"subject": ["not_a_choice"]})
        if not _is_value(after["kind"], after["value"]):
            raise Refused("invalid_fields", {"value": ["out_of_range"]})
        if write.actor.is_system:
            return {}
        if after["applies_from"] < today(write.now, company_of(write)):
            raise Refused("limit_in_the_past", {"applies_from": ["limit_in_the_past"]})
        write.lock("limits")
        same = {name: after[name] for name in ("kind", "subject", "applies_from")}
        if write.find("limit", **same):
            raise Refused("limit_exists", {"applies_from": ["limit_exists"]})
        return {"set_by": write.actor.id, "set_at": instant(write.now)}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        return write.actor.is_any("manager") and record["applies_from"] > today(write.now, company_of(write))

    def buckets(self, record: Record) -> set[str]:
        return {"org"}


def on_limit(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A limit that applies from today on may change what is said of today's receipts."""
    for receipt in write.find("receipt", issued_on=entry.record["applies_from"]):
        yield from judge_receipt(write, receipt["id"])


def _is_subject(kind: str, subject: str) -> bool:
    if kind == "city_tier":
        return subject in all_divisions() and prefecture_of(subject) == subject
    return subject in SUBJECTS.get(kind, ("",))


def _is_value(kind: str, value: int | None) -> bool:
    if kind == "city_tier":
        return value in range(1, LOWEST_TIER + 1)
    if kind in SWITCH_KINDS:
        return value in (None, 1)
    return value is None or kind not in DAY_KINDS or value <= _MOST_DAYS


ENTITIES = (Entity("limit", limits, RecordForm(LimitSchema), LimitPolicy()),)
