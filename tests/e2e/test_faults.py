"""The phone under faults that only a real browser shows: a broken network, a full phone, an emptied store, kills."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Timer

import pytest
from playwright.sync_api import Error

from server import paths
from tests.e2e.backlog import fill_outbox
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.phone import Phone, receipt_photo
from tests.e2e.receipts import log_receipt
from tests.e2e.running import RunningServer
from tests.e2e.test_cases import applied
from tests.e2e.test_story import plan
from tests.faults.small_disk import SmallDisk, small_disk

NewPhone = Callable[..., Phone]


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("FIELDCLAIM_SEED") or random.randrange(10**9))
    print(f"seed: {chosen}")
    return chosen


@pytest.fixture
def proxy(server: RunningServer, seed: int) -> Iterator[FaultProxy]:
    running = FaultProxy(server.port, seed)
    yield running
    running.stop()


@pytest.fixture
def phone(new_phone: NewPhone, server: RunningServer, proxy: FaultProxy) -> Phone:
    """A technician's phone that has signed in and synced, behind a proxy that lets all through for now."""
    plan(server.people())
    return signed_in(new_phone(address=proxy.address))


@pytest.fixture
def whole_phone(new_phone: NewPhone, server: RunningServer) -> Phone:
    """As `phone`, but with the whole browser: it keeps its store in a process of its own."""
    plan(server.people())
    return signed_in(new_phone(is_whole=True))


def signed_in(phone: Phone) -> Phone:
    phone.log_in()
    phone.wait_synced()
    return phone


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(megabytes=100) as made:
        print(f"the phone's disk: {made.means}")
        yield made


