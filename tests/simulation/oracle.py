"""The oracle: it remembers what every person was told, and holds the world to it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sync import journal as journals
from sync.actor import Actor
from sync.audit import verify
from sync.canonical import canonical, same
from sync.change import Record, is_id
from sync.client import Answer, Request
from sync.client_http import read
from sync.cursor import Cursor
from sync.engine import Engine
from sync.transaction import Transaction
from tests.simulation.device import Device
from tests.simulation.people import is_mark
from tests.simulation.server import Server

_DONE = ("applied", "merged", "duplicate")
_REFUSED = ("conflict", "rejected")


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
        kept = _change_ids(device)
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
            if record and actor and not self._sees(actor, entity, record):
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
            records, cursor = _pull(self.server.engine, actor, None, {})
            self.watches.append(Watch(actor, cursor, records))

    # The end

    def check(self, devices: list[Device]) -> None:
        """Every promise, once all is quiet."""
        self._check_journal()
        self._check_changes(devices)
        self._check_marks()
        for device in devices:
            actor = self.actor(device.person)
            if actor and not device.is_out:
                self._check_device(device, actor)
        for watch in self.watches:
            actor = self._actor_of(watch.actor.id)
            if actor and actor.scope == watch.actor.scope:
                self._check_watch(watch)
        for username in sorted(set(self.people.values())):
            actor = self.actor(username)
            if actor:
                pulled, _ = _pull(self.server.engine, actor, None, {}, limit=37)
                self._same("feed_differs", f"the feed of {username}", pulled, self._scope(actor))

    def _check_journal(self) -> None:
        with self.server.engine.database.read() as connection:
            found = verify(connection, self.server.engine.registry)
            rows = [dict(row._mapping) for row in journals.entries(connection)]
        if found:
            self.broken("journal_broken", str(found))
        self.counts["journal entries"] += len(rows)
        paid: Counter[str] = Counter()
        made: Counter[tuple[str, str]] = Counter()
        for row in rows:
            after, before = journals.values(row["after"]), journals.values(row["before"])
            if row["entity"] == "claim_line" and "status" in after:
                self.counts[f"lines that became {after['status']}"] += 1
            paid[row["record_id"]] += row["entity"] == "claim_line" and after.get("status") == "paid"
            made[row["entity"], row["record_id"]] += row["op"] == "create"
            saved = self.saved.get(row["change_id"])
            if saved is None:
                continue
            self.counts[f"accepted {row['entity']}"] += 1
            if row["op"] == "update":
                self._check_seen(saved.body, before, after)
        for record, count in made.items():
            if count > 1:
                self.broken("made_twice", f"{' '.join(record)} was made again, perhaps after its delete")
        for record_id, count in paid.items():
            if count > 1:
                self.broken("paid_twice", record_id)
        if len({row["change_id"] for row in rows}) != len(rows):
            self.broken("applied_twice", "a change is in the journal twice")

    def _check_seen(self, change: dict[str, Any], before: Record, after: Record) -> None:
        """An update overwrote only what its person had seen."""
        defaults = self.server.engine.registry[change["entity"]].form.defaults
        for name in after.keys() & change["fields"].keys():
            base = change["base"].get(name)
            if not (same(base, before[name]) or (base is None and same(before[name], defaults.get(name)))):
                detail = f"{change['entity']}.{name}: saw {base!r}, overwrote {before[name]!r}"
                self.broken("overwritten_unseen", detail)

    def _check_changes(self, devices: list[Device]) -> None:
        here = self.server.change_ids()
        kept = {device.name: device.client.outbox() for device in devices}
        # Note: a phone whose person is shut out keeps all it has sent; it cannot know that the server was restored.
        held = {change_id for device in devices for change_id in _change_ids(device)}
        active = {device.name for device in devices if not device.is_out and self.actor(device.person)}
        told = {change_id for name in active for change_id in _waits_for_a_person(kept[name])}
        for change_id, saved in self.saved.items():
            what = f"{saved.body['op']} {saved.body['entity']} {saved.body['record_id']} ({change_id})"
            if change_id in here or saved.given_up or saved.lost_with_its_phone:
                continue
            if not saved.holders and not saved.acknowledged:
                continue
            if change_id not in held:
                self.broken("lost", f"{what}, {'acknowledged' if saved.acknowledged else 'saved'}")
            elif saved.holders & active and change_id not in told:
                self.broken("stuck", f"{what} waits without a reason")

    def _check_marks(self) -> None:
        """Each thing that a person made exists once."""
        with self.server.engine.database.read() as connection:
            read_now = Transaction(self.server.engine, connection, Actor("nobody"))
            for entity in ("receipt", "claim", "service_report", "survey", "tool_purchase"):
                marks = Counter(
                    value for item in read_now.find(entity) for name, value in item.items() if is_mark(value)
                )
                for mark, count in marks.items():
                    if count > 1:
                        self.broken("doubled", f"{entity} {mark} is there {count} times")

    def _check_device(self, device: Device, actor: Actor) -> None:
        rows = device.store.execute("SELECT entity, id, body FROM record").fetchall()
        shown = {(entity, record_id): canonical(json.loads(body)) for entity, record_id, body in rows}
        self._same("device_differs", device.name, shown, self._scope(actor))
        records = [json.loads(body) | {"entity": entity} for entity, _, body in rows]
        for missing in self.server.engine.missing(actor, records):
            self.broken("device_differs", f"{device.name} holds {missing} that the server says it lacks")

    def _check_watch(self, watch: Watch) -> None:
        records, _ = _pull(self.server.engine, watch.actor, watch.cursor, watch.records)
        self._same("feed_differs", "a feed from an old cursor", records, self._scope(watch.actor))

    def _same(self, kind: str, who: str, shown: dict[tuple[str, str], str], right: dict[tuple[str, str], str]) -> None:
        for key in sorted(shown.keys() | right.keys()):
            if shown.get(key) != right.get(key):
                self.broken(kind, f"{who}, {' '.join(key)}: {shown.get(key)} instead of {right.get(key)}")
                return

    # Looking at the server

    def _scope(self, actor: Actor) -> dict[tuple[str, str], str]:
        """All records that a person may see, by their policies alone."""
        found: dict[tuple[str, str], str] = {}
        with self.server.engine.database.read() as connection:
            everything = Transaction(self.server.engine, connection, actor)
            for name in self.server.engine.registry.entities:
                for record in everything.find(name):
                    if self._sees(actor, name, record):
                        found[name, record["id"]] = canonical(record)
        return found

    def _sees(self, actor: Actor, entity: str, record: Record) -> bool:
        return not actor.buckets.isdisjoint(self.server.engine.registry[entity].policy.buckets(record))

    def actor(self, username: str) -> Actor | None:
        """The person of that name as the server sees them now; None where they are shut out."""
        return self._person("username", username)

    def _actor_of(self, user_id: str) -> Actor | None:
        return self._person("id", user_id)

    def _person(self, name: str, value: str) -> Actor | None:
        """The person as the server sees them now; None where they are shut out."""
        with self.server.engine.database.read() as connection:
            users = Transaction(self.server.engine, connection, Actor("nobody")).find("user", **{name: value})
        active = [user for user in users if user["status"] == "active"]
        return Actor(active[0]["id"], frozenset({active[0]["role"]})) if active else None


def _pull(
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
        cursor = page.cursor.encode() if isinstance(page.cursor, Cursor) else str(page.cursor)
        if not page.more:
            return held, cursor


def _change_ids(device: Device) -> set[str]:
    """The changes that a phone keeps, in whatever state."""
    return {change_id for (change_id,) in device.store.execute("SELECT change_id FROM change").fetchall()}


def _waits_for_a_person(outbox: list[dict[str, Any]]) -> set[str]:
    """Changes that were refused with a reason, those that wait for another record, and those that build on them."""
    stopped: set[str] = set()
    found: set[str] = set()
    for item in outbox:
        code = (item["verdict"] or {}).get("code")
        builds_on = {item["record_id"]} | {value for value in item["fields"].values() if is_id(value)}
        is_held = item["state"] == "waiting" and code is not None and item["verdict"]["status"] == "held"
        if (item["state"] in _REFUSED and code) or is_held or not stopped.isdisjoint(builds_on):
            stopped.add(item["record_id"])
            found.add(item["change_id"])
    return found
