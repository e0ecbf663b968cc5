"""The feed: per bucket and record the newest seq, and whether the record is still in that bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import BigInteger, CompoundSelect, Connection, Integer, String, bindparam, func, select, union_all

from sync.actor import Actor
from sync.bulk import upsert_rows
from sync.change import Record
from sync.cursor import Cursor
from sync.entity import Registry
from sync.facts import Durability
from sync.journal import Entry
from sync.lookup import bodies_of
from sync.tables import feed

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


def point(connection: Connection, entries: Iterable[Entry], seqs: Mapping[str, int]) -> None:
    """Point the feed at the entries: the buckets that the record is in, and those that it left."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in entries:
        if entry.is_empty:
            continue
        for bucket in entry.buckets_before | entry.buckets_after:
            rows[bucket, entry.entity, entry.record_id] = {
                "bucket": bucket,
                "entity": entry.entity,
                "record_id": entry.record_id,
                "seq": seqs[entry.change_id],
                "present": bucket in entry.buckets_after,
            }
    upsert_rows(connection, feed, list(rows.values()))


def pull(
    connection: Connection,
    registry: Registry,
    actor: Actor,
    cursor: Cursor,
    limit: int,
    stand: Durability,
    newest: int,
) -> Page:
    """The next `limit` records behind the cursor. Runs in one read transaction, so seq has no gaps in it.

    `newest` is the seq of the newest journal entry.
    """
    rows = _behind(connection, actor, cursor.seq, limit + 1)
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
    items = _puts(connection, registry, present) + _removes(connection, actor, gone)
    items.sort(key=lambda item: seq_of[item.entity, item.id])
    return Page(items, cursor.at(last), more, stand)


def newest(
    connection: Connection, registry: Registry, actor: Actor, entities: Collection[str], limit: int
) -> list[Item]:
    """The newest records of some kinds in the actor's scope, newest first: a glance that moves no cursor."""
    last = func.max(feed.c.seq)
    query = select(feed.c.entity, feed.c.record_id, last).where(
        feed.c.bucket.in_(sorted(actor.buckets)), feed.c.entity.in_(sorted(entities)), feed.c.present
    )
    query = query.group_by(feed.c.entity, feed.c.record_id).order_by(last.desc()).limit(limit)
    keys = [(entity, record_id) for entity, record_id, _ in connection.execute(query)]
    items = {(item.entity, item.id): item for item in _puts(connection, registry, keys)}
    return [items[key] for key in keys]


def _behind(connection: Connection, actor: Actor, seq: int, limit: int) -> Sequence[Any]:
    """For each bucket the next rows. Together they hold the next `limit` seqs of the whole scope."""
    buckets = {f"bucket_{place}": bucket for place, bucket in enumerate(sorted(actor.buckets))}
    return connection.execute(_of_buckets(len(buckets)), buckets | {"after": seq, "most": limit}).all()


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


def _removes(connection: Connection, actor: Actor, keys: list[Key]) -> list[Item]:
    """A record is gone for the person only when it has left all of their buckets."""
    if not keys:
        return []
    still = connection.execute(
        select(feed.c.entity, feed.c.record_id).where(
            feed.c.bucket.in_(actor.buckets),
            feed.c.record_id.in_([record_id for _, record_id in keys]),
            feed.c.present,
        )
    ).all()
    kept = {(row.entity, row.record_id) for row in still}
    return [Item(entity, record_id, "remove", 0) for entity, record_id in keys if (entity, record_id) not in kept]
