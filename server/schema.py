"""The database's tables: made and brought up to date by migrations."""

from __future__ import annotations

import secrets
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from server.claims import desk_index
from sync.database import Database
from sync.facts import FORM, read_fact, start_epoch, write_fact

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database: Database) -> None:
    """Bring the tables to this version; a new database gets its epoch, an older one the desk's index.

    Where that gives stored records other fields, devices pull from zero: they hold them without.
    """
    with database.write() as connection:
        config = _config()
        config.attributes["connection"] = connection
        before = _records_in(connection)
        command.upgrade(config, "head")
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
        here = MigrationContext.configure(connection).get_current_revision()
    return here == ScriptDirectory.from_config(_config()).get_current_head()


def _records_in(connection: Connection) -> dict[str, list[str]]:
    """The columns of each table of records."""
    found = inspect(connection).get_multi_columns()
    columns = {name: sorted(column["name"] for column in of_table) for (_, name), of_table in found.items()}
    return {name: names for name, names in sorted(columns.items()) if {"id", "version"} <= set(names)}


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
