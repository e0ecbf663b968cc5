"""Checking the journal: is the chain whole, and do the records say what the journal says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from sqlalchemy import Connection, select

from sync.canonical import same
from sync.change import Record
from sync.entity import Registry
from sync.facts import read_fact
from sync.journal import GENESIS, Head, entries, entry_hash, values
from sync.lookup import pages
from sync.tables import journal

Kind = Literal["entry_changed", "entry_missing", "entry_inserted", "tail_cut", "record_differs"]


@dataclass(frozen=True)
class Break:
    """The first place where the history is not what was written. `seq` names the entry, or the record's last one."""

    kind: Kind
    seq: int
    entity: str = ""
    record_id: str = ""


def verify(connection: Connection, registry: Registry, known: Head | None = None) -> Break | None:
    """Follow the chain from its beginning, then compare every record with its history. None when all is well.

    `known` is a head that was printed or exported earlier: a chain rewritten before it no longer holds its hash.
    """
    return _verify_chain(connection, known) or _verify_records(connection, registry)


def _verify_chain(connection: Connection, known: Head | None) -> Break | None:
    last = Head(0, GENESIS)
    for row in entries(connection):
        if row.seq != last.seq + 1:
            return Break("entry_missing" if row.seq > last.seq + 1 else "entry_inserted", last.seq + 1)
        if row.prev_hash != last.hash or row.hash != entry_hash(last.hash, dict(row._mapping)):
            return Break("entry_changed", row.seq, row.entity, row.record_id)
        if known and row.seq == known.seq and row.hash != known.hash:
            return Break("entry_changed", row.seq, row.entity, row.record_id)
        last = Head(row.seq, row.hash)
    recorded = int(read_fact(connection, "head_seq", "0"))
    if last.seq > recorded:
        return Break("entry_inserted", recorded + 1)
    newest = max(recorded, known.seq if known else 0)
    return Break("tail_cut", last.seq + 1) if newest > last.seq else None


def _verify_records(connection: Connection, registry: Registry) -> Break | None:
    for name, entity in registry.entities.items():
        stored = chain.from_iterable(pages(connection, entity.table))
        ours = next(stored, None)
        for seq, record_id, record in _histories(connection, name):
            if ours is not None and ours["id"] < record_id:
                return Break("record_differs", 0, name, ours["id"])
            mine = ours if ours is not None and ours["id"] == record_id else None
            if not _equal(mine, record):
                return Break("record_differs", seq, name, record_id)
            ours = next(stored, None) if mine else ours
        if ours is not None:
            return Break("record_differs", 0, name, ours["id"])
    return None


def _equal(stored: Record | None, history: Record | None) -> bool:
    if stored is None or history is None:
        return stored is history
    # Note: a column that a later version added is not in older entries; the journal speaks of the fields it has.
    return all(same(stored.get(name), value) for name, value in history.items())


def _histories(connection: Connection, entity: str) -> Iterator[tuple[int, str, Record | None]]:
    """For each record its last seq and what its entries add up to (None once deleted), in the order of the ids."""
    last_id, last_seq = "", 0
    record: Record | None = None
    while page := _page(connection, entity, last_id, last_seq):
        for row in page:
            if row.record_id != last_id and last_id:
                yield last_seq, last_id, record
                record = None
            record = None if row.op == "delete" else {**(record or {}), **_state(row._mapping)}
            last_id, last_seq = row.record_id, row.seq
    if last_id:
        yield last_seq, last_id, record


def _page(connection: Connection, entity: str, record_id: str, seq: int) -> list[Any]:
    after = (journal.c.record_id > record_id) | ((journal.c.record_id == record_id) & (journal.c.seq > seq))
    query = select(journal).where(journal.c.entity == entity, after)
    return list(connection.execute(query.order_by(journal.c.record_id, journal.c.seq).limit(500)).all())


def _state(row: Mapping[str, Any]) -> Record:
    return {**values(row["after"]), "version": row["version"]}
