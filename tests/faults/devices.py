"""Devices that push without pause and note what the server has acknowledged, and the check of what it made of that.

They speak plain HTTP and know nothing of our client, so that a fault of the client hides none of the server.
"""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any

from sqlalchemy import select, text

from sync import audit
from sync.change import Record, new_id
from sync.tables import journal
from tests.e2e.running import RunningServer
from tests.e2e.test_story import plan
from tests.server.passwords import PASSWORD

TIMEOUT = 10.0


@dataclass
class Answer:
    """One answer of the server's."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Device:
    """A phone of one person. `acknowledged` holds the verdict of each change, `notes` each receipt as it must be."""

    port: int
    username: str
    trip_id: str
    seed: int
    id: str = field(default_factory=new_id)
    token: str = ""
    refresh_token: str = ""
    acknowledged: dict[str, Record] = field(default_factory=dict)
    notes: dict[str, tuple[str, int]] = field(default_factory=dict)
    refusals: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    unknown: int = 0
    """How many pushes got no answer: the server may have committed them or not."""
    padding: int = 20
    stops: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.thread = Thread(target=self._run, daemon=True)

    def log_in(self) -> None:
        device = {"id": self.id, "name": "phone"}
        self._keep(
            self.ask("POST", "/api/auth/login", {"username": self.username, "password": PASSWORD, "device": device})
        )

    def renew(self) -> None:
        """Change the refresh token for its successor; a lost answer is asked for again."""
        self.token = ""
        self._keep(self.ask("POST", "/api/auth/refresh", {"refresh_token": self.refresh_token}))

    def _keep(self, answer: Answer) -> None:
        assert answer.status == 200, answer
        self.token, self.refresh_token = answer.body["access_token"], answer.body["refresh_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """One call on a connection of its own. Raises OSError or HTTPException where no whole answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        headers = {"Content-Type": "application/json", "Fieldclaim-Protocol": "1"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), json.loads(answer.read()))
        finally:
            connection.close()

    def push(self, changes: list[Record]) -> Answer:
        return self.ask("POST", "/api/sync/push", {"device_id": self.id, "epoch": "", "changes": changes})

    def push_once(self, changes: list[Record]) -> bool:
        """Try one push and note its outcome. True where the server has acknowledged it."""
        try:
            answer = self.push(changes)
            # Note: the token is missing where the answer to a renewal was lost.
            if answer.body.get("code") in ("token_expired", "token_missing"):
                self.renew()
                answer = self.push(changes)
        except (OSError, http.client.HTTPException, ValueError):
            self.unknown += 1
            return False
        if answer.status != 200:
            self.refusals[answer.status, answer.body["code"], answer.headers.get("Retry-After", "")] += 1
            return False
        for change, verdict in zip(changes, answer.body["verdicts"], strict=True):
            assert verdict["status"] in ("applied", "duplicate"), verdict
            self.acknowledged[change["change_id"]] = verdict
            self.notes[change["record_id"]] = (change["fields"]["note"], verdict["version"])
        return True

    def next_changes(self) -> list[Record]:
        """New receipts, and other words on receipts that the server has."""
        known = self.random.sample(sorted(self.notes), min(len(self.notes), self.random.randint(0, 2)))
        return [self._receipt() for _ in range(self.random.randint(1, 4))] + [self._other_note(each) for each in known]

    def _receipt(self) -> Record:
        fields = {"trip_id": self.trip_id, "category": "meal", "amount_minor": 900, "issued_on": "2026-11-10"}
        return self._change(new_id(), "create", fields | {"note": self._words()})

    def _other_note(self, record_id: str) -> Record:
        note, version = self.notes[record_id]
        change = self._change(record_id, "update", {"note": self._words()})
        return change | {"base": {"note": note}, "base_version": version}

    def _change(self, record_id: str, op: str, fields: Record) -> Record:
        named = {"change_id": new_id(), "entity": "receipt", "record_id": record_id, "op": op}
        return named | {"fields": fields, "made_at": "2026-11-24T08:00:00Z"}

    def _words(self) -> str:
        return f"{self.random.random()}".ljust(self.padding, "x")

    def _run(self) -> None:
        while not self.stops.is_set():
            changes = self.next_changes()
            while not self.push_once(changes):
                time.sleep(self.random.uniform(0.02, 0.1))


def crowd(server: RunningServer, seed: int, count: int = 4) -> list[Device]:
    """Signed-in devices of two technicians who are under way. The server must run."""
    print(f"seed: {seed}")
    world = server.people()
    plan(world)
    trips = {"anna": server.find("trip")[0]["id"], "bo": world.trip(world.bo)["id"]}
    names = [("anna", "bo")[number % 2] for number in range(count)]
    devices = [Device(server.port, name, trips[name], seed + number) for number, name in enumerate(names)]
    for device in devices:
        device.log_in()
    return devices


def start(devices: list[Device]) -> None:
    for device in devices:
        device.thread.start()


def finish(devices: list[Device], seconds: float = 30) -> None:
    """Let each device end what it is at: afterwards every change that it made has been acknowledged."""
    for device in devices:
        device.stops.set()
    for device in devices:
        device.thread.join(seconds)
        assert not device.thread.is_alive(), "a push is stuck"


def check(server: RunningServer, devices: list[Device]) -> int:
    """Nothing that was acknowledged is missing, nothing is doubled, all is whole. Gives how much was acknowledged."""
    database = server.engine.database
    with database.read() as connection:
        rows = {row.change_id: row for row in connection.execute(select(journal)).all()}
        seqs = sorted(row.seq for row in rows.values())
        assert audit.verify(connection, server.engine.registry) is None
        if database.is_sqlite:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
    assert seqs == list(range(1, len(seqs) + 1)), "the order has gaps"
    acknowledged = {key: verdict for device in devices for key, verdict in device.acknowledged.items()}
    assert [key for key, verdict in acknowledged.items() if key not in rows or rows[key].seq != verdict["seq"]] == []
    expected = {key: value for device in devices for key, value in device.notes.items()}
    assert {item["id"]: (item["note"], item["version"]) for item in server.find("receipt")} == expected
    return len(acknowledged)
