"""The server: the real application on a real database, which is killed, backed up, restored and set to wrong times."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from server.app import create_app
from server.backup import backup, restore
from server.config import Config, from_environment
from server.schema import upgrade
from server.services import Services, build
from sync.engine import Engine
from sync.tables import journal
from tests.simulation.network import Killed

START = datetime(2024, 3, 4, tzinfo=UTC)
_KEY = "fieldclaim"


class Server:
    """One company's server through all its lives. `new_database` gives the address of an empty database."""

    def __init__(self, folder: Path, new_database: Callable[[], str] | None = None) -> None:
        self.folder = folder
        self.new_database = new_database
        self.lives = 0
        self.now = START
        self.skew = timedelta()
        self.dies_in = 0
        self.backup_path: Path | None = None
        services = self._live()
        upgrade(services.engine.database)
        self.app: Flask = create_app(services.config)
        self._install(services)

    @property
    def services(self) -> Services:
        """The services of the present life."""
        found: Services = self.app.extensions[_KEY]
        return found

    @property
    def engine(self) -> Engine:
        """The engine of the present life."""
        return self.services.engine

    def clock(self) -> datetime:
        """The time as the server believes it to be."""
        return self.now + self.skew

    def die_in(self, statements: int) -> None:
        """The process ends before that many more statements are run; 0 lets it live."""
        self.dies_in = statements

    def back_up(self) -> None:
        """Make a backup; only the newest is kept, as it is the one that durability was promised for."""
        target = self.folder / f"backup-{self.lives}-{self.engine.durability().durable_seq}-{self.now:%m%d%H%M}.tgz"
        if target.exists():
            return
        backup(self.services, target)
        if self.backup_path:
            self.backup_path.unlink()
        self.backup_path = target

    def restore(self) -> bool:
        """Lose the server and fill an empty one from the newest backup. False where there is none."""
        if self.backup_path is None:
            return False
        self.engine.database.engine.dispose()
        services = self._live()
        restore(services, self.backup_path)
        self._install(services)
        return True

    def upgrade(self, dies_in: int) -> None:
        """Bring the database to this version; the process may die at it, and is started again."""
        self.die_in(dies_in)
        try:
            upgrade(self.engine.database)
        except Killed:
            upgrade(self.engine.database)
        finally:
            self.die_in(0)

    def change_ids(self) -> set[str]:
        """Every change that is in the journal."""
        with self.engine.database.read() as connection:
            return set(connection.execute(select(journal.c.change_id)).scalars())

    def close(self) -> None:
        """Let go of the database."""
        self.engine.database.engine.dispose()

    def _live(self) -> Services:
        self.lives += 1
        data = self.folder / f"life-{self.lives}"
        return build(_config(data, self._database(data)))

    def _database(self, data: Path) -> str:
        if self.new_database:
            return self.new_database()
        data.mkdir()
        shutil.copy(_empty_database(), data / "fieldclaim.db")
        return f"sqlite:///{data / 'fieldclaim.db'}"

    def _install(self, services: Services) -> None:
        services.engine.clock = self.clock
        event.listen(services.engine.database.engine, "before_cursor_execute", self._on_statement)
        self.app.extensions[_KEY] = services

    def _on_statement(self, *_: Any) -> None:
        if self.dies_in:
            self.dies_in -= 1
            if not self.dies_in:
                raise Killed


@cache
def _empty_database() -> Path:
    """A database file with tables and nothing else, made once in a process: migrations take a while."""
    folder = Path(mkdtemp(prefix="simulation-"))
    services = build(_config(folder, f"sqlite:///{folder / 'empty.db'}"))
    upgrade(services.engine.database)
    services.engine.database.engine.dispose()
    return folder / "empty.db"


def _config(data: Path, database_url: str) -> Config:
    return from_environment(
        {
            "FIELDCLAIM_DATA": str(data),
            "FIELDCLAIM_DATABASE_URL": database_url,
            "FIELDCLAIM_SECRET_KEY": "k" * 40,
            "FIELDCLAIM_SECOND_FACTOR": "none",
            "FIELDCLAIM_COMPANY_NAME": "Northern Pumps Co.",
            "FIELDCLAIM_COMPANY_TAX_ID": "91110000802100433B",
        }
    )
