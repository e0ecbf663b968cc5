"""Push, pull and fifty phones at once, on SQLite and on PostgreSQL: over HTTP, against one server process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Thread

from bench.databases import machine, on_both
from bench.served import Phone, Served, receipt, report, served
from sync.change import Record

RECORDS = 10_000
BATCH = 100
PULLS = 300
PHONES = 50
PEERS = {
    "push of service reports, records/s": "Kinto 240–1,525 · PouchDB 9,651",
    "full pull of 10,000, records/s": "Kinto 47,397 · PouchDB 5,672",
    "full pull, gzip bytes a record": "PouchDB 197",
    "pull without changes, p50 ms": "PouchDB 0.81 · Kinto 3.1",
    "50 phones at once (20 up, 100 down), s": "PouchDB 0.34–0.76 · Kinto 3.35",
}
"""Measured on two cores of the same kind with records of the same size, Kinto in memory and on PostgreSQL;
`make bench-peers` measures Kinto anew."""
TARGETS = {
    "push of service reports, records/s": "10,000 / 5,000",
    "full pull of 10,000, records/s": "50,000 / 40,000",
    "full pull, gzip bytes a record": "150",
    "pull without changes, p50 ms": "1.00 / -",
    "pull with 10 changes, p50 ms": "2.00 / -",
    "50 phones at once (20 up, 100 down), s": "0.50 / -",
}
"""What we want to reach on two cores: on SQLite / on PostgreSQL."""


def main() -> None:
    """Measure both databases in one run and print a table."""
    figures = on_both(measure)
    print(machine())
    print(f"{'':44}" + "".join(f"{database:>14}" for database in figures) + f"{'wanted':>18}   peers")
    for name in next(iter(figures.values())):
        found = "".join(f"{row[name]:>14}" for row in figures.values())
        print(f"{name:44}{found}{TARGETS.get(name, ''):>18}   {PEERS.get(name, '')}")


def measure(data: Path, url: str) -> dict[str, str]:
    """The figures of one database."""
    with served(data, url) as server:
        trip = server.trip(server.world.anna)
        phone = server.phone(server.world.anna.id)
        pushed = push(phone, [report(trip) for _ in range(RECORDS)])
        began = time.perf_counter()
        records, size, cursor = phone.pull_all()
        pulled = time.perf_counter() - began
        idle, _ = pulls(phone, cursor, lambda: None)
        ten, cursor = pulls(phone, cursor, lambda: phone.push(phone.ready([report(trip) for _ in range(10)])))
        crowd = at_once(server)
        judged = push(phone, receipts(server, 2000))
    return {
        "push of service reports, records/s": f"{RECORDS / pushed:,.0f}",
        "push of receipts, each judged, records/s": f"{2000 / judged:,.0f}",
        "full pull of 10,000, records/s": f"{records / pulled:,.0f}",
        "full pull, gzip bytes a record": f"{size / records:,.0f}",
        "pull without changes, p50 ms": f"{statistics.median(idle):.2f}",
        "pull without changes, p95 ms": f"{sorted(idle)[int(PULLS * 0.95)]:.2f}",
        "pull with 10 changes, p50 ms": f"{statistics.median(ten):.2f}",
        "50 phones at once (20 up, 100 down), s": f"{crowd:.2f}",
    }


def push(phone: Phone, changes: list[Record]) -> float:
    """Seconds to push changes in batches."""
    bodies = [phone.ready(changes[start : start + BATCH]) for start in range(0, len(changes), BATCH)]
    began = time.perf_counter()
    verdicts = [verdict for body in bodies for verdict in phone.push(body)]
    seconds = time.perf_counter() - began
    assert {verdict["status"] for verdict in verdicts} == {"applied"}, verdicts[0]
    return seconds


def pulls(phone: Phone, cursor: str, change: Callable[[], object]) -> tuple[list[float], str]:
    """Milliseconds of each of many pulls, with something changed before each; and the last cursor."""
    waits = []
    for _ in range(PULLS):
        change()
        began = time.perf_counter()
        page, _ = phone.pull(cursor, 500)
        waits.append((time.perf_counter() - began) * 1000)
        cursor = page["cursor"]
    return waits, cursor


def at_once(server: Served) -> float:
    """Seconds until fifty phones, each with 100 records waiting for it, have pushed 20 and pulled everything."""
    phones = []
    for place in range(PHONES):
        person = server.world.person(f"crowd-{place}", "technician")
        trip = server.trip(person)
        phone = server.phone(person.id)
        phone.push(phone.ready([report(trip) for _ in range(100)]))
        phones.append((phone, phone.ready([report(trip) for _ in range(20)])))
    start = Barrier(PHONES + 1)

    finished: list[Phone] = []

    def work(phone: Phone, body: bytes) -> None:
        start.wait()
        phone.push(body)
        phone.pull_all()
        finished.append(phone)

    threads = [Thread(target=work, args=pair) for pair in phones]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    assert len(finished) == PHONES, "the server sent a phone away"
    return seconds


def receipts(server: Served, count: int) -> list[Record]:
    """Receipts of one technician over some years, eight a day."""
    trip = server.trip(server.world.anna)
    first = date(2024, 1, 1)
    return [receipt(trip, (first + timedelta(number // 8)).isoformat()) for number in range(count)]


if __name__ == "__main__":
    main()
