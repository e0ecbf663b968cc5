"""What a transaction believes to hold, it holds: also after a change was refused and undone by a savepoint.

On PostgreSQL only: a writer on SQLite is alone, and there is nothing to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from sqlalchemy import text

from sync.change import Change, Record
from sync.database import _lock_key
from sync.engine import Engine
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction
from tests.sync.domain import made, person

pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def test_a_lock_that_was_undone_with_a_refused_change_is_taken_again(engine: Engine) -> None:
    free: list[bool] = []
    note = made("note", {"title": "a"})

    def refuse(write: Transaction, entry: Entry) -> Iterable[Change]:
        assert write.connection, "asked for the connection: the tables hear of the change, behind a savepoint"
        write.lock("counter")
        write.get("note", other["id"], lock=True)
        if entry.record["title"] == "a":
            raise Refused("too_many")
        with engine.database.engine.connect() as beside:
            free.append(
                bool(beside.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _lock_key("counter")}))
            )
            query = text("SELECT id FROM note WHERE id = :id FOR UPDATE SKIP LOCKED")
            free.append(beside.execute(query, {"id": other["id"]}).first() is not None)
        return ()

    anna = person()
    other: Mapping[str, Any] = engine.write(anna, _first)
    engine.registry.follow("note", refuse)
    verdicts = engine.push(anna, [note, made("note", {"title": "b"})])
    assert [verdict.status for verdict in verdicts] == ["rejected", "applied"]
    assert free == [False, False], "another writer could take what this one counted on"


def _first(write: Transaction) -> Record:
    return write.create("note", {"title": "first"})
