"""One row of the feed stands for all roles that see a record; nobody hears more or less because of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import select

from sync import feed
from sync.actor import Actor
from sync.audience import folded
from sync.engine import Engine
from sync.facts import read_fact
from sync.tables import feed as feed_rows
from tests.sync.domain import deleted, edited, made, person
from tests.sync.test_pull import pull_all

Seen = list[tuple[str, str]]


class Desks:
    """Which desks see the notes with a title: a policy that a later version may change."""

    def __init__(self, **by_title: Collection[str]) -> None:
        self.by_title = by_title

    def __call__(self, record: dict[str, Any]) -> set[str]:
        return {f"user:{record['owner_id']}"} | {f"role:{role}" for role in self.by_title.get(record["title"], ())}


def shown_to(engine: Engine, monkeypatch: pytest.MonkeyPatch, **by_title: Collection[str]) -> None:
    monkeypatch.setattr(engine.registry["note"].policy, "buckets", Desks(**by_title))


def news(engine: Engine, actor: Actor, cursor: str | None = None) -> tuple[Seen, str]:
    items, after = pull_all(engine, actor, cursor)
    return [(item.op, item.id) for item in items], after


def rows(engine: Engine) -> set[tuple[Any, ...]]:
    with engine.database.read() as connection:
        return {tuple(row) for row in connection.execute(select(feed_rows).where(feed_rows.c.present))}


def test_roles_are_folded_in_the_order_of_their_names() -> None:
    assert folded(frozenset({"user:1", "role:manager", "role:finance"})) == {"user:1", "role:finance,manager"}
    assert folded(frozenset({"org", "role:admin"})) == {"org", "role:admin"}
    assert folded(frozenset({"org"})) == {"org"}


def test_desks_share_a_row_and_each_hears_of_what_comes_and_goes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_to(engine, monkeypatch, all=("boss", "clerk", "store"), money=("boss", "clerk"))
    anna, boss, clerk, store = person(), person("boss"), person("clerk"), person("store")
    change = made("note", {"title": "all"})
    engine.push(anna, [change])
    note = change["record_id"]
    assert len(rows(engine)) == 2
    cursors = {}
    for desk in (boss, clerk, store):
        seen, cursors[desk.id] = news(engine, desk)
        assert seen == [("put", note)]
    engine.push(anna, [edited({"id": note, "title": "all", "version": 1}, {"title": "money"})])
    assert news(engine, boss, cursors[boss.id])[0] == [("put", note)]
    assert news(engine, clerk, cursors[clerk.id])[0] == [("put", note)]
    gone, later = news(engine, store, cursors[store.id])
    assert gone == [("remove", note)]
    engine.push(anna, [edited({"id": note, "title": "money", "version": 2}, {"title": "all"})])
    assert news(engine, store, later)[0] == [("put", note)]
    assert news(engine, person("store"))[0] == [("put", note)]


def test_who_saw_it_by_an_earlier_policy_hears_when_it_is_deleted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_to(engine, monkeypatch, pump=("boss", "clerk"))
    anna, clerk, fresh = person(), person("clerk"), person("store")
    change = made("note", {"title": "pump"})
    engine.push(anna, [change])
    note = {"id": change["record_id"], "title": "pump", "version": 1}
    _, seen_by_clerk = news(engine, clerk)
    shown_to(engine, monkeypatch, pump=("boss", "clerk", "store"))
    engine.push(anna, [edited(note, {"body": "leaks"})])
    assert news(engine, fresh)[0] == [("put", note["id"])]
    _, seen_by_store = news(engine, fresh)
    engine.push(anna, [deleted(note | {"version": 2})])
    assert news(engine, clerk, seen_by_clerk)[0] == [("remove", note["id"])]
    assert news(engine, fresh, seen_by_store)[0] == [("remove", note["id"])]
    assert rows(engine) == set()


def test_a_glance_shows_a_desk_what_its_roles_share(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    shown_to(engine, monkeypatch, pump=("boss", "clerk"))
    change = made("note", {"title": "pump"})
    engine.push(person(), [change])
    assert [item.id for item in engine.newest(person("clerk"), {"note"}, 5)] == [change["record_id"]]
    assert engine.newest(person("store"), {"note"}, 5) == []


def test_a_feed_that_is_made_anew_is_the_one_that_was(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    shown_to(engine, monkeypatch, all=("boss", "clerk"), money=("clerk",))
    anna, clerk = person(), person("clerk")
    changes = [made("note", {"title": title}) for title in ("all", "money", "nobody", "all")]
    engine.push(anna, [made("folder", {"title": "Pumps"}), *changes])
    first = {"id": changes[0]["record_id"], "title": "all", "body": "", "version": 1}
    engine.push(anna, [edited(first, {"title": "money"}), edited(first | {"version": 1}, {"body": ""})])
    engine.push(anna, [deleted({"id": changes[3]["record_id"], "version": 1})])
    before, seen = rows(engine), news(engine, clerk)[0]
    with engine.database.write() as connection:
        feed.rebuild(connection, engine.registry)
    assert rows(engine) == before
    assert news(engine, clerk)[0] == seen
    with engine.database.read() as connection:
        assert read_fact(connection, "audiences") == "role:boss role:clerk"
