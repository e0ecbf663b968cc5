"""A database that could lose acknowledged work is refused before the server starts."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from sync.database import SAFE_WAL, Database, Trouble, sqlite3, trouble_of
from sync.errors import EngineMisconfigured, StorageBroken

_HOW_PLANNED = text("SHOW plan_cache_mode")


def test_a_new_database_is_set_up_so_that_a_commit_is_on_the_disk(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.check()
    if database.is_sqlite:
        with database.read() as connection:
            assert connection.scalar(text("PRAGMA synchronous")) == 2
            mode = connection.scalar(text("PRAGMA journal_mode"))
        assert mode == ("wal" if sqlite3.sqlite_version_info >= SAFE_WAL else "truncate")
    database.engine.dispose()


def test_a_read_of_much_is_planned_for_its_values_and_no_other_read_is(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.read() as connection:
        database.plan_for_values(connection)
        if not database.is_sqlite:
            assert connection.scalar(_HOW_PLANNED) == "force_custom_plan"
    if not database.is_sqlite:
        with database.read() as connection:
            assert connection.scalar(_HOW_PLANNED) == "auto"
    database.engine.dispose()


@pytest.mark.parametrize("pragma", ["synchronous=NORMAL", "synchronous=OFF", "foreign_keys=OFF"])
def test_an_unsafe_setting_is_refused(tmp_path: Path, pragma: str) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    event.listen(database.engine, "connect", lambda dbapi, _: dbapi.execute(f"PRAGMA {pragma}"))
    with pytest.raises(EngineMisconfigured, match="synchronous=FULL"):
        database.check()
    database.engine.dispose()


def test_a_write_holds_the_database_from_its_first_statement(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", connect_args={"timeout": 0})
    with database.write(), pytest.raises(Exception, match="database is locked"), database.write():
        pass
    database.engine.dispose()


def test_after_a_failed_write_to_the_disk_nothing_is_written_and_all_can_be_read(tmp_path: Path) -> None:
    """A file may not grow past its limit: for SQLite that is an I/O error like any other."""
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(DBAPIError) as failed, database.write() as connection:
            connection.execute(text("INSERT INTO words VALUES (:word)"), [{"word": "x" * 1000}] * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert trouble_of(failed.value) is Trouble.BROKEN
    with pytest.raises(StorageBroken), database.write():
        pass
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM words")) == 0
    database.engine.dispose()


@pytest.mark.parametrize("code", ["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"])
def test_a_database_that_others_held_for_too_long_is_busy_and_not_at_fault(code: str) -> None:
    cause = sqlite3.OperationalError("locking protocol")
    cause.sqlite_errorcode = getattr(sqlite3, code)
    assert trouble_of(DBAPIError.instance("BEGIN", None, cause, sqlite3.Error)) is Trouble.BUSY
