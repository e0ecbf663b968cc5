"""What a transaction has read and changed. The tables hear of it in bulk: at the end, or when somebody asks them.

A change costs no statement of its own. Reads see what was changed here, on top of what the tables hold. A change that
is refused is undone in memory; only where the tables were told of a part of it in between does a savepoint do that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import NestedTransaction

from sync.bulk import delete_keys, delete_rows, insert_rows, update_rows
from sync.change import Record
from sync.entity import Registry
from sync.lookup import rows_any, rows_equal, rows_of
from sync.mentions import holders, texts_in
from sync.tables import mention

T = TypeVar("T")
Key = tuple[str, str]
_MOST_KEPT = 2000  # of one query: a page that reads a whole table must not hold it twice
_ABSENT: Any = object()


@dataclass
class _Savepoint:
    """Where the database goes back to when a step is undone, and what the tables held and was locked there."""

    transaction: NestedTransaction
    written: dict[Key, Record | None]
    locked: set[Key]
    names: set[str]


@dataclass
class _Step:
    """One change that may still be refused: where its undoing begins, and the savepoint if the tables heard of it."""

    mark: int
    savepoint: _Savepoint | None = None


class Workspace:
    """The records of one transaction. Every record that comes out is the caller's own copy."""

    def __init__(self, connection: Connection, registry: Registry, *, is_alone: bool) -> None:
        self.connection = connection
        self.registry = registry
        self.is_alone = is_alone
        """Whether nobody else can write meanwhile (SQLite), so that a lock changes nothing of what was read."""
        self._read: dict[Key, Record | None] = {}
        self._found: dict[tuple[str, str], dict[Any, list[Key]]] = {}
        self._holders: dict[tuple[str, str], dict[str, set[str]]] = {}
        self._locked: set[Key] = set()
        self._names: set[str] = set()
        self._changed: dict[Key, Record | None] = {}
        self._written: dict[Key, Record | None] = {}
        self._undo: list[tuple[Key, Any]] = []
        self._steps: list[_Step] = []
        self._touched: dict[str, list[str]] = {}
        self._indexes: dict[tuple[str, tuple[str, ...]], _Index] = {}

    # Reading

    def get(self, entity: str, record_id: str | None, *, lock: bool = False) -> Record | None:
        """A record; with `lock`, nobody else changes it before the transaction ends."""
        record = self._current(entity, record_id, lock) if record_id else None
        return dict(record) if record else None

    def peek(self, entity: str, record_id: str) -> Record | None:
        """As `get`, but not a copy: for one who only looks."""
        return self._current(entity, record_id, lock=False)

    def find(self, entity: str, equals: Mapping[str, Any]) -> list[Record]:
        """The records whose fields have the given values, in the order of their ids."""
        names = tuple(sorted(equals))
        wanted = tuple(equals[name] for name in names)
        stored = self._stored(entity, names, wanted)
        changed = self._changed_among(entity, names, [wanted])
        fits = dict(zip(names, wanted, strict=True)).items()
        return self._merged(entity, stored, changed, lambda record: all(record[name] == value for name, value in fits))

    def find_any(self, entity: str, field: str, values: Collection[Any]) -> list[Record]:
        """The records whose field has one of the values, in the order of their ids."""
        wanted = {value for value in values if value is not None}
        if not wanted:
            return []
        known = self._found.get((entity, field), {})
        if all(value in known for value in wanted):
            keys = {key for value in wanted for key in known[value]}
            stored = [record for key in keys if (record := self._read.get(key))]
        else:
            stored = self._keep(entity, rows_any(self.connection, self.registry[entity].table, field, wanted))
        changed = self._changed_among(entity, (field,), [(value,) for value in wanted])
        return self._merged(entity, stored, changed, lambda record: record[field] in wanted)

    def find_holding(self, entity: str, field: str, values: Collection[str]) -> list[Record]:
        """The records whose list `field` holds one of the values, in the order of their ids."""
        wanted = set(values)
        known = self._holders.setdefault((entity, field), {})
        if missing := wanted - known.keys():
            known |= holders(self.connection, entity, field, missing)
        ids = {record_id for value in wanted for record_id in known[value]}
        self.fetch(entity, ids)
        stored = [record for record_id in ids if (record := self._read.get((entity, record_id)))]
        changed = [record_id for value in wanted for record_id in self._index_of(entity, field).get(value, ())]
        return self._merged(entity, stored, changed, lambda record: not wanted.isdisjoint(record[field]))

    def is_changed(self, key: Key) -> bool:
        """Whether this transaction made, changed or deleted the record."""
        return key in self._changed

    def has_touched(self, entity: str) -> bool:
        """Whether this transaction made, changed or deleted a record of that kind."""
        return bool(self._touched.get(entity))

    # Reading ahead: many at once, before they are asked for one by one

    def fetch(self, entity: str, ids: Collection[str], *, lock: bool = False) -> None:
        """Read records by their ids, those that are not there too; with `lock`, hold them."""
        missing = sorted(i for i in ids if (entity, i) not in self._changed and (entity, i) not in self._locked)
        if not lock:
            missing = [record_id for record_id in missing if (entity, record_id) not in self._read]
        if not missing:
            return
        must_lock = lock and not self.is_alone
        if must_lock:
            self._forget()
        rows = rows_of(self.connection, self.registry[entity].table, missing, lock=must_lock)
        self._read |= {(entity, record_id): None for record_id in missing}
        self._read |= {(entity, row["id"]): row for row in rows}
        if must_lock:
            self._locked |= {(entity, row["id"]) for row in rows}

    def expect_nothing(self, entity: str, ids: Iterable[str]) -> None:
        """Take it as read that the tables hold no records with these ids."""
        for record_id in ids:
            self._read.setdefault((entity, record_id), None)

    def look_up(self, entity: str, field: str, values: Collection[Any]) -> None:
        """Read the records whose field has one of the values, or holds it, for the `find`s to answer from."""
        if field in self.registry[entity].lists:
            self.find_holding(entity, field, values)
            return
        known = self._found.setdefault((entity, field), {})
        missing = {value for value in values if value is not None and value not in known}
        if not missing:
            return
        known |= {value: [] for value in missing}
        rows = rows_any(self.connection, self.registry[entity].table, field, missing)
        self._remember(entity, rows)
        for row in rows:
            known[row[field]].append((entity, row["id"]))

    def hold(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are not locked yet, in their order, for the caller to lock now."""
        fresh = sorted(set(names) - self._names)
        if fresh:
            self._names.update(fresh)
            if not self.is_alone:
                self._forget()
        return fresh

    def _forget(self) -> None:
        """What was read without a lock may have changed: a lock was waited for, or what the tables held was undone."""
        self._read = {key: self._read[key] for key in self._locked if key in self._read}
        self._found.clear()
        self._holders.clear()

    # Changing

    def put(self, entity: str, record_id: str, record: Record | None) -> None:
        """Make or change a record, or delete it (None)."""
        key = (entity, record_id)
        if key not in self._written:
            self._written[key] = self._read.get(key)
        self._undo.append((key, self._changed.get(key, _ABSENT)))
        self._changed[key] = record
        self._touched.setdefault(entity, []).append(record_id)

    def step(self, work: Callable[[], T]) -> T:
        """What `work` changes stands as a whole, or not at all when an error leaves it."""
        step = _Step(len(self._undo))
        self._steps.append(step)
        try:
            done = work()
        except BaseException:
            self._rewind(step)
            raise
        finally:
            self._steps.pop()
        if step.savepoint is not None:
            step.savepoint.transaction.commit()
        return done

    def flush(self) -> None:
        """Tell the tables of everything that was changed. Raises IntegrityError where a unique value is taken."""
        for step in self._steps:
            if step.savepoint is None:
                self._write(self._as_of(step.mark))
                begun = self.connection.begin_nested()
                step.savepoint = _Savepoint(begun, dict(self._written), set(self._locked), set(self._names))
        self._write(self._changed)

    # Inside

    def _current(self, entity: str, record_id: str, lock: bool) -> Record | None:
        key = (entity, record_id)
        if key in self._changed:
            return self._changed[key]
        if lock and not self.is_alone and key not in self._locked:
            self.fetch(entity, [record_id], lock=True)
        elif key not in self._read:
            self.fetch(entity, [record_id])
        return self._read[key]

    def _stored(self, entity: str, names: tuple[str, ...], wanted: tuple[Any, ...]) -> Iterable[Record]:
        if self._can_only_be_here(entity, names, wanted):
            return []
        if len(names) == 1:
            known = self._found.get((entity, names[0]), {})
            if wanted[0] in known:
                return [record for key in known[wanted[0]] if (record := self._read.get(key))]
        return self._keep(entity, rows_equal(self.connection, self.registry[entity].table, names, wanted))

    def _can_only_be_here(self, entity: str, names: tuple[str, ...], wanted: tuple[Any, ...]) -> bool:
        """Whether the records asked for refer to one that was made in this transaction: no table can hold such yet."""
        references = self.registry[entity].references
        for name, value in zip(names, wanted, strict=True):
            parent = references.get(name)
            key = (parent or "", value)
            if parent and self._changed.get(key) and self._written[key] is None:
                return True
        return False

    def _keep(self, entity: str, rows: list[Record]) -> list[Record]:
        if len(rows) <= _MOST_KEPT:
            self._remember(entity, rows)
        return rows

    def _remember(self, entity: str, rows: list[Record]) -> None:
        # Note: what is locked is known as it was when it was locked; the tables may show it as a change left it that
        # is still to be undone.
        self._read |= {(entity, row["id"]): row for row in rows if (entity, row["id"]) not in self._locked}

    def _index_of(self, entity: str, field: str) -> dict[Any, set[str]]:
        """Which changed records may hold which member in a list."""
        return self._brought_up_to_date(entity, ("each of", field), lambda record: record[field])

    def _changed_among(self, entity: str, names: tuple[str, ...], wanted: Sequence[tuple[Any, ...]]) -> set[str]:
        """The ids of changed records that may have one of the wanted values."""
        if not self._touched.get(entity):
            return set()
        ids = self._brought_up_to_date(entity, names, lambda record: [tuple(record[name] for name in names)])
        return {record_id for values in wanted for record_id in ids.get(values, ())}

    def _brought_up_to_date(
        self, entity: str, names: tuple[str, ...], values_of: Callable[[Record], Iterable[Any]]
    ) -> dict[Any, set[str]]:
        index = self._indexes.setdefault((entity, names), _Index())
        touched = self._touched.get(entity, [])
        for record_id in touched[index.end :]:
            record = self._changed.get((entity, record_id))
            for value in values_of(record) if record else ():
                index.ids.setdefault(value, set()).add(record_id)
        index.end = len(touched)
        return index.ids

    def _merged(self, entity: str, stored: Iterable[Record], changed: Iterable[str], fits: Any) -> list[Record]:
        rows = {row["id"]: row for row in stored}
        if self._touched.get(entity):
            for record_id in {*rows, *changed}:
                now = self._changed.get((entity, record_id), _ABSENT)
                if now is None or (now is not _ABSENT and not fits(now)):
                    rows.pop(record_id, None)
                elif now is not _ABSENT:
                    rows[record_id] = now
        return [dict(row) for row in sorted(rows.values(), key=itemgetter("id"))]

    def _rewind(self, step: _Step) -> None:
        for key, before in reversed(self._undo[step.mark :]):
            if before is _ABSENT:
                del self._changed[key]
            else:
                self._changed[key] = before
            self._touched[key[0]].append(key[1])
        del self._undo[step.mark :]
        if step.savepoint is not None:
            step.savepoint.transaction.rollback()
            self._written = step.savepoint.written
            # Note: PostgreSQL gives up the locks that were taken since. What was read under them counts no more, nor
            # what was read of the undone change from the tables.
            self._locked, self._names = step.savepoint.locked, step.savepoint.names
            self._forget()

    def _as_of(self, mark: int) -> dict[Key, Record | None]:
        """The changed records as they were when the undoing had this many entries."""
        then = dict(self._changed)
        for key, before in reversed(self._undo[mark:]):
            if before is _ABSENT:
                then.pop(key, None)
            else:
                then[key] = before
        return then

    def _write(self, records: Mapping[Key, Record | None]) -> None:
        made: dict[str, list[Record]] = {}
        altered: dict[str, list[Record]] = {}
        gone: dict[str, list[str]] = {}
        for key, record in records.items():
            known = self._written[key]
            if record is known:
                continue
            if record is None:
                gone.setdefault(key[0], []).append(key[1])
            else:
                (made if known is None else altered).setdefault(key[0], []).append(record)
        self._write_mentions(records)
        for entity, ids in gone.items():
            delete_rows(self.connection, self.registry[entity].table, ids)
        for entity, rows in altered.items():
            update_rows(self.connection, self.registry[entity].table, rows)
        for entity, rows in made.items():
            insert_rows(self.connection, self.registry[entity].table, rows)
        self._written |= records

    def _write_mentions(self, records: Mapping[Key, Record | None]) -> None:
        fresh, stale = [], []
        for (entity, record_id), record in records.items():
            for field in self.registry[entity].lists:
                now = texts_in(record[field]) if record else set()
                was = texts_in((self._written[entity, record_id] or {}).get(field, ()))
                about = {"entity": entity, "field": field, "record_id": record_id}
                fresh += [about | {"value": value} for value in now - was]
                stale += [about | {"value": value} for value in was - now]
        delete_keys(self.connection, mention, stale)
        insert_rows(self.connection, mention, fresh)


class _Index:
    """Which of the changed records may have which values. It only grows: who asks looks at the record itself."""

    def __init__(self) -> None:
        self.end = 0
        self.ids: dict[Any, set[str]] = {}
