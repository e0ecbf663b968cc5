"""Notices: what a person is told of, each once, with the record that it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Index

from server.wire import (
    FlagField,
    IdField,
    InstantField,
    JsonField,
    RecordForm,
    RecordSchema,
    TextField,
    choice,
    record_table,
)
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.transaction import Transaction

KINDS = (
    "claim_returned",
    "line_clear",
    "line_refused",
    "claim_paid",
    "account_unconfirmed",
    "account_confirmed",
    "account_contested",
    "commented",
    "mentioned",
    "tool_due",
    "tool_overdue",
    "waiver_given",
    "waiver_refused",
    "waiver_taken_back",
    "waiver_ends_soon",
    "waiver_expired",
    "approval_asked",
    "waiver_asked",
    "waiver_waiting",
    "waiver_report",
    "payment_released",
)
OF_DESKS = ("account_contested",)
"""What finance and the managers are told of."""
OF_MANAGERS = ("waiver_report", "payment_released")
"""What managers alone are told of."""
OF_DECIDERS = ("approval_asked", "waiver_asked", "waiver_waiting")
"""What whoever may decide on it is told of: a second approval above the limit, a waiver."""


class NoticeSchema(RecordSchema):
    """`cause` names what it tells of, so that nobody is told of the same thing twice; `params` fill the words."""

    person_id = IdField(required=True)
    kind = choice(*KINDS, required=True)
    params = JsonField(dict)
    target_entity = TextField(40)
    target_id = IdField()
    cause = TextField(200)
    made_at = InstantField()
    is_read = FlagField()
    read_at = InstantField()


class NoticePolicy(Policy):
    """Only the system makes notices; whom one is for marks it as read.

    `is_read` and not the moment is what a person writes: two phones that read the same notice then agree.
    """

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return frozenset({"is_read"}) if before is not None else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if before is None:
            return {"made_at": instant(write.now)}
        if before["is_read"] == after["is_read"]:
            return {}
        return {"read_at": instant(write.now) if after["is_read"] else ""}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['person_id']}"}


notices = record_table(
    "notice",
    NoticeSchema,
    Index("uq_notice_cause", "person_id", "cause", unique=True),
    Index("ix_notice_is_read", "person_id", "is_read"),
    Index("ix_notice_target_id", "target_id"),
)
ENTITIES = (Entity("notice", notices, RecordForm(NoticeSchema), NoticePolicy(), {"person_id": "user"}),)
