"""A small domain to try the engine on: folders that belong to a person, and notes that lie in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, delete

from sync.actor import Actor
from sync.change import Change, Record, instant, new_id
from sync.database import Database
from sync.engine import Engine
from sync.entity import Entity, Policy, Registry
from sync.errors import Refused
from sync.facts import start_epoch
from sync.journal import Entry
from sync.tables import metadata as engine_tables
from sync.transaction import Transaction, change_of

domain_tables = MetaData()  # of its own: a server test in the same process must not see these
folders = Table(
    "folder",
    domain_tables,
    Column("id", String(36), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("title", String(200)),
    Column("owner_id", String(36)),
    Column("note_count", Integer),
)
notes = Table(
    "note",
    domain_tables,
    Column("id", String(36), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("folder_id", String(36)),
    Column("title", String(200)),
    Column("body", String(4000)),
    Column("tags", JSON(none_as_null=True)),
    Column("owner_id", String(36)),
    Column("stamped_by", String(36)),
)


class SmallForm:
    """Types by example: the default's type is the field's."""

    def __init__(self, **defaults: Any) -> None:
        self.defaults: Mapping[str, Any] = defaults

    def load(self, fields: Mapping[str, Any], *, partial: bool) -> Record:
        errors = {name: ["unknown_field"] for name in fields if name not in self.defaults}
        for name, value in fields.items():
            kind = type(self.defaults.get(name))
            if name not in errors and self.defaults[name] is not None and type(value) is not kind:
                errors[name] = ["bad_type"]
        if errors:
            raise Refused("invalid_fields", errors)
        return dict(fields) if partial else {**self.defaults, **fields}


class Owned(Policy):
    """A person writes the fields named in `open_fields` of what is theirs; a `boss` may hand it to another."""

    def __init__(self, *open_fields: str) -> None:
        self.open_fields = frozenset(open_fields)

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return self.open_fields | ({"owner_id"} if write.actor.is_any("boss") else frozenset())

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        return {"owner_id": write.actor.id} if before is None else {}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        return True

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['owner_id']}", "role:boss"}


def count_notes(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A folder counts its notes."""
    folder = write.get("folder", entry.record["folder_id"])
    if folder is not None:
        count = len(write.find("note", folder_id=folder["id"]))
        yield change_of("folder", folder, {"note_count": count})


def registry() -> Registry:
    """Folders and notes."""
    known = Registry()
    known.add(
        Entity("folder", folders, SmallForm(title="", owner_id="", note_count=0), Owned("title")),
        Entity(
            "note",
            notes,
            SmallForm(folder_id=None, title="", body="", tags=[], owner_id="", stamped_by=""),
            Owned("folder_id", "title", "body", "tags"),
            references={"folder_id": "folder"},
            lists=("tags",),
        ),
    )
    known.follow("note", count_notes)
    return known


def small_engine(url: str) -> Engine:
    """An engine on a new database with the small domain."""
    database = Database(url)
    for tables in (engine_tables, domain_tables):
        tables.create_all(database.engine)
    with database.write() as connection:
        start_epoch(connection)
    return Engine(database, registry())


def forget_all(engine: Engine) -> None:
    """Make the engine's database a new one: no records, no journal, another epoch."""
    with engine.database.write() as connection:
        for tables in (engine_tables, domain_tables):
            for table in tables.sorted_tables:
                connection.execute(delete(table))
        start_epoch(connection)


def person(*roles: str) -> Actor:
    """Somebody with a phone."""
    return Actor(new_id(), frozenset(roles), device_id=new_id())


def made(entity: str, fields: Mapping[str, Any], record_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A create as a phone sends it."""
    now = instant(datetime.now(UTC))
    return {
        "change_id": new_id(),
        "entity": entity,
        "record_id": record_id or new_id(),
        "op": "create",
        "fields": dict(fields),
        "made_at": now,
    } | more


def edited(record: Mapping[str, Any], fields: Mapping[str, Any], entity: str = "note", **more: Any) -> dict[str, Any]:
    """An update as a phone sends it, on top of the record that it knows."""
    base = {name: record.get(name) for name in fields}
    known = {"op": "update", "base": base, "base_version": record["version"]}
    return made(entity, fields, record["id"]) | known | more


def deleted(record: Mapping[str, Any], entity: str = "note") -> dict[str, Any]:
    """A delete as a phone sends it."""
    return made(entity, {}, record["id"]) | {"op": "delete", "base_version": record["version"]}
