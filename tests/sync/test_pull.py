"""What a pull gives: everything in scope, nothing else, nothing skipped, whatever happens in between."""

from __future__ import annotations

import tracemalloc
from threading import Event, Thread

import pytest
from sqlalchemy import text

from sync.actor import Actor
from sync.change import Record, new_id
from sync.cursor import Cursor
from sync.engine import Engine
from sync.errors import CursorUnknown
from sync.feed import Item
from sync.transaction import Transaction, change_of
from tests.sync.domain import deleted, edited, made, person


def pull_all(engine: Engine, actor: Actor, cursor: str | None = None, limit: int = 3) -> tuple[list[Item], str]:
    items: list[Item] = []
    while True:
        page = engine.pull(actor, cursor, limit)
        items += page.items
        cursor = page.cursor.encode()
        if not page.more:
            return items, cursor


def shape(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.op, item.id) for item in items]


def hand_over(engine: Engine, record: Record, owner: Actor) -> None:
    boss = person("boss")
    engine.write(boss, lambda write: write.update("note", record, {"owner_id": owner.id}))


def a_note(engine: Engine, actor: Actor, title: str = "Pump") -> Record:
    change = made("note", {"title": title})
    engine.push(actor, [change])
    return next(item.record for item in pull_all(engine, actor)[0] if item.id == change["record_id"] and item.record)


def test_a_pull_brings_what_changed_since_the_last_one(engine: Engine) -> None:
    anna = person()
    first, second = a_note(engine, anna, "1"), a_note(engine, anna, "2")
    items, cursor = pull_all(engine, anna)
    assert shape(items) == [("put", first["id"]), ("put", second["id"])]
    assert pull_all(engine, anna, cursor)[0] == []
    engine.push(anna, [edited(first, {"body": "drips"})])
    assert shape(pull_all(engine, anna, cursor)[0]) == [("put", first["id"])]


def test_a_record_that_changed_often_is_sent_once(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna)
    for number in range(5):
        engine.push(
            anna,
            [edited(note | {"version": 1, "body": str(number - 1) if number else ""}, {"body": str(number)})],
        )
    items, _ = pull_all(engine, anna)
    assert [(item.id, item.version) for item in items] == [(note["id"], 6)]


def test_a_record_in_two_buckets_of_a_person_is_sent_once(engine: Engine) -> None:
    boss = person("boss")
    note = a_note(engine, boss)
    assert shape(pull_all(engine, boss)[0]) == [("put", note["id"])]


def test_nobody_pulls_what_is_not_theirs(engine: Engine) -> None:
    a_note(engine, person())
    assert pull_all(engine, person())[0] == []


def test_a_record_handed_over_leaves_one_phone_and_reaches_the_other(engine: Engine) -> None:
    anna, bo = person(), person()
    note = a_note(engine, anna)
    (_, of_anna), (_, of_bo) = pull_all(engine, anna), pull_all(engine, bo)
    hand_over(engine, note, bo)
    lost, _ = pull_all(engine, anna, of_anna)
    gained, _ = pull_all(engine, bo, of_bo)
    assert (shape(lost), shape(gained)) == ([("remove", note["id"])], [("put", note["id"])])


def test_a_record_that_left_one_of_two_buckets_is_not_removed(engine: Engine) -> None:
    boss = person("boss")
    note = a_note(engine, boss)
    _, cursor = pull_all(engine, boss)
    hand_over(engine, note, person())
    assert shape(pull_all(engine, boss, cursor)[0]) == [("put", note["id"])]


def test_a_deleted_record_is_removed_everywhere(engine: Engine) -> None:
    anna, boss = person(), person("boss")
    note = a_note(engine, anna)
    cursors = {actor: pull_all(engine, actor)[1] for actor in (anna, boss)}
    engine.push(anna, [deleted(note)])
    for actor, cursor in cursors.items():
        assert shape(pull_all(engine, actor, cursor)[0]) == [("remove", note["id"])]


def test_a_first_sync_is_not_told_of_what_was_gone_before_it_began(engine: Engine) -> None:
    anna = person()
    engine.push(anna, [deleted(a_note(engine, anna))])
    kept = a_note(engine, anna)
    assert shape(pull_all(engine, anna)[0]) == [("put", kept["id"])]


def test_a_record_removed_during_a_first_sync_is_removed_on_the_phone(engine: Engine) -> None:
    anna = person()
    notes = [a_note(engine, anna, str(number)) for number in range(4)]
    page = engine.pull(anna, None, 2)
    engine.push(anna, [deleted(notes[0])])
    rest, _ = pull_all(engine, anna, page.cursor.encode())
    assert shape(rest)[-1] == ("remove", notes[0]["id"])


def test_a_pull_cut_off_anywhere_continues_from_its_cursor(engine: Engine) -> None:
    anna = person()
    engine.push(anna, [made("note", {"title": str(number)}) for number in range(25)])
    whole = shape(pull_all(engine, anna, limit=1000)[0])
    for limit in (1, 2, 7):
        seen, cursor = [], None
        while True:
            lost = engine.pull(anna, cursor, limit)  # the answer is lost on the way: the phone asks again
            page = engine.pull(anna, cursor, limit)
            assert shape(page.items) == shape(lost.items)
            seen += shape(page.items)
            cursor = page.cursor.encode()
            if not page.more:
                break
        assert seen == whole


