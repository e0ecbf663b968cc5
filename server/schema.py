"""The database's tables: made and brought up to date by migrations."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData, inspect

from server.claims import desk_index
from server.tables import metadata
from sync.database import Database
from sync.facts import FORM, read_fact, start_epoch, write_fact

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to this version; a new database gets its epoch, an older one the desk's index.

    Where that gives stored records other fields, devices pull from zero: they hold them without.
    """
    with database.write() as connection:
        config = _config()
        config.attributes["connection"] = connection
        before = _records_in(connection)
        command.upgrade(config, revision)
        after = _records_in(connection)
        if any(after.get(name) != columns for name, columns in before.items()):
            write_fact(connection, FORM, secrets.token_hex(8))
        if not read_fact(connection, "epoch"):
            start_epoch(connection)
        if desk_index.is_empty(connection):
            desk_index.rebuild(connection)


def is_current(database: Database) -> bool:
    """Whether the tables are of this version."""
    with database.read() as connection:
        return revision_of(connection) == ScriptDirectory.from_config(_config()).get_current_head()


def revision_of(connection: Connection) -> str:
    """The version of the tables."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def knows(revision: str) -> bool:
    """Whether the revision is this version's or one of those before."""
    return revision in {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}


@contextmanager
def tables_of(connection: Connection, revision: str) -> Iterator[MetaData]:
    """The tables of an empty database as they were at a revision, to be filled inside; then they go up again."""
    if revision in ("", revision_of(connection)):
        yield metadata
        return
    config = _config()
    config.attributes["connection"] = connection
    command.downgrade(config, revision)
    tables = MetaData()
    tables.reflect(connection)
    for column in (column for table in tables.tables.values() for column in table.columns):
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
    yield tables
    command.upgrade(config, "head")


def _records_in(connection: Connection) -> dict[str, list[str]]:
    """The columns of each table of records."""
    found = inspect(connection).get_multi_columns()
    columns = {name: sorted(column["name"] for column in of_table) for (_, name), of_table in found.items()}
    return {name: names for name, names in sorted(columns.items()) if {"id", "version"} <= set(names)}


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
