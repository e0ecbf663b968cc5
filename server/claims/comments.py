"""Words between finance, the manager and the claimant, on a claim or on one of its lines.

A comment stands as it was written: nobody changes or removes one. It reaches the claimant's phone, finance, the
manager, and whoever it mentions by `@name`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Index, Select, String, and_, cast, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from server.wire import IdField, InstantField, JsonField, RecordForm, RecordSchema, TextField, record_table
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

_MENTION = re.compile(r"@([a-z0-9][a-z0-9._-]{0,63})")
_MOST_MENTIONS = 10


class CommentSchema(RecordSchema):
    """What somebody wrote; `mentions` are the ids of those it names, `writer_name` the writer as phones show them."""

    claim_id = IdField(required=True)
    claim_line_id = IdField()
    text = TextField(2000, required=True)
    technician_id = IdField()
    mentions = JsonField(list)
    written_by = IdField()
    writer_name = TextField(80)
    written_at = InstantField()


class CommentsSeenSchema(RecordSchema):
    """Up to when a person has seen a claim's comments: theirs alone."""

    claim_id = IdField(required=True)
    owner_id = IdField()
    seen_until = InstantField()


class CommentPolicy(Policy):
    """Whoever sees the claim may write; the claimant too, also without network."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if before is not None or not write.actor.is_any("technician", "finance", "manager"):
            return frozenset()
        return frozenset({"claim_id", "claim_line_id", "text"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        claim = write.get("claim", after["claim_id"])
        line = write.get("claim_line", after["claim_line_id"])
        writer = write.get("user", write.actor.id)
        if claim is None:
            raise Refused("parent_deleted", {"claim_id": ["parent_deleted"]})
        if line is not None and line["claim_id"] != claim["id"]:
            raise Refused("line_of_other_claim", {"claim_line_id": ["line_of_other_claim"]})
        return {
            "technician_id": claim["technician_id"],
            "mentions": mentioned(write, after["text"]),
            "written_by": write.actor.id,
            "writer_name": writer["display_name"] if writer else "",
            "written_at": instant(write.now),
        }

    def buckets(self, record: Record) -> set[str]:
        people = {record["technician_id"], *(record["mentions"] or ())}
        return {f"user:{person}" for person in people} | {"role:finance", "role:manager"}


class CommentsSeenPolicy(Policy):
    """Everybody marks for themselves; the server says up to when."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return frozenset({"claim_id", "seen_until"}) if write.actor.is_any("finance", "manager") else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        return {"seen_until": instant(write.now)} | ({"owner_id": write.actor.id} if before is None else {})

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['owner_id']}"}


def mentioned(write: Transaction, text: str) -> list[str]:
    """The ids of the active people whose names stand behind an @ in the text."""
    names = list(dict.fromkeys(_MENTION.findall(text.lower())))[:_MOST_MENTIONS]
    people = write.find_any("user", "username", names)
    return [person["id"] for person in people if person["status"] == "active"]


def mark_seen(write: Transaction, claim_id: str) -> None:
    """The writing person has seen all comments of a claim."""
    known = write.find("comments_seen", claim_id=claim_id, owner_id=write.actor.id)
    if known:
        write.update("comments_seen", known[0], {"seen_until": instant(write.now)})
    else:
        write.create("comments_seen", {"claim_id": claim_id})


def comments_of(read: Transaction, claim_id: str) -> list[Record]:
    """A claim's comments in their order, each with whether it is new to the one who reads."""
    found = [dict(row) for row in read.connection.execute(_of_claim(claim_id)).mappings()]
    query = select(comments.c.id).where(comments.c.claim_id == claim_id, is_new(read.actor.id))
    new = set(read.connection.scalars(query))
    return [comment | {"is_new": comment["id"] in new} for comment in found]


def claims_with_new(read: Transaction, claim_ids: Collection[str]) -> set[str]:
    """Those of the claims on which something new was written to the one who reads."""
    query = select(comments.c.claim_id).where(comments.c.claim_id.in_(claim_ids), is_new(read.actor.id))
    return set(read.connection.scalars(query)) if claim_ids else set()


def is_new(person_id: str) -> ColumnElement[bool]:
    """Whether a comment is for a person (the claimant's words, and those that name them) and was not seen by them."""
    seen = select(comments_seen.c.id).where(
        comments_seen.c.claim_id == comments.c.claim_id,
        comments_seen.c.owner_id == person_id,
        comments_seen.c.seen_until >= comments.c.written_at,
    )
    by_claimant = comments.c.written_by == comments.c.technician_id
    names_them = cast(comments.c.mentions, String).contains(person_id)
    return and_(comments.c.written_by != person_id, or_(by_claimant, names_them), not_(seen.exists()))


def _of_claim(claim_id: str) -> Select[Any]:
    return select(comments).where(comments.c.claim_id == claim_id).order_by(comments.c.written_at, comments.c.id)


comments = record_table(
    "comment",
    CommentSchema,
    Index("ix_comment_claim_id", "claim_id"),
    Index("ix_comment_written_at", "written_at"),
)
comments_seen = record_table(
    "comments_seen",
    CommentsSeenSchema,
    Index("uq_comments_seen_claim_id", "claim_id", "owner_id", unique=True),
)
ENTITIES = (
    Entity(
        "comment",
        comments,
        RecordForm(CommentSchema),
        CommentPolicy(),
        {"claim_id": "claim", "claim_line_id": "claim_line"},
    ),
    Entity("comments_seen", comments_seen, RecordForm(CommentsSeenSchema), CommentsSeenPolicy(), {"claim_id": "claim"}),
)
