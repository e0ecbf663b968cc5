"""The database, set up so that an acknowledged commit is on the disk and a check and its act are one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from sync.errors import EngineMisconfigured

SAFE_WAL = (3, 51, 3)
_WRITES = "fieldclaim_writes"


class Database:
    """One SQLite file or one PostgreSQL database; nothing above this class knows which."""

    def __init__(self, url: str, **options: Any) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            options.setdefault("connect_args", {"timeout": 30})
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            _set_up_sqlite(self.engine)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write. On SQLite it is the only one from its first statement (BEGIN IMMEDIATE)."""
        connection = self.engine.connect().execution_options(**{_WRITES: True})
        with connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database from beginning to end."""
        connection = self.engine.connect()
        if not self.is_sqlite:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection, connection.begin():
            yield connection

    def lock(self, connection: Connection, name: str) -> None:
        """Hold the named lock until the transaction ends. A write on SQLite holds every lock already."""
        if self.is_sqlite:
            return
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def check(self) -> None:
        """Refuse settings under which an acknowledged commit could be lost. Raises EngineMisconfigured."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                if connection.scalar(text("SHOW fsync")) != "on":
                    raise EngineMisconfigured("PostgreSQL runs with fsync off: set fsync = on")
                return
            pragma = {name: connection.scalar(text(f"PRAGMA {name}")) for name in _PRAGMAS}
        if pragma["synchronous"] != 2 or pragma["foreign_keys"] != 1:
            raise EngineMisconfigured(f"SQLite must run with synchronous=FULL and foreign keys: {pragma}")
        if pragma["journal_mode"] == "wal" and _sqlite_version() < SAFE_WAL:
            raise EngineMisconfigured("this SQLite can corrupt a WAL database; 3.51.3 or newer is needed")


_PRAGMAS = ("synchronous", "foreign_keys", "journal_mode")


def _sqlite_version() -> tuple[int, ...]:
    import sqlite3

    return sqlite3.sqlite_version_info


def _set_up_sqlite(engine: Engine) -> None:
    # Note: SQLite before 3.51.3 can corrupt a WAL file when two connections checkpoint at once (sqlite.org/changes).
    mode = "WAL" if _sqlite_version() >= SAFE_WAL else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver must not begin transactions of its own
        for statement in ("foreign_keys=ON", "synchronous=FULL", f"journal_mode={mode}"):
            dbapi.execute(f"PRAGMA {statement}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
