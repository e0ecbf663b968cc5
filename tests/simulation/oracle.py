"""The oracle: it remembers what every person was told, and holds the world to it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sync.actor import Actor
from sync.canonical import canonical
from sync.change import Record
from sync.client import Answer, Request
from sync.client_http import read
from sync.engine import Engine
from sync.transaction import Transaction
from tests.simulation.device import Device
from tests.simulation.server import Server

_DONE = ("applied", "merged", "duplicate")


@dataclass(frozen=True)
class Violation:
    """A promise that was broken. `kind` names the promise; shrinking keeps it."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@dataclass
class Saved:
    """A change that a person was told is saved, and the devices that must still hold it."""

    body: dict[str, Any]
    holders: set[str]
    acknowledged: bool = False
    given_up: bool = False
    lost_with_its_phone: bool = False


@dataclass
class Watch:
    """A scope as it was at a cursor."""

    actor: Actor
    cursor: str
    records: dict[tuple[str, str], str]


@dataclass
class Oracle:
    """What was said, by whom and to whom. `people` gives a device's actor as the server sees it now."""

    server: Server
    saved: dict[str, Saved] = field(default_factory=dict)
    watches: list[Watch] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    people: dict[str, str] = field(default_factory=dict)

    def broken(self, kind: str, detail: str) -> None:
        """Note a broken promise."""
        self.violations.append(Violation(kind, detail))

    # What people are told

    def look(self, device: Device) -> None:
        """The screen of a device: what it shows as saved must stay."""
        shown = [json.loads(body) for (body,) in device.store.execute("SELECT body FROM change").fetchall()]
        for change in [*device.store.promised, *shown]:
            known = self.saved.setdefault(change["change_id"], Saved(change, set()))
            known.holders.add(device.name)
        device.store.promised.clear()

    def gave_up(self, change_id: str) -> None:
        """A person gave up a change, or put another in its place."""
        if change_id in self.saved:
            self.saved[change_id].given_up = True

    def went_back(self, device: Device) -> None:
        """A device was filled from a copy: what it saved since is gone with the old phone."""
        kept = change_ids(device)
        for change_id, saved in self.saved.items():
            if change_id not in kept:
                saved.holders.discard(device.name)
        self._excuse()

    def answered(self, device: str, request: Request, answer: Answer) -> None:
        """The server gave an answer, whether or not it will arrive: nothing in it is out of the person's scope."""
        if answer.status >= 500:
            self.broken("server_error", f"{request.method} {request.url} {answer.status} {answer.body[:300]!r}")
        if answer.status != 200 or "/api/sync/" not in request.url:
            return
        found = read(answer)
        records = [(item["entity"], item.get("record")) for item in found.get("changes", ())]
        if "verdicts" in found and request.body:
            kinds = {item["change_id"]: item["entity"] for item in json.loads(gzip.decompress(request.body))["changes"]}
            records += [(kinds[item["change_id"]], item.get("record")) for item in found["verdicts"]]
        actor = self.actor(self.people[device])
        for entity, record in records:
            if record and actor and not self.sees(actor, entity, record):
                self.broken("scope_leak", f"{device} was sent {entity} {record['id']}")

    def delivered(self, device: str, request: Request, answer: Answer) -> None:
        """An answer arrived: what it acknowledges was acknowledged."""
        if answer.status != 200 or not request.url.endswith("/api/sync/push"):
            return
        for verdict in read(answer)["verdicts"]:
            self.counts[verdict["status"]] += 1
            if verdict["status"] in _DONE and verdict["change_id"] in self.saved:
                self.saved[verdict["change_id"]].acknowledged = True

    # The server's lives

    def after_restore(self) -> None:
        """The server begins a new life: cursors of the old one are worth nothing."""
        self.watches.clear()
        self._excuse()

    def after_upgrade(self) -> None:
        """What was in a scope has other fields now."""
        self.watches.clear()

    def _excuse(self) -> None:
        """What is neither on the server nor on any phone that was promised to keep it is lost, and nobody's fault."""
        here = self.server.change_ids()
        for change_id, saved in self.saved.items():
            if not saved.holders and change_id not in here:
                saved.lost_with_its_phone = True

    # Feeds

    def watch(self, username: str) -> None:
        """Remember a person's scope and its cursor, to see later that the feed leads from there to then."""
        actor = self.actor(username)
        if actor:
            records, cursor = pull(self.server.engine, actor, None, {})
            self.watches.append(Watch(actor, cursor, records))

    # Looking at the server

    def scope(self, actor: Actor) -> dict[tuple[str, str], str]:
        """All records that a person may see, by their policies alone."""
        found: dict[tuple[str, str], str] = {}
        with self.server.engine.database.read() as connection:
            everything = Transaction(self.server.engine, connection, actor)
            for name in self.server.engine.registry.entities:
                for record in everything.find(name):
                    if self.sees(actor, name, record):
                        found[name, record["id"]] = canonical(record)
        return found

    def sees(self, actor: Actor, entity: str, record: Record) -> bool:
        return not actor.buckets.isdisjoint(self.server.engine.registry[entity].policy.buckets(record))

    def actor(self, username: str) -> Actor | None:
        """The person of that name as the server sees them now; None where they are shut out."""
        return self._person("username", username)

    def actor_of(self, user_id: str) -> Actor | None:
        return self._person("id", user_id)

    def _person(self, name: str, value: str) -> Actor | None:
        """The person as the server sees them now; None where they are shut out."""
        with self.server.engine.database.read() as connection:
            users = Transaction(self.server.engine, connection, Actor("nobody")).find("user", **{name: value})
        active = [user for user in users if user["status"] == "active"]
        return Actor(active[0]["id"], frozenset({active[0]["role"]})) if active else None


def pull(
    engine: Engine, actor: Actor, cursor: str | None, records: dict[tuple[str, str], str], limit: int = 200
) -> tuple[dict[tuple[str, str], str], str]:
    """What a device of that person would hold after pulling from a cursor to the end."""
    held = dict(records)
    while True:
        page = engine.pull(actor, cursor, limit)
        for item in page.items:
            held.pop((item.entity, item.id), None)
            if item.op == "put" and item.record is not None:
                held[item.entity, item.id] = canonical(item.record)
        cursor = page.cursor.encode()
        if not page.more:
            return held, cursor


def change_ids(device: Device) -> set[str]:
    """The changes that a phone keeps, in whatever state."""
    return {change_id for (change_id,) in device.store.execute("SELECT change_id FROM change").fetchall()}