BAD_CURSORS = ["x", "é", "W10", "WzEsMiwzXQ", "eyJhIjoxfQ", "[]", "A" * 5000]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
def test_a_cursor_that_is_none_of_ours_asks_for_a_pull_from_zero(engine: Engine, cursor: str) -> None:
    with pytest.raises(CursorUnknown):
        engine.pull(person(), cursor, 10)


def test_a_cursor_of_another_scope_epoch_or_future_is_unknown(engine: Engine) -> None:
    anna = person()
    page = engine.pull(anna, None, 10)
    promoted = Actor(anna.id, frozenset({"boss"}))
    for bad in (
        (promoted, page.cursor),
        (anna, Cursor("another", anna.scope, 0, 0)),
        (anna, page.cursor.at(10_000)),
        (anna, page.cursor.at(-1)),
    ):
        with pytest.raises(CursorUnknown):
            engine.pull(bad[0], bad[1].encode(), 10)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite lets no second writer begin: see below
def test_a_writer_that_commits_later_is_never_skipped(engine: Engine) -> None:
    """Two connections: the first does its work, the second does and commits, a reader reads, the first commits."""
    anna = person()
    worked, may_commit = Event(), Event()

    def slow(write: Transaction) -> None:
        write.create("note", {"title": "first to write, last to commit"})
        worked.set()
        may_commit.wait(10)

    thread = Thread(target=lambda: engine.write(anna, slow))
    thread.start()
    worked.wait(10)
    engine.push(anna, [made("note", {"title": "second to write, first to commit"})])
    early, cursor = pull_all(engine, anna)
    may_commit.set()
    thread.join()
    late, _ = pull_all(engine, anna, cursor)
    titles = [item.record["title"] for item in early + late if item.record]
    assert titles == ["second to write, first to commit", "first to write, last to commit"]


def test_numbers_are_taken_under_the_lock_that_the_commit_releases(engine: Engine) -> None:
    """The first writer has its number and has not committed: the second waits for it, and no reader sees a gap."""
    anna = person()
    sealed, may_commit = Event(), Event()

    def holds_its_number(write: Transaction) -> None:
        write.create("note", {"title": "1"})
        write.seal()
        write.staged.clear()
        sealed.set()
        may_commit.wait(10)

    first = Thread(target=lambda: engine.write(anna, holds_its_number))
    first.start()
    sealed.wait(10)
    second = Thread(target=lambda: engine.push(anna, [made("note", {"title": "2"})]))
    second.start()
    second.join(0.5)
    assert second.is_alive(), "the second writer must wait until the first has committed"
    if not engine.database.is_sqlite:  # a rollback journal lets no reader in while a writer commits; it need not
        assert pull_all(engine, anna)[0] == []
    may_commit.set()
    first.join()
    second.join()
    assert [item.record["title"] for item in pull_all(engine, anna)[0] if item.record] == ["1", "2"]


def test_a_first_sync_of_ten_thousand_records_needs_the_memory_of_one_page(engine: Engine) -> None:
    anna = person()
    for start in range(0, 10_000, 2_500):
        engine.push(anna, [made("note", {"title": f"{start + number:05}"}) for number in range(2_500)])
    count, cursor, peaks = 0, None, []
    tracemalloc.start()
    while True:
        tracemalloc.reset_peak()
        page = engine.pull(anna, cursor, 500)
        count += len(page.items)
        cursor = page.cursor.encode()
        peaks.append(tracemalloc.get_traced_memory()[1])
        if not page.more:
            break
    tracemalloc.stop()
    assert count == 10_000
    assert len(peaks) == 20
    assert max(peaks[2:]) < 2 * peaks[1], "a later page needs no more than an early one"


def test_a_change_of_nothing_is_not_sent_to_anybody(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna)
    _, cursor = pull_all(engine, anna)
    verdict = engine.push(anna, [edited(note, {"title": note["title"]})])[0]
    assert (verdict.status, verdict.version) == ("applied", 1)
    assert pull_all(engine, anna, cursor)[0] == []


def test_a_phone_learns_what_the_server_lacks(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna)
    foreign = a_note(engine, person())
    unknown = new_id()
    claims = [
        {"entity": "note", "id": note["id"], "version": 1},
        {"entity": "note", "id": note["id"], "version": 2},
        {"entity": "note", "id": unknown, "version": 1},
        {"entity": "note", "id": foreign["id"], "version": 1},
        {"entity": "nothing", "id": unknown, "version": 1},
    ]
    missing = engine.missing(anna, claims)
    assert [item["id"] for item in missing] == [note["id"], unknown, foreign["id"], unknown]


def test_the_feed_holds_one_row_per_bucket_and_record_however_long_the_history(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna)
    for number in range(10):
        engine.write(
            anna,
            lambda write, number=number: write.apply(
                change_of("note", write.get("note", note["id"]) or {}, {"body": str(number)})
            ),
        )
    with engine.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sync_feed")) == 2


def test_a_glance_shows_the_newest_in_scope_and_moves_no_cursor(engine: Engine) -> None:
    anna, bo = person(), person()
    notes = [a_note(engine, anna, f"Pump {number}") for number in range(4)]
    a_note(engine, bo)
    engine.push(anna, [edited(notes[0], {"title": "Edited last"})])
    engine.push(anna, [deleted(notes[3])])
    shown = engine.newest(anna, {"note"}, limit=2)
    assert [(item.id, item.record and item.record["title"]) for item in shown] == [
        (notes[0]["id"], "Edited last"),
        (notes[2]["id"], "Pump 2"),
    ]
    assert engine.newest(anna, {"pump"}, limit=2) == []
    assert len(pull_all(engine, anna)[0]) == 3
