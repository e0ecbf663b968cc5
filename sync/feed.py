"""The feed: per bucket and record the newest seq, and whether the record is still in that bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Integer,
    String,
    bindparam,
    func,
    select,
    union_all,
)

from sync.audience import FACT, audiences, folded
from sync.bulk import insert_rows, upsert_rows
from sync.change import Record
from sync.cursor import Cursor
from sync.entity import Registry
from sync.facts import Durability, write_fact
from sync.journal import Entry
from sync.lookup import bodies_of, pages
from sync.tables import feed, journal

Key = tuple[str, str]


class Item(NamedTuple):
    """One line of a pull: a record as it is now, or word that it has left the person's scope. `body` is its JSON."""

    entity: str
    id: str
    op: Literal["put", "remove"]
    version: int
    body: str = ""

    @property
    def record(self) -> Record | None:
        """The record; None where it has left."""
        return dict(orjson.loads(self.body)) if self.body else None

    def to_json(self) -> str:
        """The line as JSON. The name of an entity, an id and an op need no escapes."""
        entity, record_id, op, version, body = self
        record = f',"record":{body}' if body else ""
        return f'{{"entity":"{entity}","id":"{record_id}","op":"{op}","version":{version}{record}}}'


@dataclass(frozen=True)
class Page:
    """A part of the feed, the cursor that continues behind it, and where the server stands."""

    items: list[Item]
    cursor: Cursor
    more: bool
    stand: Durability


def point(
    connection: Connection, entries: Iterable[Entry], seqs: Mapping[str, int], known: frozenset[str]
) -> frozenset[str]:
    """Point the feed at the entries: the buckets that the record is in, and those that it left.

    Takes and gives the audiences that the feed is written for.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    left: dict[Key, int] = {}
    for entry in entries:
        if entry.is_empty:
            continue
        entity, record_id, seq = entry.entity, entry.record_id, seqs[entry.change_id]
        after = folded(entry.buckets_after)
        if not entry.buckets_before <= entry.buckets_after:
            left[entity, record_id] = seq
            for bucket in folded(entry.buckets_before) - after:
                rows[bucket, entity, record_id] = _row(bucket, entity, record_id, seq, is_present=False)
        for bucket in after:
            rows[bucket, entity, record_id] = _row(bucket, entity, record_id, seq, is_present=True)
    for bucket, entity, record_id in _present(connection, left, known):
        # Note: an earlier version of a policy may have shown it to other roles together; they lose it here, too.
        gone = _row(bucket, entity, record_id, left[entity, record_id], is_present=False)
        rows.setdefault((bucket, entity, record_id), gone)
    upsert_rows(connection, feed, list(rows.values()))
    return known | audiences({bucket for bucket, _, _ in rows})


def _row(bucket: str, entity: str, record_id: str, seq: int, *, is_present: bool) -> dict[str, Any]:
    return {"bucket": bucket, "entity": entity, "record_id": record_id, "seq": seq, "present": is_present}


def rebuild(connection: Connection, registry: Registry) -> None:
    """Write the feed anew from the records and the journal. What has left is forgotten: all who pull begin anew."""
    connection.execute(feed.delete())
    found: set[str] = set()
    for name, entity in registry.entities.items():
        for records in pages(connection, entity.table):
            seqs = _last_seqs(connection, name, [record["id"] for record in records])
            rows = [
                _row(bucket, name, record["id"], seqs[record["id"]], is_present=True)
                for record in records
                for bucket in folded(frozenset(entity.policy.buckets(record)))
            ]
            insert_rows(connection, feed, rows)
            found |= audiences({row["bucket"] for row in rows})
    write_fact(connection, FACT, " ".join(sorted(found)))


def _last_seqs(connection: Connection, entity: str, ids: Collection[str]) -> dict[str, int]:
    query = select(journal.c.record_id, func.max(journal.c.seq).label("seq")).where(
        journal.c.entity == entity, journal.c.record_id.in_(ids), (journal.c.op != "update") | (journal.c.after != "{}")
    )
    return {row.record_id: row.seq for row in connection.execute(query.group_by(journal.c.record_id))}


def _present(connection: Connection, keys: Collection[Key], buckets: Collection[str]) -> Sequence[Any]:
    """Where in those buckets the feed has the records."""
    if not keys or not buckets:
        return []
    kinds, ids = {entity for entity, _ in keys}, {record_id for _, record_id in keys}
    query = select(feed.c.bucket, feed.c.entity, feed.c.record_id).where(
        feed.c.bucket.in_(buckets), feed.c.entity.in_(kinds), feed.c.record_id.in_(ids), feed.c.present
    )
    return [row for row in connection.execute(query) if (row.entity, row.record_id) in keys]


def pull(
    connection: Connection,
    registry: Registry,
    buckets: frozenset[str],
    cursor: Cursor,
    limit: int,
    stand: Durability,
    newest: int,
) -> Page:
    """The next `limit` records behind the cursor. Runs in one read transaction, so seq has no gaps in it.

    `buckets` are the feed's, `newest` is the seq of the newest journal entry.
    """
    rows = _behind(connection, buckets, cursor.seq, limit + 1)
    seqs = sorted({seq for _, _, seq, _ in rows})
    more = len(seqs) > limit
    last = seqs[limit - 1] if more else newest
    seq_of: dict[Key, int] = {}
    present: set[Key] = set()
    for entity, record_id, seq, is_present in rows:
        if seq <= last:
            key = (entity, record_id)
            seq_of[key] = max(seq, seq_of.get(key, 0))
            if is_present:
                present.add(key)
    # A phone that starts from nothing needs no word of what left before it started.
    gone = [key for key, seq in seq_of.items() if key not in present and seq > cursor.fresh_until]
    items = _puts(connection, registry, present) + _removes(connection, buckets, gone)
    items.sort(key=lambda item: seq_of[item.entity, item.id])
    return Page(items, cursor.at(last), more, stand)


def newest(
    connection: Connection, registry: Registry, buckets: frozenset[str], entities: Collection[str], limit: int
) -> list[Item]:
    """The newest records of some kinds in the feed's buckets, newest first: a glance that moves no cursor."""
    last = func.max(feed.c.seq)
    query = select(feed.c.entity, feed.c.record_id, last).where(
        feed.c.bucket.in_(sorted(buckets)), feed.c.entity.in_(sorted(entities)), feed.c.present
    )
    query = query.group_by(feed.c.entity, feed.c.record_id).order_by(last.desc()).limit(limit)
    keys = [(entity, record_id) for entity, record_id, _ in connection.execute(query)]
    items = {(item.entity, item.id): item for item in _puts(connection, registry, keys)}
    return [items[key] for key in keys]


