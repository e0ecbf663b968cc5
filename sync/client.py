"""A small client of the sync protocol over HTTP, with a local SQLite store: for tests, load, and integrators.

It keeps what it has sent until the server says that it is durable, and sends it again to a server with a new epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.change import Record, instant, new_id
from sync.client_http import Answer, Http, Patient, Request, ServerSaysNo, Transport, Unreachable, packed, read
from sync.client_store import Store

__all__ = ["Answer", "Request", "ServerSaysNo", "Store", "SyncClient", "Transport", "Unreachable"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SyncClient:
    """One device. Changes wait in its store until they are sent."""

    def __init__(
        self,
        address: str,
        store: Path | Store,
        timeout: float = 30,
        *,
        transport: Transport | None = None,
        clock: Callable[[], datetime] = _utc_now,
        page_size: int = 500,
    ) -> None:
        self.address = address
        self.store = store if isinstance(store, Store) else Store(store)
        self.transport = transport or Patient(Http(timeout))
        self.clock = clock
        self.page_size = page_size
        if not self.device_id:
            self.store.keep(device_id=new_id())

    @property
    def device_id(self) -> str:
        """The name by which the server knows this device."""
        return self.store.fact("device_id")

    # Signing in

    def log_in(self, username: str, password: str) -> Record:
        """Sign in. Gives the user's record. Raises ServerSaysNo or Unreachable."""
        device = {"id": self.device_id, "name": "sync.client"}
        answer = self._ask("/api/auth/login", {"username": username, "password": password, "device": device})
        self._keep_tokens(answer)
        return dict(answer["user"])

    def become_another_device(self) -> None:
        """Go on under a new name, signed out: for a store that was copied, or shut out. What waits is kept."""
        with self.store.together():
            self.store.keep(device_id=new_id(), access_token="", refresh_token="")

    # Changing

    def create(self, entity: str, fields: Mapping[str, Any], record_id: str | None = None) -> str:
        """Make a record; it waits in the outbox. Gives its id."""
        record_id = record_id or new_id()
        change = {"entity": entity, "record_id": record_id, "op": "create", "fields": dict(fields)}
        self.store.queue(self._signed(change))
        return record_id

    def update(self, entity: str, record_id: str, fields: Mapping[str, Any]) -> str:
        """Change fields of a record on top of what this device knows of it. Gives the change's id."""
        change = {"entity": entity, "record_id": record_id, "op": "update", "fields": dict(fields)}
        signed = self._signed(change | _base(self.store.seen(entity, record_id), fields))
        self.store.queue(signed)
        return str(signed["change_id"])

    def delete(self, entity: str, record_id: str) -> None:
        """Delete a record as this device knows it."""
        version = (self.store.record(entity, record_id) or {}).get("version")
        change = {"entity": entity, "record_id": record_id, "op": "delete", "base_version": version}
        self.store.queue(self._signed(change))

    # What the server refused

    def repair(self, change_id: str, fields: Mapping[str, Any] | None = None) -> None:
        """Send a refused change again, with these of its fields altered, on top of the server's record as it is here.

        Raises KeyError where the change is not kept.
        """
        change = self.store.change(change_id)
        if change is None:
            raise KeyError(change_id)
        change["fields"] |= fields or {}
        record = self.store.record(change["entity"], change["record_id"]) or {}
        if change["op"] == "update":
            change |= _base(record, change["fields"])
        elif change["op"] == "delete":
            change["base_version"] = record.get("version")
        self.store.replace(change_id, self._signed(change))

    def discard(self, change_id: str) -> None:
        """Give up a change that the server has not taken."""
        self.store.drop(change_id)

    # Syncing

    def sync(self) -> None:
        """Send what waits, then bring what is new; once more where the server was restored in between."""
        self.push()
        if self.pull():
            self.push()
            self.pull()

    def push(self) -> list[dict[str, Any]]:
        """Send what waits, in batches. Gives the verdicts. What builds on a refused change waits for a person, too."""
        verdicts: list[dict[str, Any]] = []
        tried: set[str] = set()
        while changes := self.store.next_batch(tried):
            tried |= {change["change_id"] for change in changes}
            answer = self._send(changes)
            self.store.take_verdicts(answer["epoch"], answer["verdicts"])
            verdicts += answer["verdicts"]
        return verdicts

    def pull(self) -> bool:
        """Bring everything new. True where the server has a new epoch and what was sent waits again."""
        while True:
            cursor = self.store.fact("cursor")
            try:
                page = self._call(f"/api/sync/pull?limit={self.page_size}" + (f"&cursor={cursor}" if cursor else ""))
            except ServerSaysNo as refused:
                if refused.code != "cursor_unknown":
                    raise
                self.store.start_anew()
                continue
            waits_again = self.store.take_page(page)
            if not page["more"]:
                return waits_again

    # Looking

    def record(self, entity: str, record_id: str) -> Record | None:
        """A record as the server last sent it."""
        return self.store.record(entity, record_id)

    def records(self, entity: str) -> list[Record]:
        """The records of one kind as the server last sent them, in the order of their ids."""
        return self.store.records(entity)

    def outbox(self) -> list[dict[str, Any]]:
        """What was not taken by the server: changes that wait, and those that need a person, with their verdicts."""
        return self.store.outbox()

    # Inside

    def _signed(self, change: Mapping[str, Any]) -> dict[str, Any]:
        return {"fields": {}, **change, "change_id": new_id(), "made_at": instant(self.clock())}

    def _send(self, changes: list[dict[str, Any]]) -> dict[str, Any]:
        body = {"device_id": self.device_id, "epoch": self.store.fact("epoch"), "changes": changes}
        try:
            return dict(self._call("/api/sync/push", body))
        except ServerSaysNo as refused:
            if refused.code != "push_too_large" or len(changes) > 1:
                raise
            # Note: one change that is too large for any call must not stand in the way of all others.
            verdict = {"change_id": changes[0]["change_id"], "status": "rejected", "code": refused.code}
            return {"epoch": "", "verdicts": [verdict]}

    def _call(self, path: str, body: Any = None) -> Any:
        try:
            return self._ask(path, body)
        except ServerSaysNo as refused:
            if refused.code != "token_expired":
                raise
        self._keep_tokens(self._ask("/api/auth/refresh", {"refresh_token": self.store.fact("refresh_token")}))
        return self._ask(path, body)

    def _ask(self, path: str, body: Any) -> Any:
        return read(self.transport.send(packed(self.address + path, self.store.fact("access_token"), body)))

    def _keep_tokens(self, answer: Mapping[str, Any]) -> None:
        with self.store.together():
            self.store.keep(access_token=answer["access_token"], refresh_token=answer["refresh_token"])


def _base(record: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What an update of these fields builds on."""
    return {"base": {name: record.get(name) for name in fields}, "base_version": record.get("version")}
