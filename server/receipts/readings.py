"""Readings: which documents wait for which reader, and what was found in them.

A reading is a record. It is made, waiting, in the transaction in which a receipt and its file first meet, so none is
forgotten; the worker fills it in; then the receipt's evidence follows. Readings are kept: a newer reader adds its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from server.attachments.records import stored_files
from server.receipts.evidence import evidence_of, identity_in
from server.receipts.readers import readers_of
from sync.change import Change, Record, new_id
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_MOST_FACTS = 200


def missing_readings(write: Transaction, receipt: Record) -> Iterator[Change]:
    """A waiting reading for every reader that has not had a file of the receipt yet."""
    owner_id = receipt["technician_id"]
    for sha256, media_type in _stored(write, receipt).items():
        known = {
            (item["reader"], item["reader_version"]) for item in write.find("reading", sha256=sha256, owner_id=owner_id)
        }
        for reader in readers_of(media_type):
            if (reader.name, reader.version) not in known:
                about = {"sha256": sha256, "owner_id": owner_id, "media_type": media_type}
                about |= {"reader": reader.name, "reader_version": reader.version}
                yield Change(new_id(), "reading", new_id(), "create", about)


def on_receipt(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A receipt names files: those that are here are to be read."""
    if entry.op != "delete" and entry.changed("attachments"):
        yield from missing_readings(write, entry.record)


def on_attachment(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A file arrived: where a receipt of its owner shows it, it is to be read."""
    if entry.record["status"] != "stored":
        return
    for receipt in _receipts_with(write, entry.record["sha256"], entry.record["owner_id"]):
        yield from missing_readings(write, receipt)
        yield from renewed(write, receipt)


def on_reading(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A document was read: the receipts that show it know more now."""
    for receipt in _receipts_with(write, entry.record["sha256"], entry.record["owner_id"]):
        yield from renewed(write, receipt)


def renewed(write: Transaction, receipt: Record) -> Iterator[Change]:
    """The change that brings what a receipt knows of its documents up to date, where that differs."""
    fresh = write.get("receipt", receipt["id"], lock=True)
    if fresh is None:
        return
    known = standing(write, fresh)
    changed = {name: value for name, value in known.items() if fresh[name] != value}
    if changed:
        if changed.get("identity"):
            write.lock(f"identity:{changed['identity']}")
        yield change_of("receipt", fresh, changed)


def standing(write: Transaction, receipt: Record) -> dict[str, Any]:
    """What is known of a receipt: its `identity`, its `evidence`, and how far its documents have been read."""
    own = readings_of(write, receipt)
    found = [item for reading in _newest(own) for item in _items(reading)]
    return {
        "identity": identity_in(receipt, found),
        "evidence": evidence_of(receipt, found),
        "reading_status": _status(write, receipt, own),
    }


def readings_of(write: Transaction, receipt: Record) -> list[Record]:
    """The readings of the receipt's files, as its technician sent them."""
    readings = write.find_any("reading", "sha256", receipt["attachments"])
    return [reading for reading in readings if reading["owner_id"] == receipt["technician_id"]]


def is_waiting(write: Transaction, receipt: Record) -> bool:
    """Whether a reader has still to look at one of the receipt's files that are here."""
    return not _wanted(write, receipt) <= _done(readings_of(write, receipt))


def _wanted(write: Transaction, receipt: Record) -> set[tuple[str, str]]:
    files = _stored(write, receipt)
    return {(sha256, reader.name) for sha256, media_type in files.items() for reader in readers_of(media_type)}


def _done(readings: list[Record]) -> set[tuple[str, str]]:
    return {(item["sha256"], item["reader"]) for item in readings if item["status"] != "waiting"}


def _status(write: Transaction, receipt: Record, readings: list[Record]) -> str:
    if any(item["status"] == "read" and _says_something(item) for item in readings):
        return "read"
    is_open = len(_stored(write, receipt)) < len(receipt["attachments"])
    is_open = is_open or not _wanted(write, receipt) <= _done(readings)
    return "pending" if is_open or not receipt["attachments"] else "unreadable"


def _says_something(reading: Record) -> bool:
    """Whether more was found than what the camera noted."""
    return any(item["source"] != "exif" for item in reading["facts"])


def _newest(readings: list[Record]) -> list[Record]:
    """Of each file and reader the reading by the newest version that has read it, in the order of the readings."""
    best: dict[tuple[str, str], Record] = {}
    for reading in readings:
        key = (reading["sha256"], reading["reader"])
        if reading["status"] == "read" and (
            key not in best or int(best[key]["reader_version"]) < int(reading["reader_version"])
        ):
            best[key] = reading
    return list(best.values())


def _items(reading: Record) -> Iterator[dict[str, Any]]:
    where = {"attachment": reading["sha256"], "reader": reading["reader"], "version": reading["reader_version"]}
    for fact in reading["facts"][:_MOST_FACTS]:
        yield fact | where


def _stored(write: Transaction, receipt: Record) -> dict[str, str]:
    """The types of the receipt's files that are here and sound."""
    if not receipt["attachments"]:
        return {}
    files = stored_files
    query = select(files.c.sha256, files.c.media_type).where(
        files.c.sha256.in_(receipt["attachments"]), files.c.owner_id == receipt["technician_id"], files.c.verdict == ""
    )
    return {row.sha256: row.media_type for row in write.read_aside(query)}


def _receipts_with(write: Transaction, sha256: str, owner_id: str) -> list[Record]:
    return [
        item for item in write.find_holding("receipt", "attachments", [sha256]) if item["technician_id"] == owner_id
    ]
