"""The engine: push and pull for devices, one transaction for everyone else who writes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from sync import feed, journal
from sync.actor import Actor
from sync.audience import heard
from sync.change import Change, is_id, parse_change
from sync.cursor import Cursor, decode
from sync.database import Database
from sync.entity import Registry
from sync.errors import CursorUnknown, Refused
from sync.facts import FORM, Durability, read_facts
from sync.feed import Item, Page
from sync.transaction import Transaction
from sync.verdict import Verdict, duplicate, refusal

ATTEMPTS = 12
T = TypeVar("T")
_RETRY_STATES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock detected


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Engine:
    """All reads and writes of records go through here."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        *,
        is_replicated: bool = False,
        settings: object = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.database = database
        self.registry = registry
        self.is_replicated = is_replicated
        self.settings = settings
        """What the domains need to know of the company; the engine does not look into it."""
        self.clock = clock

    # Writing

    def write(self, actor: Actor, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction and commit it whole. Raises Refused, and then nothing was written.

        `work` may run again when the database asks for it, so it must not act outside the transaction.
        """
        return self._attempt(actor, lambda write: (work(write), write.seal())[0])

    def push(self, actor: Actor, changes: Sequence[object]) -> list[Verdict]:
        """Apply changes from a device in their order, each on its own; one bad change never stops the others.

        The same push sent again changes nothing and gives the first verdicts again.
        """
        return self.push_and_stand(actor, changes)[0]

    def push_and_stand(self, actor: Actor, changes: Sequence[object]) -> tuple[list[Verdict], Durability]:
        """As `push`, with where the server stands afterwards."""
        return self._attempt(actor, lambda write: (_push(write, changes), write.stand()))

    def _attempt(self, actor: Actor, work: Callable[[Transaction], T]) -> T:
        is_careful = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.database.write() as connection:
                    return work(Transaction(self, connection, actor, is_careful=is_careful))
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _may_retry(error):
                    raise
                is_careful = is_careful or isinstance(error, IntegrityError)
                # Note: of two that wait for each other PostgreSQL ends one; it must not meet the other again at once.
                time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 (no secret)
        raise AssertionError("unreachable")

    # Reading

    def pull(self, actor: Actor, cursor: str | None, limit: int) -> Page:
        """The next records in the actor's scope. Raises CursorUnknown: then pull from zero, without a cursor."""
        with self.database.read() as connection:
            return self.pull_in(connection, actor, cursor, limit)

    def pull_in(self, connection: Connection, actor: Actor, cursor: str | None, limit: int) -> Page:
        """As `pull`, in a read that has begun."""
        facts = read_facts(connection)
        stand, newest = self.stand_of(facts), int(facts.get("head_seq", "0"))
        # Note: where an upgrade gave stored records fields that no feed speaks of, devices read them all again.
        scope = actor.scope + facts.get(FORM, "")
        start = decode(cursor, stand.epoch, scope) if cursor else Cursor(stand.epoch, scope, 0, newest)
        if start.seq > newest:
            raise CursorUnknown
        if start.seq == newest:
            return Page([], start, more=False, stand=stand)
        return feed.pull(connection, self.registry, heard(actor.buckets, facts), start, limit, stand, newest)

    def newest(self, actor: Actor, entities: Collection[str], limit: int) -> list[Item]:
        """The newest records of some kinds in the actor's scope, newest first. They come again in the pull."""
        with self.database.read() as connection:
            buckets = heard(actor.buckets, read_facts(connection))
            return feed.newest(connection, self.registry, buckets, entities, limit)

    def missing(self, actor: Actor, records: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """Which of the records `{entity, id, version}` the server does not hold for this actor, or holds older."""
        with self.database.read() as connection:
            read = Transaction(self, connection, actor)
            return [
                {"entity": str(item["entity"]), "id": str(item["id"])}
                for item in records
                if not _holds(read, str(item["entity"]), str(item["id"]), int(item.get("version") or 0))
            ]

    def durability(self) -> Durability:
        """The epoch and the newest durable seq."""
        with self.database.read() as connection:
            return self.stand_of(read_facts(connection))

    def stand_of(self, facts: Mapping[str, str]) -> Durability:
        """The epoch and the newest durable seq, by the facts of a transaction."""
        durable = facts.get("head_seq" if self.is_replicated else "durable_seq", "0")
        return Durability(facts.get("epoch", ""), int(durable))


def _may_retry(error: DBAPIError) -> bool:
    # Note: a journal row of the same change id, written at the same moment by another device, is found on retry.
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _RETRY_STATES


def _push(write: Transaction, raw_changes: Sequence[object]) -> list[Verdict]:
    # Note: one push of a person at a time, so that the same push sent twice at once is seen as a duplicate.
    write.lock(f"push:{write.actor.id}")
    parsed = [_parsed(raw) for raw in raw_changes]
    changes = [change for change in parsed if isinstance(change, Change)]
    batch = Batch(journal.find(write.connection, [change.change_id for change in changes]))
    write.prepare(change for change in changes if change.change_id not in batch.seen)
    verdicts = [batch.judge(write, raw, change) for raw, change in zip(raw_changes, parsed, strict=True)]
    seqs = write.seal()
    for verdict in verdicts:
        verdict.seq = seqs.get(verdict.change_id, verdict.seq)
    return verdicts


def _parsed(raw: object) -> Change | Refused:
    try:
        return parse_change(raw)
    except Refused as refused:
        return refused


class Batch:
    """The changes of one push while they are judged. `seen` holds the journal's entries of those sent before."""

    def __init__(self, seen: Mapping[str, Any]) -> None:
        self.seen = seen
        self.applied: set[str] = set()
        self.broken: set[str] = set()
        """The records whose changes were not applied: what builds on them is held."""

    def judge(self, write: Transaction, raw: object, change: Change | Refused) -> Verdict:
        """What becomes of one change."""
        if isinstance(change, Refused):
            self.broken |= _named_record(raw)
            return refusal(_named_change(raw), change)
        if change.change_id in self.seen:
            return _again(write.actor, change, self.seen[change.change_id])
        if change.change_id in self.applied:
            return refusal(change.change_id, Refused("change_id_reused"))
        if self.broken and not self.broken.isdisjoint(_builds_on(change)):
            self.broken.add(change.record_id)
            return Verdict(change.change_id, "held", code="depends_on_rejected")
        try:
            entry = _apply(write, change)
        except Refused as refused:
            self.broken.add(change.record_id)
            return refusal(change.change_id, refused, _visible(write, change))
        self.applied.add(change.change_id)
        return Verdict(change.change_id, "merged" if entry.status == "merged" else "applied", version=entry.version)


def _apply(write: Transaction, change: Change) -> journal.Entry:
    try:
        return write.apply(change)
    except IntegrityError:
        # Note: in one that is not careful an earlier change may be what the tables refuse now, outside of this one's
        # savepoint; all is judged again, with care.
        if not write.is_careful:
            raise
        # Note: another writer made the same thing at the same moment; the policy sees it now and says so.
        try:
            return write.apply(change)
        except IntegrityError as error:
            raise Refused("not_unique") from error


def _again(actor: Actor, change: Change, row: Any) -> Verdict:
    if row.actor != actor.id or row.request_hash != change.digest():
        return refusal(change.change_id, Refused("change_id_reused"))
    return duplicate(row)


def _visible(write: Transaction, change: Change) -> dict[str, Any] | None:
    """The server's record beside a refusal, for one who may see it."""
    if change.entity not in write.engine.registry.entities:
        return None
    record = write.get(change.entity, change.record_id)
    return record if record and write.sees(change.entity, record) else None


def _builds_on(change: Change) -> set[str]:
    """The record of the change, and every id that its fields name."""
    return {change.record_id} | {value for value in change.fields.values() if is_id(value)}


def _named_change(raw: object) -> str:
    named = raw.get("change_id") if isinstance(raw, Mapping) else None
    return re.sub(r"[^\x20-\x7e]", "?", named)[:64] if isinstance(named, str) else ""


def _named_record(raw: object) -> set[str]:
    named = raw.get("record_id") if isinstance(raw, Mapping) else None
    return {str(named)} if is_id(named) else set()


def _holds(read: Transaction, entity: str, record_id: str, version: int) -> bool:
    if entity not in read.engine.registry.entities:
        return False
    record = read.get(entity, record_id)
    if record is None:
        return read.is_deleted(entity, record_id)
    return read.sees(entity, record) and bool(record["version"] >= version)
