"""The money desk's queue and dashboard with 100,000 claim lines, on SQLite and on PostgreSQL, as whole pages.

The records are inserted in bulk, as they would stand after a year of work: pushing them through the engine would take
an hour. The desk's index is then made by the server's own code.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, text
from webtest import TestApp

from bench.databases import machine, on_both
from server.accounts.records import users
from server.app import create_app
from server.claims import desk_index
from server.claims.records import claim_lines, claims
from server.config import from_environment
from server.receipts.records import CATEGORIES, receipts
from server.schema import upgrade
from server.service.records import customers, sites, trips
from server.services import Services, build
from sync.change import Record, instant, new_id
from tests.server.desk import desks_of
from tests.server.world import World

LINES = 100_000
PER_CLAIM = 10
PEOPLE, SITES = 200, 400
ROUNDS = 30
_BATCH = 5_000
_DIVISIONS = ("330100", "440300", "110000", "310000", "420100", "510100", "610100", "320500")
_STATES = {"clear": 4, "needs_review": 5, "blocked": 6, "approved": 10, "refused": 5, "paid": 70}
"""Of a hundred lines: fifteen wait for a decision."""
_FINDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "needs_review": (("place_unproven", "review"), ("position_contradicts", "review"), ("reading_failed", "review")),
    "blocked": (("tool_not_returned", "block"), ("place_mismatch", "block"), ("attachment_missing", "block")),
    "refused": (("receipt_duplicate", "block"), ("outside_trip_dates", "block"), ("place_unproven", "review")),
}
PAGES = {
    "queue": "/finance/",
    "queue, by claim": "/finance/?by=claim",
    "queue, one reason": "/finance/?reason=tool_not_returned",
    "queue, month, category and age": "/finance/?category=meal&age=31-&since=2026-06&until=2026-06",
    "queue, words in open lines": "/finance/?text=hotel+17",
    "queue, words in all lines": "/finance/?text=hotel+17&status=all",
    "dashboard": "/finance/dashboard",
    "dashboard, one month": "/finance/dashboard?since=2026-06&until=2026-06",
    "queue, all lines by amount": "/finance/?status=all&sort=amount",
}


def main() -> None:
    """Measure both databases and print a table."""
    figures = on_both(measure)
    print(machine())
    print(f"{LINES:,} lines in {LINES // PER_CLAIM:,} claims; whole pages, p50 / p95 ms")
    print(f"{'':36}" + "".join(f"{database:>18}" for database in figures))
    for name in next(iter(figures.values())):
        print(f"{name:36}" + "".join(f"{values[name]:>18}" for values in figures.values()))


def measure(data: Path, url: str) -> dict[str, str]:
    """The figures of one database."""
    settings = {"FIELDCLAIM_DATA": str(data), "FIELDCLAIM_DATABASE_URL": url, "FIELDCLAIM_SECOND_FACTOR": "none"}
    services = build(from_environment(settings))
    upgrade(services.engine.database)
    world = World(services.engine)
    fill(services)
    app = create_app(services.config)
    browser = desks_of(app, world)("fei")
    found = {name: _timed(browser, address) for name, address in PAGES.items()}
    second = browser.get("/finance/").html.select_one("a[rel=next]")["href"]
    return found | {"queue, its second page": _timed(browser, second)}


def _timed(browser: TestApp, address: str) -> str:
    browser.get(address)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        browser.get(address)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return f"{statistics.median(times):.0f} / {times[int(ROUNDS * 0.95)]:.0f}"


def fill(services: Services) -> None:
    """A company with that many lines, and statistics for the planner of queries, as a database in use has them."""
    chance = random.Random(4)
    people, places = list(_people()), list(_sites())
    owner = {"id": places[0]["customer_id"], "version": 1, "name": "Pumps", "phone": "", "address": ""}
    rows = {users: people, customers: [owner], sites: places}
    with services.engine.database.write() as connection:
        for table, records in rows.items():
            connection.execute(insert(table), records)
        for _ in range(LINES // _BATCH):
            batch: dict[Table, list[Record]] = {table: [] for table in (trips, claims, receipts, claim_lines)}
            for _ in range(_BATCH // PER_CLAIM):
                for table, records in _claim(chance, chance.choice(people), chance.choice(places)).items():
                    batch[table] += records
            for table, records in batch.items():
                connection.execute(insert(table), records)
        desk_index.rebuild(connection)
    with services.engine.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if services.engine.database.is_sqlite else "VACUUM ANALYZE"))


def _people() -> Iterator[Record]:
    for number in range(PEOPLE):
        name = f"tech{number}"
        about = {"username": name, "display_name": name, "role": "technician", "language": "en", "status": "active"}
        yield {"id": new_id(), "version": 1} | about


def _sites() -> Iterator[Record]:
    customer = new_id()
    for number in range(SITES):
        code = _DIVISIONS[number % len(_DIVISIONS)]
        about = {"customer_id": customer, "name": f"Site {number}", "division_code": code, "address": ""}
        yield {"id": new_id(), "version": 1, "position": None} | about


def _claim(chance: random.Random, person: Record, site: Record) -> dict[Table, list[Record]]:
    """A trip, its claim, and the claim's receipts and lines. Older claims are decided more often."""
    begins = date(2025, 12, 1) + timedelta(chance.randrange(355))
    stop = {"division_code": site["division_code"], "site_id": site["id"], "arrive_on": begins.isoformat()}
    stop["leave_on"] = (begins + timedelta(5)).isoformat()
    about = {"technician_id": person["id"], "purpose": "Pump repair", "home_division": "310000", "stops": [stop]}
    trip = {"id": new_id(), "version": 1, "work_order_ids": [], "status": "finished"} | about
    submitted = instant(datetime(begins.year, begins.month, begins.day, 9, tzinfo=UTC) + timedelta(6))
    claim = {"id": new_id(), "version": 3, "trip_id": trip["id"], "note": "", "status": "submitted", "currency": "CNY"}
    claim |= {"technician_id": person["id"], "submitted_at": submitted, "total_minor": 0}
    papers = [_receipt(chance, trip, begins + timedelta(chance.randrange(5))) for _ in range(PER_CLAIM)]
    lines = [_line(chance, claim, receipt) for receipt in papers]
    claim["total_minor"] = sum(line["amount_minor"] for line in lines)
    return {trips: [trip], claims: [claim], receipts: papers, claim_lines: lines}


