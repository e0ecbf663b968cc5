"""What broke for users of other systems in the records themselves (cases T15 to T22), in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Playwright, expect

from server.reports.figures import Period, spent
from sync.actor import SYSTEM
from tests.e2e.phone import Phone, receipt_photo
from tests.e2e.receipts import log_receipt, noise
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY, desk
from tests.server.world import HANGZHOU_SELLER, digital_number, qr_text

NewPhone = Callable[..., Phone]


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
