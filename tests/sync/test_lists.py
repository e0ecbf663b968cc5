"""Records found by what a list of theirs holds."""

from __future__ import annotations

from sync import mentions
from sync.actor import SYSTEM
from sync.engine import Engine
from sync.transaction import Transaction
from tests.sync.domain import deleted, edited, made, person


def test_records_are_found_by_the_members_of_a_list(engine: Engine) -> None:
    anna = person()
    note = made("note", {"title": "a", "tags": ["pump", "urgent"]})
    other = made("note", {"title": "b", "tags": ["pump"]})
    engine.push(anna, [note, other])
    assert holding(engine, "pump") == ["a", "b"]
    assert holding(engine, "urgent", "unknown") == ["a"]

    def work(write: Transaction) -> None:
        known = write.get("note", note["record_id"])
        assert known
        write.update("note", known, {"tags": ["valve"]})
        assert [found["title"] for found in write.find_holding("note", "tags", ["pump"])] == ["b"]
        assert [found["title"] for found in write.find_holding("note", "tags", ["valve"])] == ["a"]

    engine.write(anna, work)
    assert holding(engine, "valve") == ["a"]
    known = engine.pull(anna, None, 10).items
    record = next(item.record for item in known if item.record and item.record.get("title") == "b")
    engine.push(anna, [edited(record, {"tags": []}), deleted(record | {"version": 2})])
    assert holding(engine, "pump") == []


def test_a_refused_change_leaves_no_trace_in_the_lists(engine: Engine) -> None:
    anna = person()
    verdicts = engine.push(anna, [made("note", {"title": "a", "tags": ["pump"], "owner_id": "somebody"})])
    assert verdicts[0].status == "rejected"
    assert holding(engine, "pump") == []


def test_the_lists_are_made_anew_from_the_records(engine: Engine) -> None:
    anna = person()
    engine.push(anna, [made("note", {"title": "a", "tags": ["pump", "urgent"]})])
    with engine.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM sync_mention")
        mentions.rebuild(connection, engine.registry)
    assert holding(engine, "urgent") == ["a"]


def holding(engine: Engine, *tags: str) -> list[str]:
    with engine.database.read() as connection:
        found = Transaction(engine, connection, SYSTEM).find_holding("note", "tags", tags)
        return [str(note["title"]) for note in found]
