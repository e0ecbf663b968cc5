"""What broke for users of other systems (cases T2 to T16), in a real browser against a real server."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Playwright, Route, expect
from sqlalchemy import delete, select

from server.attachments.records import stored_files
from server.reports.figures import Period, spent
from sync.actor import SYSTEM
from sync.change import new_id
from sync.tables import journal
from tests.e2e.phone import Phone, receipt_photo
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY, desk, plan
from tests.server.passwords import PASSWORD
from tests.server.world import HANGZHOU_SELLER, digital_number, qr_text

NewPhone = Callable[..., Phone]
PROBE = 60_000
"""The longest pause of a phone that looks for its server, in milliseconds."""


@pytest.fixture
def phone(new_phone: NewPhone, server: RunningServer) -> Phone:
    """A technician's phone that has signed in and synced."""
    plan(server.people())
    made = new_phone()
    made.log_in()
    return made


def log_receipt(phone: Phone, *photos: bytes, **fields: str) -> None:
    """Log a receipt by hand, with photos where there are any."""
    phone.open()
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.page.get_by_test_id("receipt-save").wait_for()
    if photos:
        phone.attach(*photos)
        phone.page.get_by_test_id("qr-said").wait_for()
        phone.page.wait_for_timeout(1200)
    phone.fill(**{"amount": "12.50", "seller_name": "Noodle shop", **fields})
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").first.wait_for()


def applied(server: RunningServer, entity: str) -> int:
    """How many creates of that kind the journal holds."""
    with server.engine.database.read() as connection:
        made = select(journal.c.seq).where(journal.c.entity == entity, journal.c.op == "create")
        return len(connection.execute(made).all())


def noise(seed: int, size: int) -> bytes:
    """A photo of about that many bytes: a JPEG with a long tail."""
    return receipt_photo(f"https://example.invalid/{seed}") + bytes(seed % 256 for _ in range(size))


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


def test_what_was_logged_offline_is_in_every_list_and_total_at_once(phone: Phone, server: RunningServer) -> None:
    """T15: also on screens that were never opened before."""
    server.kill()
    log_receipt(phone, amount="12.50", seller_name="Noodle shop")
    log_receipt(phone, amount="30.00", seller_name="Taxi")
    assert phone.sees("receipt-item") == 2
    phone.tap("nav-claims")
    phone.tap("claim-new")
    phone.page.get_by_test_id("claim-receipt").nth(1).wait_for()
    phone.page.get_by_text("Total").filter(has_text="42.50").wait_for()
    phone.tap("claim-submit")
    phone.page.get_by_test_id("claim-line").nth(1).wait_for()
    phone.tap("nav-claims")
    assert "42.50" in phone.page.get_by_test_id("claim-item").inner_text()
    phone.tap("nav-outbox")
    phone.page.get_by_test_id("outbox-item").first.wait_for()
    assert {"receipt", "claim", "claim_line"} == {
        item.get_attribute("data-entity") for item in phone.page.get_by_test_id("outbox-item").all()
    }
    server.start()
    phone.wait_synced()
    assert len(server.find("claim_line")) == 2


def test_a_receipt_of_half_past_midnight_keeps_its_date_everywhere(new_phone: NewPhone, server: RunningServer) -> None:
    """T16: of the first day of a month, sent the day after from another time zone."""
    world = server.people()
    trip = world.trip()
    stop = trip["stops"][0] | {"arrive_on": "2026-10-30", "leave_on": "2026-11-02"}
    world.update(world.dispatcher, "trip", trip, stops=[stop])
    world.report(trip)
    phone = new_phone()
    phone.page.clock.set_fixed_time("2026-10-31T16:30:00Z")  # 00:30 of the first of November in Shanghai
    phone.log_in()
    server.kill()
    number = digital_number("33")
    log_receipt(phone, noise(16, 1000), fapiao_number=number, seller_tax_id=HANGZHOU_SELLER)
    assert "2026-11-01" in phone.page.get_by_test_id("receipt-item").inner_text()
    phone.switch_off()
    server.start()
    phone.time_zone = "Asia/Kolkata"
    phone.switch_on()
    phone.page.clock.set_fixed_time("2026-11-01T18:45:00Z")  # 00:15 of the second where the phone is now
    phone.wait_synced()
    phone.tap("nav-log")
    assert "2026-11-01" in phone.page.get_by_test_id("receipt-item").inner_text()
    receipt = server.find("receipt")[0]
    assert receipt["issued_on"] == "2026-11-01"
    world.finish_readings()
    world.decide(world.lines(world.claim(trip, receipt))[0], "approved", "Looked at it")
    period = Period("2026-09", "2026-12", "CNY")
    months = server.engine.write(SYSTEM, lambda read: spent(read, period)[1])
    assert [(month.key, month.minor) for month in months] == [("2026-11", 1250)]


