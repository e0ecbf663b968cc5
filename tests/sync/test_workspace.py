"""What a transaction knows of the records: never what was undone, nor what a lock that it waited for has made old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import text

from sync.change import Change, Record
from sync.engine import Engine
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction
from tests.sync.domain import Owned, edited, made, person
from tests.sync.test_push import a_note, statuses, stored


def titles(found: Iterable[Record]) -> list[str]:
    return [note["title"] for note in found]


def test_what_was_read_of_a_change_that_was_undone_is_forgotten(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna, title="a", tags=["pump"])

    def refuse(write: Transaction, entry: Entry) -> Iterable[Change]:
        assert write.connection, "the tables hear of the change, and what is read now is read of it"
        write.look_up("note", "title", ["b"])
        write.find("note", body=note["body"])
        write.find_holding("note", "tags", ["valve"])
        raise Refused("too_many")

    engine.registry.follow("note", refuse)

    def work(write: Transaction) -> tuple[Any, ...]:
        with pytest.raises(Refused):
            write.update("note", note, {"title": "b", "tags": ["valve"]})
        known = write.get("note", note["id"])
        holding = write.find_holding("note", "tags", ["valve"])
        return known, titles(write.find("note", title="b")), titles(write.find("note", title="a")), titles(holding)

    assert engine.write(anna, work) == (note, [], ["a"], [])


def test_what_a_lock_waited_for_is_read_again(engine: Engine) -> None:
    """A push reads ahead; where it waits for a record, what it looked up before is as old as the wait."""
    if engine.database.is_sqlite:
        return  # a writer is alone there, and waits before it has read anything
    anna, folder = person(), made("folder", {"title": "Trip"})
    note = a_note(engine, anna, title="a")
    engine.push(anna, [folder])
    found: list[list[str]] = []

    class LooksAhead(Owned):
        def prepare(self, write: Transaction, changes: Sequence[Change]) -> None:
            write.look_up("note", "title", ["a"])

        def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
            found.append(titles(write.find("note", title="a")))
            return {}

    engine.registry["folder"].policy.__class__ = LooksAhead
    known = stored(engine, "folder", folder["record_id"])
    assert known
    changes = [edited(known, {"title": "Tour"}, "folder"), edited(note, {"body": "dry"})]
    holds, pushed = Event(), Thread(target=lambda: holds.wait(10) and engine.push(anna, changes))
    pushed.start()
    with engine.database.write() as beside:
        beside.execute(text("UPDATE note SET title = 'b' WHERE id = :id"), {"id": note["id"]})
        holds.set()
        waits = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with engine.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as third:
            while not third.scalar(waits):
                sleep(0.01)
    pushed.join()
    assert found == [[]]


def test_records_without_a_value_are_found_though_they_were_looked_up(engine: Engine) -> None:
    anna = person()
    a_note(engine, anna, title="a")

    def work(write: Transaction) -> list[str]:
        write.look_up("note", "folder_id", [None])
        return titles(write.find("note", folder_id=None))

    assert engine.write(anna, work) == ["a"]


def test_a_value_that_is_taken_refuses_the_change_that_brought_it_and_no_other(engine: Engine) -> None:
    anna = person()
    with engine.database.write() as connection:
        connection.execute(text("CREATE UNIQUE INDEX uq_folder_title ON folder (title)"))
    assert statuses(engine, anna, made("folder", {"title": "Trip"})) == ["applied"]

    def ask(write: Transaction, entry: Entry) -> Iterable[Change]:
        assert write.connection, "the tables hear of this change, and of the one before"
        return ()

    engine.registry.follow("note", ask)
    changes = [made("folder", {"title": "Trip"}), made("note", {"title": "a"}), made("folder", {"title": "Tour"})]
    verdicts = engine.push(anna, changes)
    assert [(verdict.status, verdict.code) for verdict in verdicts] == [
        ("rejected", "not_unique"),
        ("applied", None),
        ("applied", None),
    ]


def test_a_policy_that_sets_a_field_back_has_the_last_word(engine: Engine) -> None:
    class KeepsTitle(Owned):
        def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
            return {"title": before["title"]} if before else super().settle(write, before, after)

    anna = person()
    note = a_note(engine, anna, title="a")
    engine.registry["note"].policy.__class__ = KeepsTitle
    assert statuses(engine, anna, edited(note, {"title": "b"})) == ["applied"]
    assert stored(engine, "note", note["id"]) == note
    assert statuses(engine, anna, edited(note, {"title": "b", "body": "dry"})) == ["applied"]
    assert stored(engine, "note", note["id"]) == note | {"body": "dry", "version": 2}
