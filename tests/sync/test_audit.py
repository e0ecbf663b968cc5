"""A history altered by hand in the database is found, and the first broken entry is named."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, text

from sync import journal
from sync.audit import Break, verify
from sync.engine import Engine
from sync.journal import Head, entry_hash
from sync.tables import journal as table
from tests.sync.domain import deleted, edited, made, person


@pytest.fixture
def history(engine: Engine) -> Engine:
    """Ten entries: creates, an update, a delete and a consequence."""
    anna = person()
    folder = made("folder", {"title": "Trip"})
    notes = [made("note", {"title": str(number), "tags": ["é", 1.5, None]}) for number in range(4)]
    inside = made("note", {"folder_id": folder["record_id"]})
    first = {**notes[0]["fields"], "id": notes[0]["record_id"], "version": 1}
    second = {**notes[1]["fields"], "id": notes[1]["record_id"], "version": 1}
    engine.push(anna, [folder, *notes, inside, edited(first, {"title": "new"}), deleted(second)])
    engine.push(anna, [edited({**first, "title": "new", "version": 2}, {"body": "more"})])
    return engine


def broken(engine: Engine, known: Head | None = None) -> Break | None:
    with engine.database.read() as connection:
        return verify(connection, engine.registry, known)


def by_hand(engine: Engine, statement: str) -> None:
    with engine.database.write() as connection:
        assert connection.execute(text(statement)).rowcount == 1


def test_an_untouched_journal_is_accepted(history: Engine) -> None:
    assert broken(history) is None


@pytest.mark.parametrize("seq", [1, 5, 9])
def test_an_edited_entry_is_named(history: Engine, seq: int) -> None:
    for column in (column.name for column in table.columns if column.name != "seq"):
        with history.database.engine.connect() as connection, connection.begin() as undone:
            value = "7" if column == "version" else "'x'"
            connection.execute(text(f"UPDATE sync_journal SET {column} = {value} WHERE seq = {seq}"))
            found = verify(connection, history.registry)
            undone.rollback()
        assert found, column
        assert (found.kind, found.seq) == ("entry_changed", seq)


@pytest.mark.parametrize(("seq", "kind"), [(1, "entry_missing"), (6, "entry_missing"), (10, "tail_cut")])
def test_a_removed_entry_is_named(history: Engine, seq: int, kind: str) -> None:
    by_hand(history, f"DELETE FROM sync_journal WHERE seq = {seq}")
    found = broken(history)
    assert found
    assert (found.kind, found.seq) == (kind, seq)


def test_an_inserted_entry_is_named_even_with_a_right_hash(history: Engine) -> None:
    with history.database.write() as connection:
        last = connection.execute(select(table).order_by(table.c.seq.desc())).mappings().first()
        assert last
        row = {**last, "seq": 11, "change_id": "forged", "prev_hash": last["hash"]}
        connection.execute(insert(table).values({**row, "hash": entry_hash(last["hash"], row)}))
    found = broken(history)
    assert found
    assert (found.kind, found.seq) == ("entry_inserted", 11)


def test_a_chain_rewritten_from_the_middle_does_not_hold_a_head_printed_before(history: Engine) -> None:
    with history.database.read() as connection:
        printed = journal.head(connection)
    with history.database.write() as connection:
        rows = [dict(row) for row in connection.execute(select(table).order_by(table.c.seq)).mappings()]
        last = journal.GENESIS
        connection.execute(table.delete())
        for row in rows:
            row |= {"actor": "nobody", "prev_hash": last}
            row["hash"] = last = entry_hash(last, row)
        connection.execute(insert(table), rows)
    assert broken(history) is None, "only a head kept elsewhere shows a whole rewrite"
    found = broken(history, printed)
    assert found
    assert (found.kind, found.seq) == ("entry_changed", 10)


def test_a_record_altered_beside_the_journal_is_named(history: Engine) -> None:
    by_hand(history, "UPDATE note SET body = 'more or less' WHERE body = 'more'")
    found = broken(history)
    assert found
    assert (found.kind, found.entity, found.seq) == ("record_differs", "note", 10)


def test_a_record_removed_or_inserted_beside_the_journal_is_named(history: Engine) -> None:
    by_hand(history, "DELETE FROM note WHERE title = '2'")
    found = broken(history)
    assert found
    assert (found.kind, found.seq) == ("record_differs", 4)


def test_a_record_inserted_beside_the_journal_is_named(history: Engine) -> None:
    by_hand(history, "INSERT INTO folder (id, version, title) VALUES ('forged', 1, 'x')")
    found = broken(history)
    assert found
    assert (found.kind, found.record_id) == ("record_differs", "forged")
