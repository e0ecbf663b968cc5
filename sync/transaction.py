"""The one way to write: a transaction in which changes are applied to records and staged for the journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from sync import feed, journal
from sync.actor import SYSTEM, Actor
from sync.change import Change, Record, instant, new_id
from sync.entity import Entity
from sync.errors import Conflict, Held, Refused
from sync.facts import write_fact
from sync.journal import Entry
from sync.merge import merge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.engine import Engine

BEHIND_ALL = 2**62
MAX_DEPTH = 12  # a consequence of a consequence of …: deeper than this is a loop


class Transaction:
    """Changes applied together. Reads through it see what it has written; the journal gets its numbers at the end."""

    def __init__(self, engine: Engine, connection: Connection, actor: Actor) -> None:
        self.engine = engine
        self.connection = connection
        self.actor = actor
        self.now = engine.clock()
        self.staged: list[Entry] = []
        self._cause: list[str] = []

    # Reading

    def get(self, entity: str, record_id: str | None, *, lock: bool = False) -> Record | None:
        """A record as this transaction sees it; with `lock`, nobody else changes it before this one ends."""
        table = self.engine.registry[entity].table
        query = select(table).where(table.c.id == record_id)
        row = self.connection.execute(query.with_for_update() if lock else query).first()
        return dict(row._mapping) if row else None

    def find(self, entity: str, **equals: Any) -> list[Record]:
        """The records whose fields have the given values, in the order in which they were made."""
        table = self.engine.registry[entity].table
        query = select(table).where(*(table.c[name] == value for name, value in equals.items()))
        return [dict(row._mapping) for row in self.connection.execute(query.order_by(table.c.id))]

    def find_any(self, entity: str, field: str, values: Collection[Any]) -> list[Record]:
        """The records whose field has one of the values, in the order in which they were made."""
        table = self.engine.registry[entity].table
        query = select(table).where(table.c[field].in_(values)).order_by(table.c.id)
        return [dict(row._mapping) for row in self.connection.execute(query)] if values else []

    def first_seq(self, entity: str, record_id: str) -> int:
        """The place in the order of all changes at which the record first came to the server."""
        seq = journal.first_seq(self.connection, entity, record_id)
        if seq is not None:
            return seq
        staged = [(entry.entity, entry.record_id) for entry in self.staged]
        return BEHIND_ALL + (staged.index((entity, record_id)) if (entity, record_id) in staged else len(staged))

    def lock(self, name: str) -> None:
        """Wait until no other transaction holds this name, and hold it to the end."""
        self.engine.database.lock(self.connection, name)

    def sees(self, entity: str, record: Record) -> bool:
        """Whether the writing actor may see the record."""
        return self.actor.is_system or not self.actor.buckets.isdisjoint(
            self.engine.registry[entity].policy.buckets(record)
        )

    # Writing

    def create(self, entity: str, fields: Mapping[str, Any], record_id: str | None = None) -> Record:
        """Make a record as the writing actor. Raises Refused."""
        return self.apply(Change(new_id(), entity, record_id or new_id(), "create", dict(fields))).record

    def update(self, entity: str, record: Record, fields: Mapping[str, Any]) -> Record:
        """Change fields of a record that was read before. Raises Refused, or Conflict where it has changed since."""
        return self.apply(change_of(entity, record, fields)).record

    def apply(self, change: Change) -> Entry:
        """Apply one change and all that follows from it, or nothing at all. Raises Refused, Held or Conflict."""
        with self._savepoint():
            return self._apply(change)

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        staged = len(self.staged)
        cause = len(self._cause)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self.staged[staged:]
            del self._cause[cause:]
            raise

    def _apply(self, change: Change) -> Entry:
        if len(self._cause) > MAX_DEPTH:
            raise RuntimeError(f"consequences do not end: {change.entity} {change.record_id}")
        entity = self.engine.registry[change.entity]
        before = self.get(change.entity, change.record_id, lock=True)
        if change.op == "create":
            entry = self._create(entity, change, before)
        elif before is None:
            raise self._absent(change)
        elif not self.sees(change.entity, before):
            raise Refused("not_yours")
        elif change.op == "update":
            entry = self._update(entity, change, before)
        else:
            entry = self._delete(entity, change, before)
        self.staged.append(entry)
        if not entry.is_empty:
            self._follow(entry)
        return entry

    def _create(self, entity: Entity, change: Change, before: Record | None) -> Entry:
        if before is not None:
            raise Refused("record_exists")
        if self.is_deleted(change.entity, change.record_id):
            raise Refused("record_deleted")
        fields = entity.form.load(change.fields, partial=False)
        self._check_writable(entity, change, None)
        record = {"id": change.record_id, "version": 1, **fields}
        self._check_references(entity, {name: record[name] for name in entity.references})
        record |= entity.policy.settle(self, None, dict(record))
        self.connection.execute(insert(entity.table).values(record))
        after = {name: value for name, value in record.items() if name not in ("id", "version")}
        return self._entry(change, "applied", {}, after, record, frozenset(), _buckets(entity, record))

    def _update(self, entity: Entity, change: Change, before: Record) -> Entry:
        fields = entity.form.load(change.fields, partial=True)
        self._check_writable(entity, change, before)
        changed = merge(before, fields, change.base, entity.form.defaults)
        status = "applied" if change.base_version in (None, before["version"]) else "merged"
        if not changed:
            buckets = _buckets(entity, before)
            return self._entry(change, status, {}, {}, before, buckets, buckets)
        self._check_references(entity, {name: value for name, value in changed.items() if name in entity.references})
        record = {**before, **changed, "version": before["version"] + 1}
        settled = entity.policy.settle(self, before, dict(record))
        changed |= {name: value for name, value in settled.items() if before[name] != value}
        record |= changed
        table = entity.table
        self.connection.execute(
            update(table).where(table.c.id == record["id"]).values({**changed, "version": record["version"]})
        )
        was = {name: before[name] for name in changed}
        return self._entry(change, status, was, changed, record, _buckets(entity, before), _buckets(entity, record))

    def _delete(self, entity: Entity, change: Change, before: Record) -> Entry:
        if not (self.actor.is_system or entity.policy.may_delete(self, before)):
            raise Refused("step_not_allowed")
        if change.base_version != before["version"]:
            raise Conflict(before, [])
        self.connection.execute(delete(entity.table).where(entity.table.c.id == before["id"]))
        was = {name: value for name, value in before.items() if name not in ("id", "version")}
        return self._entry(change, "applied", was, {}, before, _buckets(entity, before), frozenset())

    def _follow(self, entry: Entry) -> None:
        """Apply what follows from an entry, as the system, naming the entry as the cause."""
        actor, self.actor = self.actor, SYSTEM
        self._cause.append(entry.change_id)
        try:
            for follower in self.engine.registry.followers.get(entry.entity, []):
                for change in follower(self, entry):
                    self._apply(change)
        finally:
            self._cause.pop()
            self.actor = actor

    # Checks

    def _absent(self, change: Change) -> Refused:
        gone = self.is_deleted(change.entity, change.record_id)
        return Refused("record_deleted") if gone else Held("record_unknown")

    def _check_writable(self, entity: Entity, change: Change, before: Record | None) -> None:
        if self.actor.is_system:
            return
        allowed = set(entity.policy.writable(self, change, before))
        errors = {name: ["field_not_writable"] for name in change.fields if name not in allowed}
        if errors:
            raise Refused("field_not_writable", errors)

    def _check_references(self, entity: Entity, fields: Mapping[str, Any]) -> None:
        for name, parent_id in fields.items():
            if parent_id is None:
                continue
            parent_name = entity.references[name]
            parent = self.get(parent_name, parent_id)
            if parent is None and self.is_deleted(parent_name, parent_id):
                raise Refused("parent_deleted", {name: ["parent_deleted"]})
            if parent is None:
                raise Held("parent_unknown", {name: ["parent_unknown"]})
            if not self.sees(parent_name, parent):
                raise Refused("not_yours", {name: ["not_yours"]})

    def is_deleted(self, entity: str, record_id: str) -> bool:
        for entry in reversed(self.staged):
            if (entry.entity, entry.record_id) == (entity, record_id):
                return entry.op == "delete"
        return journal.was_deleted(self.connection, entity, record_id)

    # The end

    def _entry(
        self,
        change: Change,
        status: str,
        before: Record,
        after: Record,
        record: Record,
        buckets_before: frozenset[str],
        buckets_after: frozenset[str],
    ) -> Entry:
        return Entry(
            change_id=change.change_id,
            actor=self.actor.id,
            device=self.actor.device_id,
            received_at=instant(self.now),
            made_at=change.made_at,
            entity=change.entity,
            record_id=change.record_id,
            version=record["version"],
            op=change.op,
            status=status,
            before=before,
            after=after,
            caused_by=self._cause[-1] if self._cause else "",
            request_hash=change.digest(),
            record=record,
            buckets_before=buckets_before,
            buckets_after=buckets_after,
        )

    def seal(self) -> dict[str, int]:
        """Number the staged entries and point the feed at them: the last thing before the commit.

        Under one lock, so that no reader sees a number before every smaller one is committed. Gives seq by change id.
        """
        if not self.staged:
            return {}
        self.lock("sync_journal")
        seqs = journal.append(self.connection, self.staged)
        feed.point(self.connection, self.staged, seqs)
        write_fact(self.connection, "head_seq", str(max(seqs.values())))
        return seqs


def change_of(entity: str, record: Record, fields: Mapping[str, Any]) -> Change:
    """An update of a record that was just read, with the base that merging needs."""
    base = {name: record[name] for name in fields}
    return Change(new_id(), entity, record["id"], "update", dict(fields), base, record["version"])


def _buckets(entity: Entity, record: Record) -> frozenset[str]:
    return frozenset(entity.policy.buckets(record))
