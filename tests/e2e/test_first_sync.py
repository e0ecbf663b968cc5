"""The first sync of a technician's phone with two years of records, over 3G: 400 kbit/s, 400 ms (T26)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from sync.change import Record
from sync.transaction import Transaction
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY, plan
from tests.server.passwords import PASSWORD
from tests.server.world import HANGZHOU_SELLER, World, digital_number, qr_text

NewPhone = Callable[..., Phone]
TWO_YEARS, A_WHILE = 2000, 620


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[FaultProxy]:
    running = FaultProxy(server.port, seed=26)
    yield running
    running.stop()


def past(world: World, records: int) -> None:
    """So many records of trips that are over, and their receipts; then the trip that is under way."""
    days = [TODAY - timedelta(days=730 - number * 14) for number in range(50)]

    def trips(write: Transaction) -> list[Record]:
        return [write.create("trip", trip(world.anna.id, day)) for day in days]

    made = world.engine.write(world.dispatcher, trips)

    def receipts(write: Transaction) -> None:
        for number in range(records - len(made)):
            write.create("receipt", receipt(made[number * len(made) // records], 30000 + number))

    world.engine.write(world.anna, receipts)
    plan(world)


def trip(technician_id: str, day: date) -> Record:
    stop = {"division_code": "330110", "arrive_on": str(day), "leave_on": str(day + timedelta(7))}
    fields = {"technician_id": technician_id, "purpose": f"Pump of {day}", "home_division": "310000"}
    return fields | {"stops": [stop], "status": "finished"}


def receipt(of: Record, amount: int) -> Record:
    day, number = of["stops"][0]["arrive_on"], digital_number("33")
    fields = {"trip_id": of["id"], "category": "lodging", "amount_minor": amount, "issued_on": day}
    fields |= {"seller_name": "Lakeside Hotel", "seller_tax_id": HANGZHOU_SELLER, "fapiao_number": number}
    return fields | {"qr_text": qr_text(number, amount, day)}


@pytest.mark.long
def test_the_first_sync_over_3g_is_useful_soon_and_complete_in_a_minute(
    new_phone: NewPhone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T26"""
    past(server.people(), TWO_YEARS)
    phone = new_phone(address=proxy.address)
    proxy.rate, proxy.latency = 50_000, 0.4
    phone.fill(username="anna", password=PASSWORD)
    began = time.monotonic()
    phone.tap("login-submit")
    phone.page.get_by_text("Pump repair").first.wait_for(timeout=60_000)
    useful = time.monotonic() - began
    phone.wait_for("() => document.querySelector('[data-testid=sync-line]').innerText.includes('All synced')", 60)
    print(f"useful after {useful:.1f} s, complete after {time.monotonic() - began:.1f} s")
    assert useful <= 5
    assert len(phone.stored("records")) > TWO_YEARS


def test_an_interrupted_first_sync_goes_on_where_it_stood_and_is_not_taken_as_complete(
    new_phone: NewPhone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T26"""
    past(server.people(), A_WHILE)
    phone = new_phone(address=proxy.address)
    phone.wait_for("() => navigator.serviceWorker.controller?.state === 'activated'")
    proxy.rate, proxy.latency = 60_000, 3
    phone.fill(username="anna", password=PASSWORD)
    phone.tap("login-submit")
    phone.page.get_by_test_id("nav-today").wait_for()
    until = time.monotonic() + 60
    while not any("pull?cursor=" in path for path in proxy.asked):
        assert time.monotonic() < until, "no page ever came"
        time.sleep(0.02)
    server.kill()
    phone.kill()
    held = len(proxy.asked)
    phone.switch_on()
    phone.page.get_by_test_id("sync-line").wait_for()
    assert "All synced" not in phone.page.inner_text("main")
    assert 0 < len(phone.stored("records")) < A_WHILE
    proxy.rate, proxy.latency = 0, 0
    server.start()
    phone.wait_synced()
    pulls = [path for path in proxy.asked[held:] if path.startswith("/api/sync/pull")]
    assert pulls
    assert all("cursor=" in path for path in pulls), "it began from zero"
    assert len(phone.stored("records")) > A_WHILE
