"""What a push does: once, in order, each change on its own."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest

from sync.actor import Actor
from sync.change import Record, new_id
from sync.engine import Engine
from tests.sync.domain import deleted, edited, made, person


def stored(engine: Engine, entity: str, record_id: str) -> Record | None:
    return engine.write(person(), lambda write: write.get(entity, record_id))


def statuses(engine: Engine, actor: Actor, *changes: Any) -> list[str]:
    return [verdict.status for verdict in engine.push(actor, changes)]


def a_note(engine: Engine, actor: Actor, **fields: Any) -> Record:
    change = made("note", {"title": "Pump", "body": "leaks", **fields})
    engine.push(actor, [change])
    record = stored(engine, "note", change["record_id"])
    assert record
    return record


def test_the_same_push_sent_twice_changes_nothing_and_answers_the_same(engine: Engine) -> None:
    anna = person()
    folder = made("folder", {"title": "Trip"})
    note = made("note", {"folder_id": folder["record_id"], "title": "Pump"})
    first = engine.push(anna, [folder, note])
    again = engine.push(anna, [folder, note])
    assert [verdict.status for verdict in first] == ["applied", "applied"]
    assert [(v.status, v.first, v.version, v.seq) for v in again] == [
        ("duplicate", "applied", verdict.version, verdict.seq) for verdict in first
    ]
    folder_now = stored(engine, "folder", folder["record_id"])
    assert folder_now
    assert folder_now["note_count"] == 1


def test_the_same_push_sent_twice_at_the_same_moment_is_applied_once(engine: Engine) -> None:
    anna = person()
    changes = [made("note", {"title": f"n{number}"}) for number in range(20)]
    barrier = Barrier(4)
    seen: list[str] = []

    def send() -> None:
        barrier.wait()
        seen.extend(statuses(engine, anna, *changes))

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["applied"] * 20 + ["duplicate"] * 60
    assert len(engine.pull(anna, None, 1000).items) == 20


def test_an_id_used_again_with_another_content_is_refused(engine: Engine) -> None:
    anna = person()
    note = made("note", {"title": "100"})
    engine.push(anna, [note])
    verdict = engine.push(anna, [{**note, "fields": {"title": "900"}}])[0]
    assert (verdict.status, verdict.code) == ("rejected", "change_id_reused")
    record = stored(engine, "note", note["record_id"])
    assert record
    assert record["title"] == "100"


def test_a_change_id_of_another_person_tells_nothing(engine: Engine) -> None:
    note = made("note", {"title": "mine"})
    engine.push(person(), [note])
    verdict = engine.push(person(), [note])[0]
    assert (verdict.status, verdict.code, verdict.record) == ("rejected", "change_id_reused", None)


def test_edits_of_different_fields_both_survive(engine: Engine) -> None:
    """T17"""
    anna = person()
    note = a_note(engine, anna)
    other_device = Actor(anna.id, device_id=new_id())
    assert statuses(engine, anna, edited(note, {"title": "Valve"})) == ["applied"]
    assert statuses(engine, other_device, edited(note, {"body": "drips"})) == ["merged"]
    merged = stored(engine, "note", note["id"])
    assert merged
    assert (merged["title"], merged["body"], merged["version"]) == ("Valve", "drips", 3)


def test_edits_of_the_same_field_conflict_and_the_second_sees_both_values(engine: Engine) -> None:
    """T17"""
    anna = person()
    note = a_note(engine, anna)
    engine.push(anna, [edited(note, {"title": "Valve"})])
    verdict = engine.push(anna, [edited(note, {"title": "Seal", "body": "drips"})])[0]
    assert (verdict.status, verdict.params) == ("conflict", {"fields": ["title"]})
    assert verdict.record
    assert verdict.record["title"] == "Valve"
    assert stored(engine, "note", note["id"]) == verdict.record, "nothing of a conflicting change is written"


def test_a_delete_of_a_record_that_has_changed_is_a_conflict(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna)
    engine.push(anna, [edited(note, {"title": "Valve"})])
    assert statuses(engine, anna, deleted(note)) == ["conflict"]
    current = stored(engine, "note", note["id"])
    assert current
    assert statuses(engine, anna, deleted(current)) == ["applied"]
    assert statuses(engine, anna, made("note", {"title": "back"}, note["id"])) == ["rejected"]


def test_what_follows_a_conflict_in_the_same_outbox_is_held_with_it(engine: Engine) -> None:
    anna = person()
    note = a_note(engine, anna)
    engine.push(anna, [edited(note, {"title": "Valve"})])
    mine = edited(note, {"title": "Seal"})
    later = edited({**note, "body": "leaks", "version": 2}, {"body": "drips"})
    assert statuses(engine, anna, mine, later) == ["conflict", "held"]


POISON: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong type": ({"fields": {"title": 7}}, "invalid_fields"),
    "an unknown field": ({"fields": {"colour": "red"}}, "invalid_fields"),
    "an unknown entity": ({"entity": "invoice"}, "unknown_entity"),
    "a field of the server": ({"fields": {"stamped_by": "me"}}, "field_not_writable"),
    "the owner": ({"fields": {"owner_id": "me"}}, "field_not_writable"),
    "a record id that is none": ({"record_id": "1"}, "bad_change"),
    "an operation that is none": ({"op": "drop"}, "bad_change"),
    "fields that are a list": ({"fields": ["title"]}, "bad_change"),
    "a key too many": ({"status": "approved"}, "bad_change"),
    "a NUL character": ({"fields": {"title": "a\x00b"}}, "bad_change"),
    "half a surrogate pair": ({"fields": {"title": "\ud800"}}, "bad_change"),
    "a date that is none": ({"made_at": "yesterday"}, "bad_change"),
}


@pytest.mark.parametrize("name", POISON)
def test_a_poison_change_is_rejected_alone(engine: Engine, name: str) -> None:
    anna = person()
    bend, code = POISON[name]
    good = [made("note", {"title": str(number)}) for number in range(2)]
    verdicts = engine.push(anna, [good[0], made("note", {"title": "x"}) | bend, good[1]])
    assert [verdict.status for verdict in verdicts] == ["applied", "rejected", "applied"]
    assert verdicts[1].code == code
    assert len(engine.pull(anna, None, 100).items) == 2


@pytest.mark.parametrize("raw", [None, 7, "change", [], {}, {"change_id": "\x07" * 300}, [[[]]]])
def test_a_change_that_is_no_change_at_all_is_rejected_alone(engine: Engine, raw: object) -> None:
    assert statuses(engine, person(), raw, made("note", {"title": "x"})) == ["rejected", "applied"]


def test_a_foreign_record_cannot_be_changed_deleted_or_seen(engine: Engine) -> None:
    note = a_note(engine, person())
    thief = person()
    for attempt in (
        edited(note, {"title": "mine"}),
        deleted(note),
        made("note", {"title": "mine"}, note["id"]),
    ):
        verdict = engine.push(thief, [attempt])[0]
        assert verdict.status == "rejected"
        assert verdict.record is None
    assert stored(engine, "note", note["id"]) == note


def test_a_foreign_parent_cannot_be_used(engine: Engine) -> None:
    folder = made("folder", {"title": "Trip"})
    engine.push(person(), [folder])
    verdict = engine.push(person(), [made("note", {"folder_id": folder["record_id"]})])[0]
    assert (verdict.status, verdict.errors) == ("rejected", {"folder_id": ["not_yours"]})


def test_what_depends_on_a_rejected_change_is_held(engine: Engine) -> None:
    anna = person()
    folder = made("folder", {"title": 7})
    note = made("note", {"folder_id": folder["record_id"]})
    assert statuses(engine, anna, folder, note) == ["rejected", "held"]
    mended = made("folder", {"title": "7"}, folder["record_id"])
    assert statuses(engine, anna, mended, note) == ["applied", "applied"]


def test_an_update_that_comes_before_its_create_is_held_then_applied(engine: Engine) -> None:
    """T18"""
    anna = person()
    create = made("note", {"title": "Pump"})
    update = edited({"id": create["record_id"], "title": "Pump", "version": 1}, {"title": "Valve"})
    verdict = engine.push(anna, [update])[0]
    assert (verdict.status, verdict.code) == ("held", "record_unknown")
    assert statuses(engine, anna, create, update) == ["applied", "applied"]


def test_a_child_of_a_deleted_parent_is_rejected(engine: Engine) -> None:
    anna = person()
    folder = made("folder", {"title": "Trip"})
    engine.push(anna, [folder])
    record = stored(engine, "folder", folder["record_id"])
    assert record
    engine.push(anna, [deleted(record, "folder")])
    verdict = engine.push(anna, [made("note", {"folder_id": folder["record_id"]})])[0]
    assert (verdict.status, verdict.code) == ("rejected", "parent_deleted")


@pytest.mark.parametrize("made_at", ["2023-11-21T08:00:00Z", "2029-11-24T08:00:00.5+08:00", "9999-12-31T23:59:59Z"])
def test_a_phone_with_a_wrong_clock_loses_and_wins_nothing(engine: Engine, made_at: str) -> None:
    anna = person()
    note = a_note(engine, anna)
    engine.push(anna, [edited(note, {"title": "from a right clock"})])
    wrong = edited(note, {"title": "from a wrong clock"}, made_at=made_at)
    assert statuses(engine, anna, wrong) == ["conflict"]
    assert statuses(engine, anna, edited(note, {"body": "kept"}, made_at=made_at)) == ["merged"]


def test_a_consequence_names_its_cause(engine: Engine) -> None:
    anna = person()
    folder = made("folder", {"title": "Trip"})
    note = made("note", {"folder_id": folder["record_id"]})
    engine.push(anna, [folder, note])
    from sqlalchemy import select

    from sync.tables import journal

    with engine.database.read() as connection:
        rows = connection.execute(select(journal).order_by(journal.c.seq)).all()
    assert [(row.actor, row.entity, row.caused_by) for row in rows] == [
        (anna.id, "folder", ""),
        (anna.id, "note", ""),
        ("system", "folder", note["change_id"]),
    ]