def test_edits_of_two_people_merge_or_are_shown_side_by_side_and_the_person_chooses(
    phone: Phone, server: RunningServer
) -> None:
    """T17"""
    world = server.people_known()
    first = server.find("work_order")[0]
    same = {name: first[name] for name in ("customer_id", "site_id", "technician_id")}
    second = world.create(world.dispatcher, "work_order", number="WO-8", problem="Fan is loud", **same)
    log_receipt(phone, note="first")
    phone.wait_synced()
    server.kill()
    phone.tap("nav-log")
    phone.tap("receipt-item")
    phone.fill(note="from the phone")
    phone.save("receipt-save")
    phone.tap("nav-today")
    orders = phone.page.get_by_test_id("work-order")
    for number in ("WO-7", "WO-8"):
        orders.filter(has_text=number).get_by_test_id("order-step").click()
        orders.filter(has_text=number).get_by_test_id("state-phone").wait_for()
    world.update(world.anna, "receipt", server.find("receipt")[0], note="from another device")
    world.update(world.dispatcher, "work_order", first, problem="The spare pump leaks, too")
    world.update(world.dispatcher, "work_order", second, status="cancelled")
    server.start()
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    phone.page.get_by_test_id("conflict-mine").nth(1).wait_for(timeout=30_000)
    assert [item.get_attribute("data-entity") for item in phone.page.get_by_test_id("outbox-item").all()] == [
        "receipt",
        "work_order",
    ]
    merged = world.now("work_order", first["id"])
    assert (merged["status"], merged["problem"]) == ("accepted", "The spare pump leaks, too")
    receipt, order = (item.inner_text() for item in phone.page.get_by_test_id("outbox-item").all())
    assert "from the phone" in receipt
    assert "from another device" in receipt
    assert "Accepted" in order
    assert "Cancelled" in order
    assert server.find("receipt")[0]["note"] == "from another device"
    phone.tap("conflict-mine")
    phone.tap("conflict-resolve")
    phone.page.get_by_test_id("conflict-mine").nth(1).wait_for(state="detached")
    phone.tap("conflict-resolve")  # theirs, unless the person says otherwise
    phone.wait_synced()
    assert server.find("receipt")[0]["note"] == "from the phone"
    assert world.now("work_order", second["id"])["status"] == "cancelled"
    phone.tap("nav-today")
    orders.filter(has_text="The spare pump leaks, too").get_by_text("Accepted").first.wait_for()


def test_a_lines_reason_is_the_same_on_the_phone_and_at_the_desk_in_both_languages(
    phone: Phone, server: RunningServer, playwright: Playwright
) -> None:
    """T22"""
    world = server.people_known()
    trip = world.trip()
    claim = world.claim(trip, world.receipt(trip))
    approver = desk(playwright, server, "fei", "en-US")
    english = "The service report of this trip is not filed yet."
    chinese = "这次出差的服务报告还没有归档。"
    approver.goto(f"{server.address}/finance/claims/{claim['id']}")
    expect(approver.locator("main")).to_contain_text(english)
    approver.locator("[name=language]").click()
    expect(approver.locator("main")).to_contain_text(chinese)
    phone.wait_synced()
    on_the_phone(phone, claim, english)
    phone.tap("nav-outbox")
    phone.tap("settings")
    phone.tap("language")
    on_the_phone(phone, claim, chinese)
    world.report(trip)
    approver.reload()
    expect(approver.locator("main")).not_to_contain_text(chinese)
    phone.wait_synced()
    phone.page.evaluate(f"location.hash = '#/claim/{claim['id']}'")
    phone.page.get_by_test_id("claim-line").wait_for()
    expect(phone.page.locator("main")).not_to_contain_text(chinese)
    browser = approver.context.browser
    assert browser
    browser.close()


def on_the_phone(phone: Phone, claim: dict[str, Any], words: str) -> None:
    """The claim's page on the phone says so."""
    phone.page.evaluate(f"location.hash = '#/claim/{claim['id']}'")
    expect(phone.page.get_by_test_id("claim-line")).to_contain_text(words)


def test_the_phone_warns_without_network_before_the_shop_is_left(phone: Phone, server: RunningServer) -> None:
    server.kill()
    number = digital_number("44")
    photo = receipt_photo(qr_text(number, 32800, str(TODAY)))
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.attach(photo)
    phone.page.get_by_test_id("finding-place_other_province").wait_for()
    assert "issued in Guangdong" in phone.page.get_by_test_id("warnings").inner_text()
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    phone.tap("log-receipt")
    phone.attach(photo)
    phone.page.get_by_test_id("finding-receipt_duplicate").wait_for()


def test_a_phone_that_was_shut_out_wipes_itself(phone: Phone, server: RunningServer) -> None:
    log_receipt(phone)
    phone.wait_synced()
    world = server.people_known()
    device = server.find("device", user_id=world.anna.id)[0]
    world.update(world.person("ada", "admin"), "device", device, status="revoked")
    phone.open()
    phone.page.get_by_test_id("login-submit").wait_for(timeout=45_000)
    assert "shut out" in phone.page.inner_text("main")
    assert phone.stored("records") == phone.stored("changes") == phone.stored("bytes") == []


def test_what_was_typed_survives_a_killed_browser(phone: Phone, server: RunningServer) -> None:
    phone.tap("order-report")
    phone.fill(fault_cause="A worn seal, seen at the", remedy="Replaced it")
    phone.page.wait_for_timeout(600)
    phone.kill()
    phone.switch_on()
    phone.tap("order-report")
    phone.page.get_by_test_id("report-file").wait_for()
    assert phone.page.get_by_test_id("field-fault_cause").input_value() == "A worn seal, seen at the"
