"""What broke for users of other systems while it is sent (cases T2 to T14), in a real browser against a real server."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Route
from sqlalchemy import delete, select

from server.attachments.records import stored_files
from sync.change import new_id
from sync.tables import journal
from tests.e2e.phone import Phone
from tests.e2e.receipts import log_receipt, noise
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY
from tests.server.passwords import PASSWORD
from tests.server.world import HANGZHOU_SELLER

NewPhone = Callable[..., Phone]
PROBE = 60_000
"""The longest pause of a phone that looks for its server, in milliseconds."""


def applied(server: RunningServer, entity: str) -> int:
    """How many creates of that kind the journal holds."""
    with server.engine.database.read() as connection:
        made = select(journal.c.seq).where(journal.c.entity == entity, journal.c.op == "create")
        return len(connection.execute(made).all())


def test_a_phone_killed_during_an_upload_sends_one_record_and_one_photo(phone: Phone, server: RunningServer) -> None:
    """T2"""
    data = noise(7, 6_000_000)
    server.kill()
    log_receipt(phone, data)
    session = phone.page.context.new_cdp_session(phone.page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 10, "downloadThroughput": 10**7, "uploadThroughput": 500_000}
    session.send("Network.emulateNetworkConditions", slow)
    server.start()
    parts = server.services.files.parts
    until = time.monotonic() + 60
    while not any(part.stat().st_size for part in parts.iterdir()):
        assert time.monotonic() < until, "the upload never began"
        time.sleep(0.05)
    phone.kill()
    phone.switch_on()
    phone.wait_synced(60)
    assert (applied(server, "receipt"), applied(server, "attachment")) == (1, 1)
    assert server.services.files.is_whole(hashlib.sha256(data).hexdigest())


def test_an_answer_that_is_lost_after_the_commit_doubles_nothing(phone: Phone, server: RunningServer) -> None:
    """T3"""
    cut: list[int] = []

    def lose(route: Route) -> None:
        if len(cut) < 2:
            cut.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    phone.page.context.route("**/api/sync/push", lose)
    log_receipt(phone)
    phone.wait_synced(60)
    assert cut == [200, 200]
    assert applied(server, "receipt") == 1
    assert phone.sees("state-attention") == 0


def test_two_tabs_send_each_record_once(phone: Phone, server: RunningServer) -> None:
    """T4"""
    server.kill()
    for number in range(4):
        log_receipt(phone, seller_name=f"Shop {number}")
    pushed: list[str] = []
    phone.page.context.on("request", lambda request: pushed.append(request.url) if "push" in request.url else None)
    second = phone.page.context.new_page()
    second.goto(f"{server.address}/app/")
    second.get_by_test_id("nav-outbox").wait_for()
    server.start()
    second.get_by_test_id("nav-outbox").click()
    second.get_by_test_id("sync-now").click()
    phone.wait_synced()
    assert applied(server, "receipt") == 4


def test_five_photos_taken_together_all_arrive(phone: Phone, server: RunningServer) -> None:
    """T5"""
    photos = [noise(number, 1000) for number in range(5)]
    log_receipt(phone, *photos)
    phone.wait_synced()
    expected = {hashlib.sha256(photo).hexdigest() for photo in photos}
    assert {item["sha256"] for item in server.find("attachment", status="stored")} == expected
    assert set(server.find("receipt")[0]["attachments"]) == expected


def test_one_refused_record_holds_up_no_other_and_can_be_mended(phone: Phone, server: RunningServer) -> None:
    """T6"""
    server.kill()
    log_receipt(phone, seller_tax_id="9" * 40, seller_name="Refused shop")
    others = put_receipts(phone, server, 50)
    server.start()
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    phone.page.get_by_test_id("state-attention").wait_for(timeout=30_000)
    assert {item["id"] for item in server.find("receipt")} == set(others)
    assert "is too long" in phone.page.inner_text("main")
    assert exported(phone)["fields"]["seller_name"] == "Refused shop"
    before = phone.stored("changes")[0]["change_id"]
    phone.tap("outbox-retry")
    phone.page.get_by_test_id("state-attention").wait_for(state="detached")
    phone.page.get_by_test_id("state-attention").wait_for(timeout=30_000)
    assert phone.stored("changes")[0]["change_id"] != before
    phone.page.get_by_role("link", name="Mend and send again").click()
    phone.fill(seller_tax_id=HANGZHOU_SELLER)
    phone.save("receipt-save")
    phone.wait_synced()
    assert len(server.find("receipt", seller_name="Refused shop")) == 1


def test_a_record_over_which_the_server_always_fails_holds_up_no_other(phone: Phone, server: RunningServer) -> None:
    """T6"""
    failed: list[str] = []

    def fail(route: Route) -> None:
        sent = route.request.post_data_buffer or b""
        text = (gzip.decompress(sent) if sent[:2] == b"\x1f\x8b" else sent).decode()
        if broken not in text:
            return route.continue_()
        failed.append(text)
        headers = {"Fieldclaim-Protocol": "1"}
        return route.fulfill(status=500, headers=headers, json={"code": "server_error"})

    server.kill()
    first, *others = put_receipts(phone, server, 51)
    broken = others.pop(20)
    phone.page.context.route("**/api/sync/push", fail)
    phone.open()
    server.start()
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    phone.page.get_by_test_id("state-attention").wait_for(timeout=30_000)
    assert {item["id"] for item in server.find("receipt")} == {first, *others}
    assert exported(phone)["record_id"] == broken
    before = len(failed)
    phone.tap("outbox-retry")
    until = time.monotonic() + 20
    while len(failed) == before:
        assert time.monotonic() < until, "it was not sent again"
        phone.page.wait_for_timeout(100)
    phone.page.context.unroute("**/api/sync/push")
    phone.wait_synced()
    assert len(server.find("receipt", id=broken)) == 1


def exported(phone: Phone) -> dict[str, Any]:
    """Press the export of the first change that needs the person. Gives what the file holds."""
    with phone.page.expect_download() as download:
        phone.page.get_by_role("button", name="Export").first.click()
    return dict(json.loads(download.value.path().read_text(encoding="utf-8")))


def test_a_refused_record_is_discarded_only_when_the_person_says_so_twice(phone: Phone, server: RunningServer) -> None:
    """T6"""
    log_receipt(phone, seller_tax_id="9" * 40)
    phone.tap("nav-outbox")
    phone.page.get_by_test_id("state-attention").wait_for(timeout=30_000)
    phone.tap("outbox-discard")
    assert phone.sees("outbox-item") == 1
    phone.tap("outbox-discard")
    phone.page.get_by_test_id("outbox-item").wait_for(state="detached")


def test_a_captive_portals_page_acknowledges_nothing(phone: Phone, server: RunningServer) -> None:
    """T8"""
    portal = "**/api/**"
    phone.page.context.route(
        portal, lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Pay here")
    )
    log_receipt(phone)
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    phone.page.get_by_text("No network").first.wait_for()
    assert phone.sees("outbox-item") == 1
    phone.page.context.unroute(portal)
    phone.wait_synced()
    assert applied(server, "receipt") == 1


def test_a_server_that_comes_back_is_found_without_a_reload(phone: Phone, server: RunningServer) -> None:
    """T9: it was away for an hour, and the phone waited as long as it ever does."""
    probes: list[str] = []
    phone.page.context.on(
        "request", lambda request: probes.append(request.url) if "/api/sync/" in request.url else None
    )
    clock = phone.page.clock
    clock.install()
    server.kill()
    log_receipt(phone)
    assert phone.page.evaluate("navigator.onLine")
    clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    probes.clear()
    for _ in range(60):
        clock.run_for(PROBE)
        phone.page.wait_for_timeout(60)
    assert 55 <= len(probes) <= 90, "it asks about once a minute: neither gives up nor hammers"
    server.start()
    clock.run_for(PROBE)
    until = time.monotonic() + 20
    while not server.find("receipt"):
        assert time.monotonic() < until, "the phone did not try again within a minute"
        phone.page.wait_for_timeout(100)


def test_an_outbox_that_the_first_version_wrote_still_drains(phone: Phone, server: RunningServer) -> None:
    """T12: the form of a stored change is a promise; this one is as the first version wrote it."""
    server.kill()
    [record_id] = put_receipts(phone, server, 1)
    phone.open()
    server.start()
    phone.wait_synced()
    assert [item["id"] for item in server.find("receipt")] == [record_id]


def put_receipts(phone: Phone, server: RunningServer, count: int) -> list[str]:
    """So many receipts in the outbox, in the form that the first version wrote. Gives their ids.

    The app sees them when it is opened anew.
    """
    user, trip = server.find("user", username="anna")[0], server.find("trip")[0]
    fields = {"trip_id": trip["id"], "category": "meal", "amount_minor": 900, "issued_on": str(TODAY)}
    rows = [
        {
            "schema": 1,
            "owner": user["id"],
            "change_id": new_id(),
            "entity": "receipt",
            "record_id": new_id(),
            "op": "create",
            "fields": fields,
            "base": {},
            "base_version": None,
            "made_at": "2026-11-24T08:00:00.000Z",
            "state": "waiting",
        }
        for _ in range(count)
    ]
    put(phone, "changes", rows)
    return [str(row["record_id"]) for row in rows]


def put(phone: Phone, table: str, rows: list[dict[str, Any]]) -> None:
    """Write rows into the phone's own store, as another version of the app would have."""
    script = """async ([table, rows]) => {
        const open = indexedDB.open('fieldclaim');
        const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
        const write = db.transaction(table, 'readwrite');
        for (const row of rows) write.objectStore(table).add(row);
        await new Promise((done) => { write.oncomplete = done; });
        db.close();
    }"""
    phone.page.evaluate(script, [table, rows])