def test_a_long_backlog_drains_through_a_network_that_breaks(
    phone: Phone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T7, T8: lost, cut and late requests and answers, a captive portal, and a limit below the largest photo's size."""
    server.kill()
    photos = fill_outbox(phone, server, receipts=60, photos=8, size=700_000)
    photos += fill_outbox(phone, server, receipts=1, photos=1, size=11_000_000)
    server.start()
    proxy.limit, proxy.share = 10_000_000, 0.45
    phone.open()
    phone.tap("nav-outbox")
    until = time.monotonic() + 90
    while len(server.find("attachment", status="stored")) < len(photos):
        assert time.monotonic() < until, f"never drained: {proxy.counts}"
        phone.tap("sync-now")
        time.sleep(0.5)
    proxy.share = 0
    phone.wait_synced()
    assert (applied(server, "receipt"), applied(server, "attachment")) == (61, 9)
    assert all(server.services.files.is_whole(sha256) for sha256 in photos)
    assert phone.sees("state-attention") == 0
    print(dict(proxy.counts))


@pytest.mark.long
def test_300_receipts_with_150_mb_of_photos_drain_by_themselves(
    phone: Phone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T7 with real sizes: nobody taps, and no request is larger than 10 MB."""
    server.kill()
    photos = fill_outbox(phone, server, receipts=290, photos=290, size=400_000)
    photos += fill_outbox(phone, server, receipts=10, photos=3, size=12_000_000)
    proxy.limit = 10_000_000
    server.start()
    phone.open()
    began = time.monotonic()
    phone.tap("nav-outbox")
    line = phone.page.get_by_test_id("sync-line")
    while "All synced" not in line.inner_text():
        assert time.monotonic() < began + 600, line.inner_text()
        time.sleep(1)
    print(f"drained in {time.monotonic() - began:.0f} s")
    assert (applied(server, "receipt"), applied(server, "attachment")) == (300, 293)
    assert all(server.services.files.is_whole(sha256) for sha256 in photos)


def test_a_full_phone_says_so_before_the_screen_is_left(
    new_phone: NewPhone, server: RunningServer, disk: SmallDisk
) -> None:
    """T10: first the browser's quota is full, then the disk itself."""
    plan(server.people())
    phone = new_phone(folder=disk.folder)
    phone.log_in()
    phone.wait_synced()
    server.kill()
    phone.page.evaluate(_FILL_QUOTA)
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.attach(receipt_photo("https://example.invalid/full") + os.urandom(1_500_000))
    phone.fill(amount="12.50", seller_name="Noodle shop")
    phone.tap("receipt-save")
    phone.page.get_by_text("The phone is full and nothing was saved").wait_for()
    assert phone.page.get_by_test_id("field-seller_name").input_value() == "Noodle shop"
    assert phone.stored("changes") == []
    phone.page.evaluate(_EMPTY_QUOTA)
    with no_room(disk):
        phone.tap("receipt-save")
        phone.page.wait_for_timeout(300)
        phone.page.get_by_text("The phone is full and nothing was saved").wait_for()
        assert phone.stored("changes") == []
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    server.start()
    phone.wait_synced()
    assert applied(server, "receipt") == 1


@contextmanager
def no_room(disk: SmallDisk) -> Iterator[None]:
    """Another app has taken all but a little."""
    room = os.statvfs(disk.folder)
    other = disk.folder / "other"
    with other.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - 500_000)
    yield
    other.unlink()


_FILL_QUOTA = """async () => {
    const asked = indexedDB.open('filler', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('bytes');
    const db = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
    for (let size = 4_000_000, key = 0; size > 300_000; key++) {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
        const write = db.transaction('bytes', 'readwrite', { durability: 'strict' });
        write.objectStore('bytes').put(bytes.buffer, key);
        const isKept = await new Promise((done) => {
            write.oncomplete = () => done(true);
            write.onabort = () => done(false);
        });
        if (!isKept) size /= 2;
    }
    db.close();
}"""
_EMPTY_QUOTA = """async () => {
    const asked = indexedDB.deleteDatabase('filler');
    await new Promise((done) => { asked.onsuccess = done; });
}"""


def test_a_phone_whose_store_was_emptied_says_what_is_lost_and_brings_back_the_rest(
    phone: Phone, server: RunningServer
) -> None:
    log_receipt(phone, seller_name="Sent in time")
    phone.wait_synced()
    server.kill()
    log_receipt(phone, seller_name="Never sent")
    phone.tap("nav-outbox")
    phone.page.get_by_test_id("outbox-item").wait_for()
    device = phone.stored("meta")
    evict(phone)
    phone.tap("sync-now")
    phone.page.get_by_test_id("loss").wait_for(timeout=30_000)
    assert "1 items that had not been sent" in phone.page.get_by_test_id("loss").inner_text()
    assert "All synced" not in phone.page.inner_text("main")
    server.start()
    phone.log_in()
    phone.wait_synced()
    phone.tap("nav-log")
    phone.page.locator("main").get_by_text("Sent in time").first.wait_for()
    phone.tap("nav-today")
    phone.page.get_by_test_id("loss").wait_for()
    phone.tap("loss-understood")
    phone.page.get_by_test_id("loss").wait_for(state="detached")
    phone.open()
    phone.page.get_by_test_id("trip").wait_for()
    assert phone.sees("loss") == 0
    known = {row["key"]: row["value"] for row in device}
    assert [row["value"] for row in phone.stored("meta") if row["key"] == "device_id"] == [known["device_id"]]
    assert [item["seller_name"] for item in server.find("receipt")] == ["Sent in time"]


def evict(phone: Phone) -> None:
    """As the system does under pressure: the whole database at once, without a word."""
    session = phone.page.context.new_cdp_session(phone.page)
    address = phone.address or phone.server.address
    session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "indexeddb"})


def test_a_store_that_the_system_closed_is_opened_again_by_the_next_save(
    whole_phone: Phone, server: RunningServer
) -> None:
    """T11: the browser's storage process dies; its connections die with it."""
    phone = whole_phone
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.fill(amount="12.50", seller_name="After the close")
    assert phone.cut_power("storage.mojom.StorageService") == 1
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    phone.wait_synced()
    assert [item["seller_name"] for item in server.find("receipt")] == ["After the close"]


