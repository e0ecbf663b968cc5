"""What one device of the client keeps: records as the server sent them, changes until they are durable, a few facts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sync.change import Record, is_id, new_id

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    entity TEXT, id TEXT, body TEXT NOT NULL, round TEXT NOT NULL, PRIMARY KEY (entity, id)
);
CREATE TABLE IF NOT EXISTS change (
    place INTEGER PRIMARY KEY AUTOINCREMENT, change_id TEXT UNIQUE, body TEXT NOT NULL,
    state TEXT NOT NULL, seq INTEGER, verdict TEXT, epoch TEXT NOT NULL DEFAULT ''
);
"""
_STATES = {"applied": "done", "merged": "done", "duplicate": "done", "held": "waiting"}
_NEEDS_A_PERSON = ("conflict", "rejected")
BATCH_BYTES = 700_000


class Store(sqlite3.Connection):
    """The device's database file. What belongs together is written together, so that a crash leaves no half of it."""

    batch_size = 100

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, isolation_level=None)
        self.executescript(_SCHEMA)
        if "epoch" not in {row[1] for row in self.execute("PRAGMA table_info(change)")}:
            self.execute("ALTER TABLE change ADD COLUMN epoch TEXT NOT NULL DEFAULT ''")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all of what is written inside, or nothing."""
        with self:
            self.execute("BEGIN IMMEDIATE")
            yield

    # Facts

    def fact(self, key: str) -> str:
        """One fact, or the empty text."""
        found = self.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else ""

    def keep(self, **facts: str) -> None:
        """Set facts."""
        self.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", list(facts.items()))

    # Records

    def record(self, entity: str, record_id: str) -> Record | None:
        """A record as the server last sent it."""
        query = "SELECT body FROM record WHERE entity = ? AND id = ?"
        found = self.execute(query, (entity, record_id)).fetchone()
        return dict(json.loads(found[0])) if found else None

    def records(self, entity: str) -> list[Record]:
        """The records of one kind as the server last sent them, in the order of their ids."""
        rows = self.execute("SELECT body FROM record WHERE entity = ? ORDER BY id", (entity,))
        return [dict(json.loads(body)) for (body,) in rows]

    def seen(self, entity: str, record_id: str) -> Record:
        """A record as its person sees it: with the changes that the server took, or has still to judge, laid over."""
        record = self.record(entity, record_id) or {}
        version = record.get("version") or 0
        for change, state, verdict in self._changes():
            if (change["entity"], change["record_id"]) != (entity, record_id) or state in _NEEDS_A_PERSON:
                continue
            if state == "waiting" or (verdict.get("version") or 0) > version:
                record |= change["fields"]
        return record

    # Changes

    def queue(self, change: Mapping[str, Any]) -> None:
        """Put a change behind those that wait."""
        self.execute(
            "INSERT INTO change (change_id, body, state) VALUES (?, ?, 'waiting')",
            (change["change_id"], json.dumps(change)),
        )

    def replace(self, change_id: str, change: Mapping[str, Any]) -> None:
        """Put a repaired change in the place of the one that was refused."""
        self.execute(
            "UPDATE change SET change_id = ?, body = ?, state = 'waiting', verdict = NULL WHERE change_id = ?",
            (change["change_id"], json.dumps(change), change_id),
        )

    def drop(self, change_id: str) -> None:
        """Forget a change that was refused."""
        self.execute("DELETE FROM change WHERE change_id = ? AND state != 'done'", (change_id,))

    def change(self, change_id: str) -> dict[str, Any] | None:
        """A change that is still kept."""
        found = self.execute("SELECT body FROM change WHERE change_id = ?", (change_id,)).fetchone()
        return dict(json.loads(found[0])) if found else None

    def outbox(self) -> list[dict[str, Any]]:
        """The changes that the server has not taken, with their state and last verdict."""
        return [
            change | {"state": state, "verdict": verdict or None}
            for change, state, verdict in self._changes()
            if state != "done"
        ]

    def next_batch(self, tried: Collection[str]) -> list[dict[str, Any]]:
        """The changes to send next: none of those tried, and none that builds on one which needs a person."""
        stopped: set[str] = set()
        batch: list[dict[str, Any]] = []
        size = 0
        for change, state, _ in self._changes():
            if state == "done":
                continue
            if state in _NEEDS_A_PERSON or not stopped.isdisjoint(_builds_on(change)):
                stopped.add(change["record_id"])
                continue
            if change["change_id"] in tried:
                continue
            size += len(json.dumps(change))
            if batch and (len(batch) == self.batch_size or size > BATCH_BYTES):
                break
            batch.append(change)
        return batch

    def take_verdicts(self, epoch: str, verdicts: Iterable[Mapping[str, Any]]) -> None:
        """Note what became of changes, and in which epoch of the server. Held ones wait on."""
        rows = [
            (_STATES.get(item["status"], item["status"]), item.get("seq"), json.dumps(item), epoch, item["change_id"])
            for item in verdicts
        ]
        with self.together():
            self.executemany(
                "UPDATE change SET state = ?, seq = ?, verdict = ?, epoch = ? WHERE change_id = ?",
                rows,
            )

    # Pages

    def take_page(self, page: Mapping[str, Any]) -> bool:
        """Keep a page of the feed and its cursor. True where changes wait again, for the server has a new epoch."""
        with self.together():
            turn = self.fact("round")
            for item in page["changes"]:
                key = (item["entity"], item["id"])
                self.execute("DELETE FROM record WHERE entity = ? AND id = ?", key)
                if item["op"] == "put":
                    self.execute("INSERT INTO record VALUES (?, ?, ?, ?)", (*key, json.dumps(item["record"]), turn))
            self.keep(cursor=page["cursor"], epoch=page["epoch"])
            return False if page["more"] else self._end_pull(turn, page["epoch"], page["durable_seq"])

    def start_anew(self) -> None:
        """The next pull begins from zero; what it does not bring is dropped at its end. The outbox stays."""
        with self.together():
            self.keep(cursor="", round=new_id(), is_resync="yes")

    def _end_pull(self, turn: str, epoch: str, durable_seq: int) -> bool:
        if self.fact("is_resync"):
            self.execute("DELETE FROM record WHERE round != ?", (turn,))
            self.keep(is_resync="")
        self.execute("DELETE FROM change WHERE state = 'done' AND epoch = ? AND seq <= ?", (epoch, durable_seq))
        # Note: a server restored from a backup may lack what an earlier epoch of it has acknowledged.
        again = "UPDATE change SET state = 'waiting', seq = NULL WHERE state = 'done' AND epoch != ?"
        return self.execute(again, (epoch,)).rowcount > 0

    def _changes(self) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
        for body, state, verdict in self.execute("SELECT body, state, verdict FROM change ORDER BY place").fetchall():
            yield json.loads(body), state, json.loads(verdict or "{}")


def _builds_on(change: Mapping[str, Any]) -> set[str]:
    """The record of the change, and every id that its fields name."""
    return {change["record_id"]} | {value for value in change["fields"].values() if is_id(value)}
