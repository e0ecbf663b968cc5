"""Devices with stale copies edit one record: a machine that tries to find an order of arrival that loses something.

Every edit of a field goes up, as the states of a work order do, and nobody's edit brings an earlier value back. Then
the last word of edits that all came through is the highest, whoever came first. Where a value may come back, a
comparison of values cannot tell it from one that never went: a to b and back to a, beside another's a to b, ends in
b or in a, and no conflict is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from sync.actor import Actor
from sync.audit import verify
from sync.change import Record, new_id
from sync.engine import Engine
from sync.journal import values
from sync.tables import journal
from tests.sync.domain import edited, forget_all, made, person

DEVICE = st.integers(0, 2)
RISES = st.dictionaries(st.sampled_from(["title", "body", "tags"]), st.integers(1, 2), min_size=1)
NAMED = st.lists(DEVICE, min_size=1, max_size=8)
ARRIVALS = NAMED.flatmap(lambda named: st.tuples(st.just(named), st.permutations(named)))
"""Two orders in which the next changes of the same devices arrive; each device's own come in their order."""


@dataclass
class Device:
    """What one device shows of the note, and what it has not sent."""

    actor: Actor
    shows: Record
    outbox: list[dict[str, Any]] = field(default_factory=list)


class MergeMachine(RuleBasedStateMachine):
    """Three devices of one person, and a note."""

    engine: Engine
    """On a database that every run empties."""

    @initialize()
    def begin(self) -> None:
        forget_all(self.engine)
        self.anna = person()
        note = made("note", {"title": "", "body": "", "tags": []})
        self.note_id = note["record_id"]
        assert self.push(self.anna, note) == "applied"
        self.devices = [Device(replace(self.anna, device_id=new_id()), self.stored(self.note_id)) for _ in range(3)]
        self.acknowledged: list[tuple[Actor, dict[str, Any]]] = []
        self.conflicts: set[str] = set()

    @rule(at=DEVICE, rises=RISES, is_sparse=st.booleans())
    def edit(self, at: int, rises: dict[str, int], is_sparse: bool) -> None:
        """Some fields go up from what the device shows. A phone may leave an empty base out."""
        device = self.devices[at]
        fields = {name: higher(device.shows[name], by) for name, by in rises.items()}
        change = edited(device.shows, fields)
        if is_sparse:
            change["base"] = {name: value or None for name, value in change["base"].items()}
        device.outbox.append(change)
        device.shows = device.shows | fields

    @rule(orders=ARRIVALS)
    def arrive(self, orders: tuple[list[int], list[int]]) -> None:
        """Changes come to the note in one order, and to a note that is its twin in another."""
        before = self.stored(self.note_id)
        twin = made("note", {name: before[name] for name in ("title", "body", "tags")})
        assert self.push(self.anna, twin) == "applied"
        of_twin = self.deliver([list(device.outbox) for device in self.devices], orders[1], twin["record_id"])
        outboxes = [device.outbox for device in self.devices]
        of_note = self.deliver(outboxes, orders[0], None)
        if "conflict" not in of_note + of_twin:
            assert fields_of(self.stored(self.note_id)) == fields_of(self.stored(twin["record_id"]))

    @rule(at=DEVICE)
    def look(self, at: int) -> None:
        """A device that has sent everything shows what the server holds."""
        device = self.devices[at]
        if not device.outbox:
            device.shows = self.stored(self.note_id)

    @rule(number=st.integers(0, 20))
    def repeat(self, number: int) -> None:
        """An answer was lost: a change comes again, perhaps long after."""
        if self.acknowledged:
            before = self.stored(self.note_id)
            actor, change = self.acknowledged[number % len(self.acknowledged)]
            assert self.push(actor, change) == "duplicate"
            assert self.stored(self.note_id) == before

    @invariant()
    def nothing_acknowledged_is_missing(self) -> None:
        with self.engine.database.read() as connection:
            written = {row.change_id: values(row.after) for row in connection.execute(select(journal))}
        now = self.stored(self.note_id)
        for _, change in self.acknowledged:
            assert change["change_id"] in written, "it is in the journal"
            assert written[change["change_id"]].items() <= change["fields"].items(), "as it was sent"
            lower = [name for name, value in change["fields"].items() if len(now[name]) < len(value)]
            assert lower == [], "the record holds it, or what was built on it"
        assert self.conflicts.isdisjoint(written), "what was refused left nothing behind"

    def teardown(self) -> None:
        with self.engine.database.read() as connection:
            assert verify(connection, self.engine.registry) is None

    # Sending

    def deliver(self, outboxes: list[list[dict[str, Any]]], order: list[int], twin_id: str | None) -> list[str]:
        """Send the next change of each device named. Gives the verdicts; a conflict ends a device's outbox."""
        verdicts: list[str] = []
        for at in order:
            if not outboxes[at]:
                continue
            device, change = self.devices[at], outboxes[at].pop(0)
            if twin_id is not None:
                change = change | {"change_id": new_id(), "record_id": twin_id, "base_version": 1}
            verdicts.append(self.push(device.actor, change))
            if verdicts[-1] == "conflict":
                outboxes[at].clear()
                self.conflicts.add(change["change_id"])
                if twin_id is None:
                    device.shows = self.stored(self.note_id)
            elif twin_id is None:
                assert verdicts[-1] in ("applied", "merged")
                self.acknowledged.append((device.actor, change))
        return verdicts

    def push(self, actor: Actor, change: dict[str, Any]) -> str:
        return self.engine.push(actor, [change])[0].status

    def stored(self, note_id: str) -> Record:
        record = self.engine.write(self.anna, lambda write: write.get("note", note_id))
        assert record
        return record


def higher(value: str | list[str], by: int) -> str | list[str]:
    """A text or a list that is longer by so much. Two devices may come to the same one."""
    return value + "x" * by if isinstance(value, str) else [f"tag {number}" for number in range(len(value) + by)]


def fields_of(record: Record) -> Record:
    return {name: record[name] for name in ("title", "body", "tags")}


def test_no_order_of_arrival_loses_what_was_acknowledged(engine: Engine) -> None:
    runs = 25 if engine.database.is_sqlite else 8
    machine = type("Merge", (MergeMachine,), {"engine": engine})
    often = settings(max_examples=runs, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=often)
