"""The feed: per bucket and record the newest seq, and whether the record is still in that bucket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from sync import journal
from sync.actor import Actor
from sync.change import Record
from sync.cursor import Cursor
from sync.entity import Registry
from sync.journal import Entry
from sync.tables import feed


@dataclass(frozen=True)
class Item:
    """One line of a pull: a record as it is now, or word that it has left the person's scope."""

    entity: str
    id: str
    op: Literal["put", "remove"]
    version: int
    record: Record | None


@dataclass(frozen=True)
class Page:
    """A part of the feed, and the cursor that continues behind it."""

    items: list[Item]
    cursor: Cursor
    more: bool


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
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    upsert = dialect.insert(feed)
    upsert = upsert.on_conflict_do_update(
        index_elements=["bucket", "entity", "record_id"],
        set_={"seq": upsert.excluded.seq, "present": upsert.excluded.present},
    )
    connection.execute(upsert, list(rows.values()))


def pull(connection: Connection, registry: Registry, actor: Actor, cursor: Cursor, limit: int) -> Page:
    """The next `limit` records behind the cursor. Runs in one read transaction, so seq has no gaps in it."""
    rows = _behind(connection, actor, cursor.seq, limit + 1)
    seqs = sorted({row.seq for row in rows})
    more = len(seqs) > limit
    last = seqs[limit - 1] if more else journal.head(connection).seq
    here: dict[tuple[str, str], bool] = {}
    for row in sorted(rows, key=lambda row: row.seq):
        if row.seq <= last:
            key = (row.entity, row.record_id)
            here[key] = here.get(key, False) or (row.present and row.seq > cursor.seq)
    items = _puts(connection, registry, [key for key, present in here.items() if present])
    gone = [key for key, present in here.items() if not present]
    seq_of = {(row.entity, row.record_id): row.seq for row in rows}
    # A phone that starts from nothing needs no word of what left before it started.
    gone = [key for key in gone if seq_of[key] > cursor.fresh_until]
    items += _removes(connection, actor, gone)
    items.sort(key=lambda item: seq_of[item.entity, item.id])
    return Page(items, cursor.at(last), more)


def _behind(connection: Connection, actor: Actor, seq: int, limit: int) -> list[Row[Any]]:
    """For each bucket the next rows. Together they hold the next `limit` seqs of the whole scope."""
    parts = [
        select(
            select(feed).where(feed.c.bucket == bucket, feed.c.seq > seq).order_by(feed.c.seq).limit(limit).subquery()
        )
        for bucket in sorted(actor.buckets)
    ]
    return list(connection.execute(union_all(*parts)).all())


def _puts(connection: Connection, registry: Registry, keys: list[tuple[str, str]]) -> list[Item]:
    items: list[Item] = []
    for name in sorted({entity for entity, _ in keys}):
        table = registry[name].table
        ids = [record_id for entity, record_id in keys if entity == name]
        for row in connection.execute(select(table).where(table.c.id.in_(ids))):
            record = dict(row._mapping)
            items.append(Item(name, record["id"], "put", record["version"], record))
    return items


def _removes(connection: Connection, actor: Actor, keys: list[tuple[str, str]]) -> list[Item]:
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
    return [Item(entity, record_id, "remove", 0, None) for entity, record_id in keys if (entity, record_id) not in kept]
