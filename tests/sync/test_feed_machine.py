"""The feed from any cursor leads to what the policies say a person sees now: a machine that tries to make it stray."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from sync import feed
from sync.actor import Actor
from sync.audit import verify
from sync.canonical import canonical
from sync.engine import Engine
from sync.tables import feed as feed_rows
from sync.transaction import Transaction
from tests.sync.domain import deleted, edited, forget_all, made, person

Held = dict[tuple[str, str], str]
WHO = st.integers(0, 2)


class FeedMachine(RuleBasedStateMachine):
    """Two people and their boss; notes in folders that are made, edited, handed over and deleted."""

    engine: Engine
    """On a database that every run empties."""

    @initialize()
    def begin(self) -> None:
        forget_all(self.engine)
        self.people = [person(), person(), person("boss")]
        self.phones: dict[Actor, tuple[Held, str | None]] = {who: ({}, None) for who in self.people}
        self.old: list[tuple[Actor, Held, str]] = []

    @rule(who=WHO, inside=st.booleans(), title=st.sampled_from("abc"))
    def make(self, who: int, inside: bool, title: str) -> None:
        actor = self.people[who]
        folders = self._seen(actor, "folder")
        within = {"folder_id": folders[-1]["id"]} if inside and folders else {}
        self.engine.push(actor, [made("folder", {"title": title}), made("note", {"title": title} | within)])

    @rule(who=WHO, at=st.integers(0, 9), body=st.sampled_from("xyz"), twice=st.booleans())
    def edit(self, who: int, at: int, body: str, twice: bool) -> None:
        notes = self._seen(self.people[who], "note")
        if notes:
            change = edited(notes[at % len(notes)], {"body": body})
            for _ in range(1 + twice):
                self.engine.push(self.people[who], [change])

    @rule(to=WHO, at=st.integers(0, 9), entity=st.sampled_from(["folder", "note"]))
    def hand_over(self, to: int, at: int, entity: str) -> None:
        found = self._seen(self.people[2], entity)
        if found:
            change = edited(found[at % len(found)], {"owner_id": self.people[to].id}, entity)
            self.engine.push(self.people[2], [change])

    @rule(who=WHO, at=st.integers(0, 9))
    def delete(self, who: int, at: int) -> None:
        notes = self._seen(self.people[who], "note")
        if notes:
            self.engine.push(self.people[who], [deleted(notes[at % len(notes)])])

    @rule(who=WHO, limit=st.integers(1, 4), pages=st.integers(1, 3))
    def pull(self, who: int, limit: int, pages: int) -> None:
        """A phone pulls a few pages, perhaps not all."""
        actor = self.people[who]
        held, cursor = self.phones[actor]
        for _ in range(pages):
            held, cursor, _ = self._page(actor, held, cursor, limit)
        self.phones[actor] = held, cursor

    @rule(who=WHO)
    def note_cursor(self, who: int) -> None:
        held, cursor = self.phones[self.people[who]]
        if cursor:
            self.old.append((self.people[who], dict(held), cursor))

    @invariant()
    def every_cursor_leads_to_the_scope(self) -> None:
        for actor, held, cursor in [(who, *at) for who, at in self.phones.items()] + self.old[-3:]:
            assert self._to_the_end(actor, held, cursor) == self._scope(actor)

    def teardown(self) -> None:
        with self.engine.database.read() as connection:
            assert verify(connection, self.engine.registry) is None
        with self.engine.database.write() as connection:
            there = select(feed_rows).where(feed_rows.c.present)
            kept = set(connection.execute(there))
            feed.rebuild(connection, self.engine.registry)
            assert set(connection.execute(there)) == kept, "a full recomputation gives the same feed"

    # Looking

    def _seen(self, actor: Actor, entity: str) -> list[dict[str, Any]]:
        with self.engine.database.read() as connection:
            found = Transaction(self.engine, connection, actor)
            return [record for record in found.find(entity) if found.sees(entity, record)]

    def _scope(self, actor: Actor) -> Held:
        return {
            (entity, record["id"]): canonical(record)
            for entity in ("folder", "note")
            for record in self._seen(actor, entity)
        }

    def _page(self, actor: Actor, held: Held, cursor: str | None, limit: int) -> tuple[Held, str, bool]:
        page = self.engine.pull(actor, cursor, limit)
        held = dict(held)
        for item in page.items:
            held.pop((item.entity, item.id), None)
            if item.record is not None:
                held[item.entity, item.id] = canonical(item.record)
        return held, page.cursor.encode(), page.more

    def _to_the_end(self, actor: Actor, held: Held, cursor: str | None) -> Held:
        more = True
        while more:
            held, cursor, more = self._page(actor, held, cursor, 3)
        return held


def test_every_cursor_leads_to_the_scope(engine: Engine) -> None:
    runs = 12 if engine.database.is_sqlite else 5
    machine = type("Feed", (FeedMachine,), {"engine": engine})
    often = settings(max_examples=runs, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=often)
