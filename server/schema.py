"""The database's tables: made and brought up to date by migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.claims import desk_index
from sync.database import Database
from sync.facts import read_fact, start_epoch

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database: Database) -> None:
    """Bring the tables to this version; a new database gets its epoch, an older one the desk's index."""
    with database.write() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if not read_fact(connection, "epoch"):
            start_epoch(connection)
        if desk_index.is_empty(connection):
            desk_index.rebuild(connection)


def is_current(database: Database) -> bool:
    """Whether the tables are of this version."""
    with database.read() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    return here == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
