"""A new version in the middle of a run.

Old code does not run here, so what it leaves is made: the real migrations go down, and what no earlier version could
have written is taken out of the journal and of the phones. Then the real upgrade goes up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import takewhile
from random import Random
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, update

from server import schema
from sync import journal as journals
from sync.canonical import canonical
from sync.database import Database
from sync.entity import Registry
from sync.tables import journal
from tests.simulation.device import Device

OLDEST = "0018"
"""The oldest revision that has a table for every kind of record that a run makes."""
Fields = Mapping[str, frozenset[str]]


def go_back(database: Database, registry: Registry, devices: Iterable[Device], chance: Random) -> str:
    """Make the stopped server, and the phones, what an earlier version would have left. Gives its revision."""
    revision = chance.choice(revisions())
    database.engine.dispose()
    config = schema._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        unknown = _unknown(connection, registry)
        _rewrite_journal(connection, unknown)
    for device in devices:
        _rewrite_phone(device, unknown)
    return revision


def revisions() -> list[str]:
    """The revisions from which a run is upgraded, the newest first."""
    found = [each.revision for each in ScriptDirectory.from_config(schema._config()).walk_revisions()][1:]
    return [*takewhile(lambda revision: revision != OLDEST, found), OLDEST]


def _unknown(connection: Connection, registry: Registry) -> Fields:
    """By kind of record, the fields that the earlier version does not know."""
    tables = {
        name: {column["name"] for column in found}
        for (_, name), found in inspect(connection).get_multi_columns().items()
    }
    kinds = set(connection.execute(select(journal.c.entity).distinct()).scalars())
    missing = {name for name in kinds if registry[name].table.name not in tables}
    assert not missing, f"{OLDEST} is too old: it has no {missing}"
    found = {
        name: frozenset(entity.table.c.keys()) - tables.get(entity.table.name, set())
        for name, entity in registry.entities.items()
    }
    return {name: fields for name, fields in found.items() if fields}


def _rewrite_journal(connection: Connection, unknown: Fields) -> None:
    last = journals.GENESIS
    for row in [dict(row._mapping) for row in journals.entries(connection)]:
        for part in ("before", "after"):
            row[part] = canonical(_without(journals.values(row[part]), unknown.get(row["entity"], ())))
        fresh = {"before": row["before"], "after": row["after"], "prev_hash": last}
        last = fresh["hash"] = journals.entry_hash(last, row)
        connection.execute(update(journal).where(journal.c.seq == row["seq"]).values(**fresh))


def _rewrite_phone(device: Device, unknown: Fields) -> None:
    rows = device.store.execute("SELECT entity, id, body FROM record").fetchall()
    for entity, record_id, body in rows:
        if entity in unknown:
            known = json.dumps(_without(json.loads(body), unknown[entity]))
            device.store.execute("UPDATE record SET body = ? WHERE entity = ? AND id = ?", (known, entity, record_id))


def _without(record: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in fields}