def test_another_person_on_the_phone_never_sends_its_owners_work(phone: Phone, server: RunningServer) -> None:
    """T13"""
    server.kill()
    log_receipt(phone)
    phone.tap("nav-outbox")
    phone.tap("settings")
    phone.tap("sign-out")
    phone.page.get_by_test_id("sign-out-unsent").wait_for()
    phone.tap("sign-out")
    phone.page.get_by_test_id("login-submit").wait_for()
    assert "1 unsent records of another person" in phone.page.inner_text("main")
    server.start()
    phone.fill(username="bo", password=PASSWORD)
    phone.tap("login-submit")
    phone.page.get_by_test_id("nav-outbox").wait_for()
    phone.wait_synced()
    assert phone.sees("outbox-item") == 0
    assert server.find("receipt") == []
    phone.tap("settings")
    phone.tap("sign-out")
    phone.log_in("anna")
    phone.wait_synced()
    anna = server.find("user", username="anna")[0]
    assert [item["technician_id"] for item in server.find("receipt")] == [anna["id"]]


def test_all_synced_is_never_said_while_the_server_lacks_a_photo(phone: Phone, server: RunningServer) -> None:
    """T14"""
    data = noise(9, 1000)
    sha256 = hashlib.sha256(data).hexdigest()
    log_receipt(phone, data)
    phone.wait_synced()
    with server.engine.database.write() as connection:
        connection.execute(delete(stored_files))
    server.services.files.path(sha256).unlink()
    seen: list[list[str]] = []
    phone.page.context.on("response", lambda answer: seen.append(missing(answer)) if "manifest" in answer.url else None)
    phone.tap("sync-now")
    until = time.monotonic() + 60
    while not server.services.files.has(sha256):
        assert time.monotonic() < until, "the photo was not sent again"
        time.sleep(0.1)
    phone.wait_synced()
    assert server.services.files.is_whole(sha256)
    assert [sha256] in seen


def missing(answer: Any) -> list[str]:
    return list(json.loads(answer.text())["missing_attachments"])
