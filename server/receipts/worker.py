"""The background worker: it takes the readings that wait, one after the other, and writes down what was found.

What waits stands in the database (`readings.py`), so there is no second queue that could lose or double a document: a
worker that is killed leaves its reading waiting, and of two workers at the same reading the second writes nothing.
"""

from __future__ import annotations

import logging
import time
from threading import Event
from typing import Any

from server.attachments.store import FileStore
from server.receipts.reader_process import ReaderProcess
from server.receipts.readers import READERS, Unreadable
from server.receipts.readings import missing_readings, renewed
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Record, instant
from sync.transaction import Transaction

_AT_ONCE = 20
_PAUSE_SECONDS = 1.0
_RENEW_SECONDS = 600.0
log = logging.getLogger(__name__)


def work(of: Services, ends: Event) -> None:
    """Read what waits until told to stop; looks again every second."""
    with ReaderProcess() as process:
        renewed_at = float("-inf")
        while not ends.is_set():
            try:
                if time.monotonic() - renewed_at > _RENEW_SECONDS:
                    renew_all(of)
                    renewed_at = time.monotonic()
                found = read_waiting(of, process)
            except Exception:  # the outermost edge: a database that is away comes back, and what waits still waits
                log.exception("reading stopped; it goes on in a moment")
                found = 0
            if not found:
                ends.wait(_PAUSE_SECONDS)


def waiting(of: Services) -> list[Record]:
    """The readings that wait."""
    with of.engine.database.read() as connection:
        return Transaction(of.engine, connection, SYSTEM).find("reading", status="waiting")


def read_waiting(of: Services, process: ReaderProcess) -> int:
    """Read what waits now, the quick readers first. Gives how many documents were read."""
    rank = {reader.name: at for at, reader in enumerate(READERS)}
    ranked = sorted(waiting(of), key=lambda reading: (rank.get(reading["reader"], len(rank)), reading["id"]))
    for reading in ranked[:_AT_ONCE]:
        _finish(of, reading, _outcome(of.files, process, reading))
    return len(ranked[:_AT_ONCE])


def renew_all(of: Services) -> int:
    """Ask this version's readers for every receipt that none, or only older ones, have read. Gives how many changes."""
    versions = {reader.name: reader.version for reader in READERS}

    def renew(write: Transaction) -> int:
        old = [item for item in write.find("reading") if versions.get(item["reader"]) != item["reader_version"]]
        files = {item["sha256"] for item in old}
        asked = 0
        for receipt in write.find("receipt"):
            if receipt["reading_status"] == "pending" or not files.isdisjoint(receipt["attachments"]):
                changes = [*missing_readings(write, receipt), *renewed(write, receipt)]
                for change in changes:
                    write.apply(change)
                asked += len(changes)
        return asked

    return of.engine.write(SYSTEM, renew)


def _outcome(files: FileStore, process: ReaderProcess, reading: Record) -> dict[str, Any]:
    """What became of a reading. A reader that was lost gets one more chance: the machine may have been short."""
    for attempt in (1, 2):
        try:
            facts = process.ask(reading["reader"], files.path(reading["sha256"]), reading["media_type"])
        except Unreadable as unreadable:
            if unreadable.code == "could_not_be_read" and attempt == 1:
                continue
            log.info("reading %s: %s", reading["id"], unreadable.code)
            return {"status": "unreadable", "reason": unreadable.code}
        return {"status": "nothing"} if facts is None else {"status": "read", "facts": facts}
    raise AssertionError("unreachable")


def _finish(of: Services, reading: Record, outcome: dict[str, Any]) -> None:
    def finish(write: Transaction) -> None:
        write.lock(f"file:{reading['sha256']}")
        fresh = write.get("reading", reading["id"], lock=True)
        if fresh and fresh["status"] == "waiting":
            write.update("reading", fresh, outcome | {"read_at": instant(write.now)})

    of.engine.write(SYSTEM, finish)
