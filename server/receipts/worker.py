"""The background worker: it takes the readings that wait, one after the other, and writes down what was found.

What waits stands in the database (`readings.py`), so there is no second queue that could lose or double a document: a
worker that is killed leaves its reading waiting, and of two workers at the same reading the second writes nothing.
"""

from __future__ import annotations

import logging
from threading import Event
from typing import Any

from server.attachments.store import FileStore
from server.receipts.reader_process import ReaderProcess
from server.receipts.readers import READERS, Unreadable
from server.receipts.readings import missing_readings
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Record, instant
from sync.transaction import Transaction

_AT_ONCE = 20
_PAUSE_SECONDS = 1.0
log = logging.getLogger(__name__)


def work(of: Services, ends: Event) -> None:
    """Read what waits until told to stop; looks again every second."""
    with ReaderProcess() as process:
        is_renewed = False
        while not ends.is_set():
            try:
                is_renewed = is_renewed or renew_all(of) >= 0
                found = read_waiting(of, process)
            except Exception:  # the outermost edge: a database that is away comes back, and what waits still waits
                log.exception("reading stopped; it goes on in a moment")
                found = 0
            if not found:
                ends.wait(_PAUSE_SECONDS)


def waiting(of: Services) -> int:
    """How many documents wait to be read."""
    with of.engine.database.read() as connection:
        return len(Transaction(of.engine, connection, SYSTEM).find("reading", status="waiting"))


def read_waiting(of: Services, process: ReaderProcess) -> int:
    """Read what waits now, the quick readers first. Gives how many documents were read."""
    waiting = of.engine.write(SYSTEM, lambda write: write.find("reading", status="waiting"))
    rank = {reader.name: at for at, reader in enumerate(READERS)}
    waiting.sort(key=lambda reading: (rank.get(reading["reader"], len(rank)), reading["id"]))
    for reading in waiting[:_AT_ONCE]:
        _finish(of, reading, _outcome(of.files, process, reading))
    return len(waiting[:_AT_ONCE])


def renew_all(of: Services) -> int:
    """Ask the readers of this version for every receipt that only an older one has read. Gives how many are asked."""
    versions = {reader.name: reader.version for reader in READERS}

    def renew(write: Transaction) -> int:
        old = [item for item in write.find("reading") if versions.get(item["reader"]) != item["reader_version"]]
        owners = {(item["owner_id"], item["sha256"]) for item in old}
        asked = 0
        for owner_id, sha256 in sorted(owners):
            for receipt in write.find("receipt", technician_id=owner_id):
                if sha256 in receipt["attachments"]:
                    for change in list(missing_readings(write, receipt)):
                        write.apply(change)
                        asked += 1
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
        fresh = write.get("reading", reading["id"], lock=True)
        if fresh and fresh["status"] == "waiting":
            write.update("reading", fresh, outcome | {"read_at": instant(write.now)})

    of.engine.write(SYSTEM, finish)
