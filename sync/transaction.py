"""The one way to write: a transaction in which changes are applied to records and staged for the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable, Row

from sync import audience, feed, journal
from sync.actor import SYSTEM, Actor
from sync.change import Change, Record, instant, new_id
from sync.entity import Entity
from sync.errors import Conflict, Held, Refused
from sync.facts import Durability, read_facts, write_fact
from sync.journal import Entry
from sync.merge import merge
from sync.workspace import Workspace

if TYPE_CHECKING:
    from sync.engine import Engine

BEHIND_ALL = 2**62
MAX_DEPTH = 12  # a consequence of a consequence of …: deeper than this is a loop


class Transaction:
    """Changes applied together. Reads through it see what it has written; the journal gets its numbers at the end.

    A careful one writes each change to the tables before the next, so that a unique value that is taken refuses
    the change that brought it; else the tables hear of everything at the end.
    """

    def __init__(self, engine: Engine, connection: Connection, actor: Actor, *, is_careful: bool = False) -> None:
        self.engine = engine
        self.actor = actor
        self.now = engine.clock()
        self._received_at = instant(self.now)
        self.staged: list[Entry] = []
        self.is_careful = is_careful
        self._connection = connection
        self._records = Workspace(connection, engine.registry, is_alone=engine.database.is_sqlite)
        self._deleted: dict[tuple[str, str], bool] = {}
        self._cause: list[str] = []
        self._facts: dict[str, str] = {}
        self._seen: dict[tuple[str, str], Record] = {}
        """Records that others refer to, as they were when the actor was found to see them."""

    # Reading

    @property
    def connection(self) -> Connection:
        """The database's connection. Whoever asks for it finds in the tables what this transaction has changed."""
        self._records.flush()
        return self._connection

    def read_aside(self, query: Executable) -> Sequence[Row[Any]]:
        """The rows of tables that hold no records: for those the tables need not be brought up to date first."""
        return self._connection.execute(query).all()

    def get(self, entity: str, record_id: str | None, *, lock: bool = False) -> Record | None:
        """A record as this transaction sees it; with `lock`, nobody else changes it before this one ends."""
        return self._records.get(self.engine.registry[entity].name, record_id, lock=lock)

    def find(self, entity: str, **equals: Any) -> list[Record]:
        """The records whose fields have the given values, in the order in which they were made."""
        return self._records.find(entity, equals)

    def find_any(self, entity: str, field: str, values: Collection[Any]) -> list[Record]:
        """The records whose field has one of the values, in the order in which they were made."""
        return self._records.find_any(entity, field, values)

    def has_changed(self, entity: str) -> bool:
        """Whether this transaction has changed a record of that kind, so that the tables alone do not say how it is."""
        return self._records.has_touched(entity)

    def find_holding(self, entity: str, field: str, values: Collection[str]) -> list[Record]:
        """The records whose list holds one of the values, in the order in which they were made."""
        return self._records.find_holding(entity, field, values)

    def look_up(self, entity: str, field: str, values: Collection[Any]) -> None:
        """Read now, at once, what `find` and `find_any` by this field will be asked for value by value."""
        self._records.look_up(entity, field, values)

    def first_seq(self, entity: str, record_id: str) -> int:
        """The place in the order of all changes at which the record first came to the server."""
        seq = journal.first_seq(self._connection, entity, record_id)
        if seq is not None:
            return seq
        staged = [(entry.entity, entry.record_id) for entry in self.staged]
        return BEHIND_ALL + (staged.index((entity, record_id)) if (entity, record_id) in staged else len(staged))

    def lock(self, *names: str) -> None:
        """Wait until no other transaction holds one of the names, and hold them to the end."""
        fresh = self._records.hold(names)
        if fresh:
            self.engine.database.lock(self._connection, fresh)

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
        staged, causes = len(self.staged), len(self._cause)
        try:
            return self._records.step(lambda: self._step(change))
        except BaseException:
            del self.staged[staged:]
            del self._cause[causes:]
            raise

    def _step(self, change: Change) -> Entry:
        entry = self._apply(change)
        if self.is_careful:
            self._records.flush()
        return entry

    def prepare(self, changes: Iterable[Change]) -> None:
        """Read at once what applying these changes will ask for one by one. It only saves time."""
        by_entity: dict[str, list[Change]] = {}
        for change in changes:
            if change.entity in self.engine.registry.entities:
                by_entity.setdefault(change.entity, []).append(change)
        # Note: first all locks. What is read before a lock must be read again after it.
        for name, group in sorted(by_entity.items()):
            self._records.fetch(name, [change.record_id for change in group if change.op != "create"], lock=True)
        for name, group in sorted(by_entity.items()):
            entity = self.engine.registry[name]
            self._fetch_new(name, [change.record_id for change in group if change.op == "create"])
            for field, parent in entity.references.items():
                named = (change.fields.get(field) for change in group)
                self._records.fetch(parent, {value for value in named if isinstance(value, str)})
            entity.policy.prepare(self, group)

    def _fetch_new(self, entity: str, ids: list[str]) -> None:
        if not ids:
            return
        is_gone = journal.fates(self._connection, entity, ids)
        self._deleted |= {(entity, record_id): is_gone.get(record_id, False) for record_id in ids}
        # Note: what the journal does not know was never there, so the table need not be asked for it.
        self._records.expect_nothing(entity, [record_id for record_id in ids if record_id not in is_gone])
        self._records.fetch(entity, is_gone)

    def _apply(self, change: Change) -> Entry:
        if len(self._cause) > MAX_DEPTH:
            raise RuntimeError(f"consequences do not end: {change.entity} {change.record_id}")
        entity = self.engine.registry[change.entity]
        if not self.actor.is_system:
            entity.policy.hold(self, change)
        before = self.get(change.entity, change.record_id, lock=change.op != "create")
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
        self._records.put(entity.name, change.record_id, record)
        after = {name: value for name, value in record.items() if name not in ("id", "version")}
        return self._entry(change, "applied", {}, after, record, frozenset(), _buckets(entity, record))

    def _update(self, entity: Entity, change: Change, before: Record) -> Entry:
        fields = entity.form.load(change.fields, partial=True)
        self._check_writable(entity, change, before)
        changed = merge(before, fields, change.base, entity.form.defaults)
        status = "applied" if change.base_version in (None, before["version"]) else "merged"
        changed = self._settled(entity, before, changed) if changed else {}
        if not changed:
            buckets = _buckets(entity, before)
            return self._entry(change, status, {}, {}, before, buckets, buckets)
        record = {**before, **changed, "version": before["version"] + 1}
        self._records.put(entity.name, record["id"], record)
        was = {name: before[name] for name in changed}
        return self._entry(change, status, was, changed, record, _buckets(entity, before), _buckets(entity, record))

    def _settled(self, entity: Entity, before: Record, changed: Record) -> Record:
        """What really changes once the policy has had its word; it may set a field back to what it was."""
        self._check_references(entity, {name: value for name, value in changed.items() if name in entity.references})
        after = {**before, **changed, "version": before["version"] + 1}
        settled = entity.policy.settle(self, before, after)
        kept = {name: value for name, value in changed.items() if name not in settled}
        return kept | {name: value for name, value in settled.items() if before[name] != value}

    def _delete(self, entity: Entity, change: Change, before: Record) -> Entry:
        if not (self.actor.is_system or entity.policy.may_delete(self, before)):
            raise Refused("step_not_allowed")
        if change.base_version != before["version"]:
            raise Conflict(before, [])
        self._records.put(entity.name, before["id"], None)
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
        allowed = entity.policy.writable(self, change, before)
        errors = {name: ["field_not_writable"] for name in change.fields if name not in allowed}
        if errors:
            raise Refused("field_not_writable", errors)

    def _check_references(self, entity: Entity, fields: Mapping[str, Any]) -> None:
        for name, parent_id in fields.items():
            if parent_id is None:
                continue
            parent_name = entity.references[name]
            parent = self._records.peek(parent_name, parent_id)
            if parent is None and self.is_deleted(parent_name, parent_id):
                raise Refused("parent_deleted", {name: ["parent_deleted"]})
            if parent is None:
                raise Held("parent_unknown", {name: ["parent_unknown"]})
            if self._seen.get((parent_name, parent_id)) is parent:
                continue
            if not self.sees(parent_name, parent):
                raise Refused("not_yours", {name: ["not_yours"]})
            if not self.actor.is_system:
                self._seen[parent_name, parent_id] = parent

    def is_deleted(self, entity: str, record_id: str) -> bool:
        """Whether the record was there once and was deleted."""
        if self._records.is_changed((entity, record_id)):
            return self._records.get(entity, record_id) is None
        key = (entity, record_id)
        if key not in self._deleted:
            self._deleted[key] = journal.fates(self._connection, entity, [record_id]).get(record_id, False)
        return self._deleted[key]

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
            received_at=self._received_at,
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

    def stand(self) -> Durability:
        """Where the server stands once this transaction is committed."""
        return self.engine.stand_of(self._facts or read_facts(self._connection))

    def seal(self) -> dict[str, int]:
        """Number the staged entries and point the feed at them: the last thing before the commit.

        Under one lock, so that no reader sees a number before every smaller one is committed. Gives seq by change id.
        """
        if not self.staged:
            return {}
        self._records.flush()
        for derivation in self.engine.registry.derivations:
            derivation(self._connection, self.staged)
        self.lock("sync_journal")
        seqs = journal.append(self._connection, self.staged)
        facts = read_facts(self._connection)
        known = audience.known(facts)
        fresh = feed.point(self._connection, self.staged, seqs, known)
        changed = {"head_seq": str(max(seqs.values()))}
        if fresh != known:
            changed[audience.FACT] = " ".join(sorted(fresh))
        for key, value in changed.items():
            write_fact(self._connection, key, value)
        self._facts = facts | changed
        return seqs


def change_of(entity: str, record: Record, fields: Mapping[str, Any]) -> Change:
    """An update of a record that was just read, with the base that merging needs."""
    base = {name: record[name] for name in fields}
    return Change(new_id(), entity, record["id"], "update", dict(fields), base, record["version"])


def _buckets(entity: Entity, record: Record) -> frozenset[str]:
    return frozenset(entity.policy.buckets(record))