def _behind(connection: Connection, buckets: frozenset[str], seq: int, limit: int) -> Sequence[Any]:
    """For each bucket the next rows. Together they hold the next `limit` seqs of the whole scope."""
    given = {f"bucket_{place}": bucket for place, bucket in enumerate(sorted(buckets))}
    return connection.execute(_of_buckets(len(given)), given | {"after": seq, "most": limit}).all()


@cache
def _of_buckets(count: int) -> CompoundSelect[Any]:
    wanted = (feed.c.entity, feed.c.record_id, feed.c.seq, feed.c.present)
    after, most = bindparam("after", type_=BigInteger), bindparam("most", type_=Integer)
    parts = (
        select(*wanted)
        .where(feed.c.bucket == bindparam(f"bucket_{place}", type_=String), feed.c.seq > after)
        .order_by(feed.c.seq)
        .limit(most)
        for place in range(count)
    )
    return union_all(*(select(part.subquery()) for part in parts))


def _puts(connection: Connection, registry: Registry, keys: Iterable[Key]) -> list[Item]:
    ids: dict[str, list[str]] = {}
    for entity, record_id in keys:
        ids.setdefault(entity, []).append(record_id)
    return [
        Item(entity, record_id, "put", version, body)
        for entity, wanted in ids.items()
        for record_id, version, body in bodies_of(connection, registry[entity].table, wanted)
    ]


def _removes(connection: Connection, buckets: frozenset[str], keys: list[Key]) -> list[Item]:
    """A record is gone for the person only when it has left all of their buckets."""
    kept = {(entity, record_id) for _, entity, record_id in _present(connection, set(keys), buckets)}
    return [Item(entity, record_id, "remove", 0) for entity, record_id in keys if (entity, record_id) not in kept]