def _receipt(chance: random.Random, trip: Record, day: date) -> Record:
    blank: dict[str, Any] = dict.fromkeys(("fapiao_code", "captured_at", "qr_text", "note", "identity"), "")
    number = f"26332{chance.randrange(10**15):015}"
    return blank | {
        "id": new_id(),
        "version": 2,
        "trip_id": trip["id"],
        "category": chance.choice(CATEGORIES),
        "amount_minor": chance.randrange(1_000, 90_000),
        "currency": "CNY",
        "issued_on": day.isoformat(),
        "seller_name": f"Hotel {chance.randrange(300)}",
        "seller_tax_id": "91330100799655058B",
        "fapiao_number": number,
        "typed_division": None,
        "capture_position": None,
        "attachments": [],
        "technician_id": trip["technician_id"],
        "evidence": [],
        "reading_status": "read",
    }


def _line(chance: random.Random, claim: Record, receipt: Record) -> Record:
    state = chance.choices(list(_STATES), list(_STATES.values()))[0]
    kinds = _FINDINGS.get(state, ())
    found = [
        {"code": code, "severity": severity, "article": "REG-D3", "params": {}, "evidence": []}
        for code, severity in chance.sample(kinds, min(len(kinds), chance.choice((1, 1, 2))))
    ]
    return {
        "id": new_id(),
        "version": 3,
        "claim_id": claim["id"],
        "receipt_id": receipt["id"],
        "amount_minor": receipt["amount_minor"],
        "approved_minor": receipt["amount_minor"] if state in desk_index.PAYABLE else 0,
        "note": "",
        "technician_id": claim["technician_id"],
        "currency": "CNY",
        "status": state,
        "findings": found,
        "decision_note": "Checked" if state in ("approved", "refused", "paid") else "",
    }


if __name__ == "__main__":
    main()
