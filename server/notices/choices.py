"""What each person chooses: of what they are told by e-mail and web push too, and when they want quiet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Index

from server.notices.records import KINDS, OF_DECIDERS, OF_DESKS, OF_MANAGERS
from server.wire import IdField, ListField, RecordForm, RecordSchema, TextField, choice, record_table
from sync.change import Change, Record
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

# Note: plain characters only, and no line breaks: an address stands in a header.
_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_FIELDS = frozenset({"mail_address", "mail_kinds", "push_kinds", "quiet_from", "quiet_until"})
_KINDS_OF_ROLE = {
    "technician": tuple(kind for kind in KINDS if kind not in (*OF_DESKS, *OF_DECIDERS, *OF_MANAGERS)),
    "warehouse": ("mentioned", "tool_overdue"),
    "finance": ("mentioned", *OF_DESKS, *OF_DECIDERS),
    "manager": ("mentioned", *OF_DESKS, *OF_DECIDERS, *OF_MANAGERS),
}


class NoticeChoiceSchema(RecordSchema):
    """One person's choice. Quiet hours are times of the company's clock; where both are empty there are none.

    `push_kinds` counts where a phone is reached by web push; null, as long as the person has not chosen, is all.
    """

    owner_id = IdField()
    mail_address = TextField(200, pattern=_ADDRESS)
    mail_kinds = ListField(choice(*KINDS, required=True), len(KINDS))
    push_kinds = ListField(choice(*KINDS, required=True), len(KINDS), nullable=True)
    quiet_from = TextField(5, pattern=_CLOCK)
    quiet_until = TextField(5, pattern=_CLOCK)


class NoticeChoicePolicy(Policy):
    """Everybody chooses for themselves."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return _FIELDS

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if after["mail_kinds"] and not after["mail_address"]:
            raise Refused("invalid_fields", {"mail_address": ["required"]})
        if before is None and not write.actor.is_system and write.find("notice_choice", owner_id=write.actor.id):
            raise Refused("already_chosen")
        for one, other in (("quiet_from", "quiet_until"), ("quiet_until", "quiet_from")):
            if after[one] and not after[other]:
                raise Refused("invalid_fields", {other: ["required"]})
        return {"owner_id": write.actor.id} if before is None and not write.actor.is_system else {}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['owner_id']}"}


def choice_of(read: Transaction, person_id: str) -> Record:
    """What a person has chosen; without a choice, nothing goes by e-mail."""
    found = read.find("notice_choice", owner_id=person_id)
    return found[0] if found else dict(RecordForm(NoticeChoiceSchema).defaults)


def choose(write: Transaction, fields: Mapping[str, Any]) -> Record:
    """Keep the writing person's choice. Raises Refused."""
    write.lock(f"notice_choice:{write.actor.id}")
    known = write.find("notice_choice", owner_id=write.actor.id)
    return write.update("notice_choice", known[0], fields) if known else write.create("notice_choice", fields)


def wants_mail(chosen: Mapping[str, Any], kind: str) -> bool:
    """Whether a person who has chosen so wants a kind of notice by e-mail; without a choice, none."""
    return kind in (chosen.get("mail_kinds") or ())


def wants_push(chosen: Mapping[str, Any], kind: str) -> bool:
    """Whether a person who has chosen so wants a kind of notice on phones turned on for it; without a choice, all."""
    kinds = chosen.get("push_kinds")
    return kinds is None or kind in kinds


def kinds_for(role: str) -> tuple[str, ...]:
    """The kinds of notices that somebody of the role may get."""
    return _KINDS_OF_ROLE.get(role, ("mentioned",))


def quiet_ends(chosen: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the quiet hours that hold at `now` end (both by the company's clock); None where it is not quiet."""
    if not chosen["quiet_from"] or chosen["quiet_from"] == chosen["quiet_until"]:
        return None
    begin, end = (time.fromisoformat(chosen[name]) for name in ("quiet_from", "quiet_until"))
    at = now.time()
    is_quiet = begin <= at < end if begin < end else at >= begin or at < end
    if not is_quiet:
        return None
    return datetime.combine(now.date() + timedelta(1 if at >= end else 0), end, now.tzinfo)


notice_choices = record_table(
    "notice_choice",
    NoticeChoiceSchema,
    Index("uq_notice_choice_owner_id", "owner_id", unique=True),
)
ENTITIES = (
    Entity("notice_choice", notice_choices, RecordForm(NoticeChoiceSchema), NoticeChoicePolicy(), {"owner_id": "user"}),
)
