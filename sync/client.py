"""A small client of the sync protocol over HTTP, with a local SQLite store: for tests, load, and integrators.

It keeps what it has sent until the server says that it is durable, and sends it again to a server with a new epoch.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.change import Record, instant, new_id

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    entity TEXT, id TEXT, body TEXT NOT NULL, round TEXT NOT NULL, PRIMARY KEY (entity, id)
);
CREATE TABLE IF NOT EXISTS change (
    place INTEGER PRIMARY KEY AUTOINCREMENT, change_id TEXT UNIQUE, body TEXT NOT NULL,
    state TEXT NOT NULL, seq INTEGER, verdict TEXT
);
"""
BATCH = 100


class ServerSaysNo(Exception):
    """The server refused the whole call. `code` is stable."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Unreachable(Exception):
    """No answer, or none of ours: nothing is known of what the server did."""


class SyncClient:
    """One device. Changes wait in its store until they are sent."""

    def __init__(self, address: str, store: Path, timeout: float = 30) -> None:
        self.address = address
        self.timeout = timeout
        self.store = sqlite3.connect(store, isolation_level=None)
        self.store.executescript(_SCHEMA)
        self.device_id = self._fact("device_id") or self._keep("device_id", new_id())

    # Signing in

    def log_in(self, username: str, password: str) -> Record:
        """Sign in. Gives the user's record. Raises ServerSaysNo or Unreachable."""
        device = {"id": self.device_id, "name": "sync.client"}
        answer = self._call("/api/auth/login", {"username": username, "password": password, "device": device})
        self._keep("access_token", answer["access_token"])
        self._keep("refresh_token", answer["refresh_token"])
        return dict(answer["user"])

    # Changing

    def create(self, entity: str, fields: Mapping[str, Any], record_id: str | None = None) -> str:
        """Make a record; it waits in the outbox. Gives its id."""
        record_id = record_id or new_id()
        self._queue({"entity": entity, "record_id": record_id, "op": "create", "fields": dict(fields)})
        return record_id

    def update(self, entity: str, record_id: str, fields: Mapping[str, Any]) -> None:
        """Change fields of a record on top of what this device knows of it."""
        record = self.record(entity, record_id) or {}
        base = {name: record.get(name) for name in fields}
        change = {"entity": entity, "record_id": record_id, "op": "update", "fields": dict(fields)}
        self._queue(change | {"base": base, "base_version": record.get("version")})

    # Syncing

    def sync(self) -> None:
        """Send what waits, then bring what is new; once more where the server was restored in between."""
        self.push()
        if self.pull():
            self.push()
            self.pull()

    def push(self) -> list[dict[str, Any]]:
        """Send what waits, in batches. Gives the verdicts."""
        verdicts: list[dict[str, Any]] = []
        waiting = self.store.execute("SELECT body FROM change WHERE state = 'waiting' ORDER BY place").fetchall()
        for start in range(0, len(waiting), BATCH):
            changes = [json.loads(body) for (body,) in waiting[start : start + BATCH]]
            body = {"device_id": self.device_id, "epoch": self._fact("epoch"), "changes": changes}
            answer = self._call("/api/sync/push", body)
            verdicts += answer["verdicts"]
            self._take_verdicts(answer["verdicts"])
        return verdicts

    def pull(self, limit: int = 500) -> bool:
        """Bring everything new. True where the server has a new epoch and what was sent waits again."""
        while True:
            place = self._fact("cursor")
            try:
                answer = self._call(f"/api/sync/pull?limit={limit}" + (f"&cursor={place}" if place else ""))
            except ServerSaysNo as refused:
                if refused.code != "cursor_unknown":
                    raise
                self._start_anew()
                continue
            self._take_page(answer)
            if not answer["more"]:
                return self._notice(answer["epoch"], answer["durable_seq"])

    # Looking

    def record(self, entity: str, record_id: str) -> Record | None:
        """A record as the server last sent it."""
        query = "SELECT body FROM record WHERE entity = ? AND id = ?"
        found = self.store.execute(query, (entity, record_id)).fetchone()
        return dict(json.loads(found[0])) if found else None

    def records(self, entity: str) -> list[Record]:
        """The records of one kind, in the order of their ids."""
        rows = self.store.execute("SELECT body FROM record WHERE entity = ? ORDER BY id", (entity,))
        return [dict(json.loads(body)) for (body,) in rows]

    def outbox(self) -> list[dict[str, Any]]:
        """What was not taken by the server: changes that wait, and those that need a person, with their verdicts."""
        rows = self.store.execute("SELECT body, state, verdict FROM change WHERE state != 'done' ORDER BY place")
        return [
            json.loads(body) | {"state": state, "verdict": json.loads(verdict or "null")}
            for body, state, verdict in rows
        ]

    # Inside

    def _queue(self, change: dict[str, Any]) -> None:
        whole = {"change_id": new_id(), "made_at": instant(datetime.now(UTC))} | change
        self.store.execute(
            "INSERT INTO change (change_id, body, state) VALUES (?, ?, 'waiting')",
            (whole["change_id"], json.dumps(whole)),
        )

    def _take_verdicts(self, verdicts: list[dict[str, Any]]) -> None:
        states = {"applied": "done", "merged": "done", "duplicate": "done", "held": "waiting"}
        rows = [
            (states.get(item["status"], item["status"]), item.get("seq"), json.dumps(item), item["change_id"])
            for item in verdicts
        ]
        self.store.executemany("UPDATE change SET state = ?, seq = ?, verdict = ? WHERE change_id = ?", rows)

    def _take_page(self, page: dict[str, Any]) -> None:
        """The page and its cursor are kept together, or neither is."""
        turn = self._fact("round") or self._keep("round", new_id())
        with self.store:
            self.store.execute("BEGIN")
            for item in page["changes"]:
                key = (item["entity"], item["id"])
                self.store.execute("DELETE FROM record WHERE entity = ? AND id = ?", key)
                if item["op"] == "put":
                    self.store.execute(
                        "INSERT INTO record VALUES (?, ?, ?, ?)", (*key, json.dumps(item["record"]), turn)
                    )
            if not page["more"] and self._fact("is_resync"):
                self.store.execute("DELETE FROM record WHERE round != ?", (turn,))
                self._keep("is_resync", "")
            self._keep("cursor", page["cursor"])

    def _start_anew(self) -> None:
        self._keep("cursor", "")
        self._keep("round", new_id())
        self._keep("is_resync", "yes")

    def _notice(self, epoch: str, durable_seq: int) -> bool:
        known = self._fact("epoch")
        self._keep("epoch", epoch)
        if known and known != epoch:
            self.store.execute("UPDATE change SET state = 'waiting', seq = NULL WHERE state = 'done'")
            return True
        self.store.execute("DELETE FROM change WHERE state = 'done' AND seq <= ?", (durable_seq,))
        return False

    def _call(self, path: str, body: Any = None) -> Any:
        try:
            return self._ask(path, body)
        except ServerSaysNo as refused:
            if refused.code != "token_expired":
                raise
        tokens = self._ask("/api/auth/refresh", {"refresh_token": self._fact("refresh_token")})
        self._keep("access_token", tokens["access_token"])
        self._keep("refresh_token", tokens["refresh_token"])
        return self._ask(path, body)

    def _ask(self, path: str, body: Any) -> Any:
        headers = {"Fieldclaim-Protocol": "1", "Accept-Encoding": "gzip"}
        token = self._fact("access_token")
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        data = None
        if body is not None:
            data = gzip.compress(json.dumps(body).encode(), 6)
            headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        request = urllib.request.Request(self.address + path, data, headers)  # noqa: S310 (the integrator's own address)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
                return _read(answer)
        except urllib.error.HTTPError as error:
            problem = _read(error)
            raise ServerSaysNo(error.code, str(problem.get("code", ""))) from error
        except OSError as error:
            raise Unreachable(str(error)) from error

    def _fact(self, key: str) -> str:
        found = self.store.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else ""

    def _keep(self, key: str, value: str) -> str:
        self.store.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (key, value))
        return value


def _read(answer: Any) -> Any:
    """The JSON of an answer of ours. Raises Unreachable where somebody else answered, or the answer was cut."""
    if "Fieldclaim-Protocol" not in answer.headers:
        raise Unreachable("not a Fieldclaim server")
    try:
        data = answer.read()
        return json.loads(gzip.decompress(data) if answer.headers.get("Content-Encoding") == "gzip" else data)
    except (ValueError, EOFError, OSError) as error:
        raise Unreachable("the answer was cut off") from error