def test_a_new_version_in_the_middle_of_a_sync_loses_and_doubles_nothing(
    phone: Phone, server: RunningServer, proxy: FaultProxy, tmp_path: Path
) -> None:
    server.kill()
    server.client = tmp_path / "client"
    shutil.copytree(paths.client(), server.client)
    photos = fill_outbox(phone, server, receipts=20, photos=5, size=400_000)
    for packed in ("sw.js.gz", "sw.js.br"):
        (server.client / packed).unlink()
    with (server.client / "sw.js").open("a") as worker:
        worker.write("// a new version\n")
    proxy.rate = 300_000
    server.start()
    phone.open()
    phone.page.get_by_test_id("update").wait_for(timeout=30_000)
    until = time.monotonic() + 30
    while not server.find("receipt"):
        assert time.monotonic() < until, "the sync never began"
        time.sleep(0.05)
    with phone.page.expect_navigation():
        phone.tap("update")
    assert len(server.find("attachment", status="stored")) < len(photos), "the update came too late to be in the middle"
    proxy.rate = 0
    phone.wait_synced()
    assert (applied(server, "receipt"), applied(server, "attachment")) == (20, 5)
    assert all(server.services.files.is_whole(sha256) for sha256 in photos)


def test_a_browser_killed_again_and_again_loses_nothing_it_has_confirmed(
    phone: Phone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T1, T2: during saves and syncs."""
    kill_again_and_again(phone, server, proxy, kills=6)


@pytest.mark.long
def test_a_browser_killed_200_times_loses_nothing_it_has_confirmed(
    phone: Phone, server: RunningServer, proxy: FaultProxy
) -> None:
    """T1, T2: during saves and syncs."""
    kill_again_and_again(phone, server, proxy, kills=200)


def kill_again_and_again(phone: Phone, server: RunningServer, proxy: FaultProxy, kills: int) -> None:
    """Log receipts until the power goes, again and again, while the phone syncs over a slow network."""
    chance = Random(proxy.seed)
    proxy.latency = 0.1
    tried: list[str] = []
    confirmed: list[str] = []
    for _ in range(kills):
        timer = Timer(chance.uniform(0.2, 2.5), phone.cut_power)
        timer.start()
        with suppress(Error):  # the power went in the middle of a gesture
            while timer.is_alive():
                save_one(phone, tried, confirmed)
        timer.join()
        phone.bury()
        phone.switch_on()
        try:
            phone.page.get_by_test_id("nav-log").wait_for(timeout=60_000)
        except Error:
            print(f"the screen: {phone.page.content()}")
            raise
    proxy.latency = 0
    phone.wait_synced(90)
    arrived = [item["seller_name"] for item in server.find("receipt")]
    print(f"{kills} kills, {len(tried)} saves begun, {len(confirmed)} confirmed, {len(arrived)} arrived")
    assert sorted(arrived) == sorted(set(arrived)), "a record was doubled"
    assert set(confirmed) <= set(arrived) <= set(tried)
    assert applied(server, "receipt") == len(arrived)
    stored = {item["sha256"] for item in server.find("attachment", status="stored")}
    assert {sha256 for item in server.find("receipt") for sha256 in item["attachments"]} <= stored


def save_one(phone: Phone, tried: list[str], confirmed: list[str]) -> None:
    name = f"Shop {len(tried)}"
    phone.tap("nav-log")
    phone.tap("log-receipt")
    if len(tried) % 3 == 0:
        phone.attach(receipt_photo(f"https://example.invalid/{len(tried)}"))
    phone.fill(amount="12.50", seller_name=name)
    tried.append(name)
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").filter(has_text=name).first.wait_for()
    confirmed.append(name)


def test_a_new_version_waits_for_the_person_and_discards_nothing(
    phone: Phone, server: RunningServer, tmp_path: Path
) -> None:
    server.kill()
    server.client = tmp_path / "client"
    shutil.copytree(paths.client(), server.client)
    log_receipt(phone, seller_name="Logged under the old version")
    phone.page.route("**/api/**", lambda route: route.abort())
    for packed in ("sw.js.gz", "sw.js.br"):
        (server.client / packed).unlink()
    with (server.client / "sw.js").open("a") as worker:
        worker.write("// a new version\n")
    server.start()
    phone.open()
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.page.get_by_test_id("update").wait_for(timeout=30_000)
    phone.fill(seller_name="Typed and not saved")
    assert phone.sees("update") == 1, "it waits, however long the person types"
    with phone.page.expect_navigation():
        phone.tap("update")
    phone.page.get_by_test_id("field-seller_name").wait_for()
    assert phone.page.get_by_test_id("field-seller_name").input_value() == "Typed and not saved"
    phone.page.unroute("**/api/**")
    phone.wait_synced()
    assert [item["seller_name"] for item in server.find("receipt")] == ["Logged under the old version"]
