"""The database, set up so that an acknowledged commit is on the disk and a check and its act are one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from sync.errors import EngineMisconfigured, StorageBroken

try:
    # Note: a SQLite of our own, new enough for WAL. The system's must then not open the same file in this process.
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:
    import sqlite3

SAFE_WAL = (3, 51, 3)
_WRITES = "fieldclaim_writes"


class Trouble(Enum):
    """Why the database could not do its work, though nothing was wrong with the work."""

    FULL = "no room is left"
    BUSY = "others held it for too long"
    AWAY = "it cannot be reached"
    BROKEN = "the disk failed"


class Database:
    """One SQLite file or one PostgreSQL database; nothing above this class knows which."""

    def __init__(self, url: str, **options: Any) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            options.setdefault("connect_args", {"timeout": 30})
            options["module"] = sqlite3
        # Note: the connection that was used last is used next, for what it has cached is newest.
        options |= {"json_serializer": _to_json, "json_deserializer": orjson.loads, "pool_use_lifo": True}
        # Note: an error that is logged names the statement, never what people wrote.
        self.engine: Engine = create_engine(parsed, hide_parameters=True, **options)
        self.is_broken = False
        if self.is_sqlite:
            _set_up_sqlite(self.engine)
            event.listen(self.engine, "handle_error", self._notice)
        else:
            event.listen(self.engine, "connect", _set_up_postgresql)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write. On SQLite it is the only one from its first statement (BEGIN IMMEDIATE).

        Raises StorageBroken once the disk has failed.
        """
        if self.is_broken:
            raise StorageBroken
        connection = self.engine.connect().execution_options(**{_WRITES: True})
        with connection, connection.begin():
            yield connection
            if self.is_broken:  # by another thread, while this one waited for its turn
                raise StorageBroken

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database from beginning to end."""
        connection = self.engine.connect()
        if not self.is_sqlite:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection, connection.begin():
            yield connection

    def lock(self, connection: Connection, names: Iterable[str]) -> None:
        """Hold the named locks, taken in this order, until the transaction ends. A write on SQLite holds them all."""
        if not self.is_sqlite:
            connection.execute(_LOCK, {"keys": [_lock_key(name) for name in names]})

    def plan_for_values(self, connection: Connection) -> None:
        """Until the transaction ends, plan every statement for the values that it is given.

        For statements that read much. PostgreSQL would plan what it has seen five times for values of any kind, and
        then takes, for a whole year, an index that is good for a month.
        """
        if not self.is_sqlite:
            connection.execute(_PLAN_FOR_VALUES)

    def give_up_writing(self) -> None:
        """From now on every write raises StorageBroken, until the process is started again."""
        self.is_broken = True

    def _notice(self, context: Any) -> None:
        # Note: after a failed fsync the kernel may hold pages as clean that never reached the disk, and the next fsync
        # says that all is well (PostgreSQL stops for that, too). So nothing more is acknowledged.
        if isinstance(context.sqlalchemy_exception, DBAPIError):
            self.is_broken |= trouble_of(context.sqlalchemy_exception) is Trouble.BROKEN

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
        if pragma["journal_mode"] == "wal" and sqlite3.sqlite_version_info < SAFE_WAL:
            raise EngineMisconfigured("this SQLite can corrupt a WAL database; 3.51.3 or newer is needed")


def trouble_of(error: DBAPIError) -> Trouble | None:
    """What kind of trouble an error of the database is; None for an error in the work itself."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # Note: SQLite ends a transaction that meets a full disk; going back to a savepoint then fails, too, and that
        # error is the one that comes here, with the first behind it.
        return next(filter(None, map(_sqlite_trouble, (cause, *_chain(error)))), None)
    state = getattr(cause, "sqlstate", None) or ""
    if state == "53100":
        return Trouble.FULL
    if state[:2] in ("40", "55"):
        return Trouble.BUSY
    is_lost = error.connection_invalidated or (not state and type(cause).__name__ == "OperationalError")
    return Trouble.AWAY if is_lost or state[:2] in ("08", "53", "57", "58") else None


def _sqlite_trouble(error: BaseException) -> Trouble | None:
    return _SQLITE_TROUBLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


_SQLITE_TROUBLE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,  # many began at once, and the race for the WAL's locks was lost too often
    sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
    sqlite3.SQLITE_READONLY: Trouble.AWAY,
    sqlite3.SQLITE_IOERR: Trouble.BROKEN,
    sqlite3.SQLITE_CORRUPT: Trouble.BROKEN,
    sqlite3.SQLITE_NOTADB: Trouble.BROKEN,
}


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


# Note: ordered, so that two transactions that want the same locks never wait for each other in a circle.
_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) WITH ORDINALITY AS k(key, place)")
_PLAN_FOR_VALUES = text("SET LOCAL plan_cache_mode = force_custom_plan")
_PRAGMAS = ("synchronous", "foreign_keys", "journal_mode")


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


def _set_up_sqlite(engine: Engine) -> None:
    # Note: SQLite before 3.51.3 can corrupt a WAL file when two connections checkpoint at once (sqlite.org/changes).
    mode = "WAL" if sqlite3.sqlite_version_info >= SAFE_WAL else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver must not begin transactions of its own
        try:
            for statement in ("foreign_keys=ON", "synchronous=FULL", f"journal_mode={mode}"):
                dbapi.execute(f"PRAGMA {statement}")
        except sqlite3.OperationalError as error:
            # Note: nothing was written yet. On a full disk the WAL's own file finds no room, which is no broken disk.
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
                error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITES, False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # takes no lock yet, so nothing can go wrong that would have to be told as an error of the database
            connection.connection.execute("BEGIN")


def _set_up_postgresql(dbapi: Any, _record: Any) -> None:
    # Note: until PostgreSQL has counted a table's rows it would sort all that lies behind a cursor to find the first
    # thousand; on the disks of today a page of an index costs little more than the one that follows.
    dbapi.execute("SET random_page_cost = 1.1")
    dbapi.commit()
