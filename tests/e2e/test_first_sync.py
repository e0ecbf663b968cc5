"""The first sync of a technician's phone with two years of records, over 3G: 400 kbit/s, 400 ms (T26)."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from random import Random

import pytest
from PIL import Image

from server.attachments import uploads
from sync.change import Record
from sync.transaction import Transaction
from tests.documents.make import make
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY, plan
from tests.server.passwords import PASSWORD
from tests.server.world import HANGZHOU_SELLER, World, digital_number, qr_text

NewPhone = Callable[..., Phone]
TWO_YEARS, A_WHILE = 2000, 620
USEFUL, COMPLETE = 5, 60  # seconds: today's trip is on the screen; every record and preview is here
PREVIEWS = "/api/attachments/previews"
PAPERS = ("vat-picture", "digital-picture", "taxi-picture", "rail-picture", "toll-picture")


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[FaultProxy]:
    running = FaultProxy(server.port, seed=26)
    yield running
    running.stop()


def past(server: RunningServer, records: int, photos: int) -> None:
    """So many records: trips that are over, their receipts, and photos of the last ones; then the trip under way."""
    world = server.people()
    days = [TODAY - timedelta(days=730 - number * 14) for number in range(50)]
    taken = photographed(server, world, photos)

    def trips(write: Transaction) -> list[Record]:
        return [write.create("trip", trip(world.anna.id, day)) for day in days]

    made = world.engine.write(world.dispatcher, trips)

    def receipts(write: Transaction) -> None:
        count = records - len(made) - photos
        shown = [[]] * (count - photos) + [[sha256] for sha256 in taken]
        for number, attachments in enumerate(shown):
            fields = receipt(made[number * len(made) // records], 30000 + number)
            write.create("receipt", fields | {"attachments": attachments})

    world.engine.write(world.anna, receipts)
    plan(world)


def photographed(server: RunningServer, world: World, count: int) -> list[str]:
    """So many photos of anna's on the server, no two the same. Gives their hashes."""
    random = Random(26)
    papers = [
        Image.open(io.BytesIO(make(PAPERS[at % len(PAPERS)], at, camera=True).data)) for at in range(min(10, count))
    ]

    def store(number: int) -> str:
        paper, data = papers[number % len(papers)], io.BytesIO()
        left, top = random.randrange(60), random.randrange(60)
        paper.crop((left, top, paper.width, paper.height)).save(data, "JPEG", quality=85)
        about = {"sha256": hashlib.sha256(data.getvalue()).hexdigest(), "media_type": "image/jpeg"}
        size = len(data.getvalue())
        upload = uploads.begin(server.services, world.anna.id, about["sha256"], about["media_type"], size)
        uploads.receive(server.services, upload, 0, io.BytesIO(data.getvalue()), None)
        return str(world.create(world.anna, "attachment", **about, size=size)["sha256"])

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(store, range(count)))


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
def test_the_first_sync_over_3g_is_useful_soon_and_brings_previews_when_the_records_are_complete(
    new_phone: NewPhone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T26"""
    past(server, TWO_YEARS, photos=200)
    phone = new_phone(address=proxy.address)
    proxy.rate, proxy.latency = 50_000, 0.4
    phone.fill(username="anna", password=PASSWORD)
    began = time.monotonic()
    phone.tap("login-submit")
    phone.page.get_by_text("Pump repair").first.wait_for(timeout=60_000)
    useful = time.monotonic() - began
    assert PREVIEWS not in proxy.asked
    phone.wait_for("() => document.querySelector('[data-testid=sync-line]').innerText.includes('All synced')", 100)
    records = time.monotonic() - began
    brought = wait_for_previews(phone, 200)
    complete = time.monotonic() - began
    print(f"useful after {useful:.1f} s, records after {records:.1f} s, {len(brought)} previews after {complete:.1f} s")
    assert useful <= USEFUL
    assert complete <= COMPLETE
    assert len(phone.stored("records")) > TWO_YEARS
    assert_previews_came_last(proxy.asked)


def wait_for_previews(phone: Phone, count: int) -> list[str]:
    """Wait until the phone holds so many. Gives the hashes of the files."""
    until = time.monotonic() + 120
    while len(phone.stored("previews")) < count:
        assert time.monotonic() < until, "the previews never came"
        time.sleep(0.25)
    return [each["sha256"] for each in phone.stored("previews")]


def assert_previews_came_last(asked: list[str]) -> None:
    pages = [at for at, path in enumerate(asked) if path.startswith("/api/sync/pull?cursor=")]
    compared = asked.index("/api/sync/manifest")
    assert pages[0] < compared < asked.index(PREVIEWS)


def test_an_interrupted_first_sync_goes_on_where_it_stood_and_is_not_taken_as_complete(
    new_phone: NewPhone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T26"""
    past(server, A_WHILE, photos=6)
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
    wait_for_previews(phone, 6)
    assert_previews_came_last(proxy.asked)
