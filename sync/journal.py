"""The journal: every change that was ever applied, in order, each chained to the one before by its hash."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, String, bindparam, func, select

from sync.bulk import insert_rows
from sync.canonical import canonical, digest
from sync.change import Op, Record
from sync.lookup import given, is_any, is_sqlite
from sync.tables import journal

GENESIS = "0" * 64
_HASHED = [str(column.name) for column in journal.columns if column.name not in ("prev_hash", "hash")]
_STAGED = [name for name in _HASHED if name != "seq"]
_staged = attrgetter(*_STAGED)
_NEWEST = select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)


@dataclass(frozen=True)
class Head:
    """The newest entry: its number and its hash."""

    seq: int
    hash: str


@dataclass(slots=True)
class Entry:
    """One applied change, before it has its number. `before` and `after` hold only what changed. Nobody alters it."""

    change_id: str
    actor: str
    device: str
    received_at: str
    made_at: str
    entity: str
    record_id: str
    version: int
    op: Op
    status: str
    before: Record
    after: Record
    caused_by: str
    request_hash: str
    record: Record = field(default_factory=dict, compare=False)
    """The whole record after the change (before it, for a delete); not written to the journal."""
    buckets_before: frozenset[str] = field(default=frozenset(), compare=False)
    buckets_after: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether the change altered nothing (the record already had the values)."""
        return self.op == "update" and not self.after

    def changed(self, *fields: str) -> bool:
        """Whether one of the fields was altered by this entry."""
        return any(name in self.after for name in fields)


def head(connection: Connection) -> Head:
    """The newest entry of the journal; seq 0 with the genesis hash when it is empty."""
    row = connection.execute(_NEWEST).first()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


def append(connection: Connection, entries: Sequence[Entry]) -> dict[str, int]:
    """Number, chain and write the entries. The caller holds the order lock. Gives seq by change id."""
    last = head(connection)
    seq, last_hash = last.seq, last.hash
    rows = []
    for entry in entries:
        seq += 1
        row = dict(zip(_STAGED, _staged(entry), strict=True))
        row["seq"], row["before"], row["after"] = seq, canonical(entry.before), canonical(entry.after)
        this_hash = _chained(last_hash, row)
        rows.append(row | {"prev_hash": last_hash, "hash": this_hash})
        last_hash = this_hash
    insert_rows(connection, journal, rows)
    return {row["change_id"]: row["seq"] for row in rows}


def entry_hash(prev_hash: str, row: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical form of the entry."""
    return _chained(prev_hash, {name: row[name] for name in _HASHED})


def _chained(prev_hash: str, hashed: Mapping[str, Any]) -> str:
    return digest(prev_hash + canonical(hashed))


def entries(connection: Connection, after_seq: int = 0) -> Iterator[Row[Any]]:
    """The journal's rows in order, read in pages so that memory does not grow with its length."""
    position = after_seq
    while True:
        page = connection.execute(
            select(journal).where(journal.c.seq > position).order_by(journal.c.seq).limit(1000)
        ).all()
        yield from page
        if len(page) < 1000:
            return
        position = page[-1].seq


def find(connection: Connection, change_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Entries by change id, for those of the ids that were applied before."""
    if not change_ids:
        return {}
    rows = connection.execute(_of_changes(is_sqlite(connection)), given(change_ids))
    return {row.change_id: row for row in rows}


@cache
def _of_changes(sqlite: bool) -> Select[Any]:
    return select(journal).where(is_any(journal.c.change_id, sqlite))


def fates(connection: Connection, entity: str, record_ids: Collection[str]) -> dict[str, bool]:
    """For those of the records that ever were: whether their newest entry is their deletion."""
    newest: dict[str, tuple[int, str]] = {}
    wanted = given(record_ids) | {"kind": entity}
    for record_id, seq, op in connection.execute(_of_records(is_sqlite(connection)), wanted):
        newest[record_id] = max(newest.get(record_id, (0, "")), (seq, op))
    return {record_id: op == "delete" for record_id, (_, op) in newest.items()}


@cache
def _of_records(sqlite: bool) -> Select[Any]:
    query = select(journal.c.record_id, journal.c.seq, journal.c.op)
    return query.where(journal.c.entity == bindparam("kind", type_=String), is_any(journal.c.record_id, sqlite))


def first_seq(connection: Connection, entity: str, record_id: str) -> int | None:
    """The seq of the record's first entry, if it has one yet."""
    of_record = (journal.c.entity == entity) & (journal.c.record_id == record_id)
    seq: int | None = connection.scalar(select(func.min(journal.c.seq)).where(of_record))
    return seq


def values(text: str) -> Record:
    """`before` or `after` as it was before it became text."""
    return dict(json.loads(text))
