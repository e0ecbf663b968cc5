"""The main job, end to end: from a phone without signal to an approved reimbursement, in both languages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.phone import ARGUMENTS, Phone, chromium, receipt_photo, show
from tests.e2e.running import RunningServer
from tests.server.passwords import PASSWORD
from tests.server.world import HANGZHOU_SELLER, World, digital_number, qr_text

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()


def plan(world: World) -> None:
    """A trip that is under way, with its work order."""
    customer = world.create(world.dispatcher, "customer", name="Qiantang Pumps")
    where = {"customer_id": customer["id"], "name": "Pump house", "division_code": "330110"}
    site = world.create(world.dispatcher, "site", **where)
    job = {"customer_id": customer["id"], "site_id": site["id"], "technician_id": world.anna.id}
    order = world.create(world.dispatcher, "work_order", number="WO-7", problem="Main pump leaks", **job)
    stop = {"division_code": "330110", "site_id": site["id"]}
    stop |= {"arrive_on": str(TODAY - timedelta(2)), "leave_on": str(TODAY + timedelta(2))}
    world.create(
        world.dispatcher,
        "trip",
        technician_id=world.anna.id,
        purpose="Pump repair",
        home_division="310000",
        stops=[stop],
        work_order_ids=[order["id"]],
    )


def desk(playwright: Playwright, server: RunningServer, name: str, language: str) -> Page:
    browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
    page = browser.new_context(locale=language, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{server.address}/login")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_load_state()
    return page


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_from_a_phone_without_signal_to_an_approved_reimbursement(
    new_phone: Callable[..., Phone], playwright: Playwright, server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    plan(world)
    for person in world.people.values():
        world.update(person, "user", world.now("user", person.id), language=language)
    number, tool_number = digital_number("33"), digital_number("33")
    hotel = receipt_photo(qr_text(number, 32800, str(TODAY)), "HOTEL")
    shop = receipt_photo(qr_text(tool_number, 19900, str(TODAY)), "TOOL SHOP")

    phone = new_phone(locale)
    phone.page.get_by_test_id("login-submit").wait_for()
    phone.show(language, "01-login")
    phone.log_in()
    server.kill()
    phone.open()
    phone.page.get_by_test_id("trip").wait_for()
    phone.show(language, "02-today-without-network")

    phone.tap("nav-log")
    phone.show(language, "03-log")
    phone.tap("log-receipt")
    phone.attach(hotel)
    phone.wait_for("() => document.querySelector('[data-testid=field-fapiao_number]').value !== ''")
    assert phone.page.get_by_test_id("field-fapiao_number").input_value() == number
    assert phone.page.get_by_test_id("field-amount").input_value() == "328.00"
    phone.choose("category", "lodging")
    phone.fill(seller_name="Lakeside Hotel", seller_tax_id=HANGZHOU_SELLER)
    phone.show(language, "04-receipt-filled-from-its-qr")
    phone.tap("receipt-save")

    phone.page.get_by_test_id("receipt-item").first.wait_for()
    phone.tap("log-receipt")
    phone.attach(shop)
    phone.wait_for("() => document.querySelector('[data-testid=field-fapiao_number]').value !== ''")
    phone.choose("category", "tool")
    phone.fill(seller_name="Tool shop", seller_tax_id=HANGZHOU_SELLER)
    phone.tap("receipt-save")

    phone.page.get_by_test_id("receipt-item").nth(1).wait_for()
    phone.tap("log-tool")
    phone.fill(name="Torque wrench", quantity="1", price="199", serials="TW-1")
    phone.show(language, "05-tool")
    phone.tap("tool-save")

    phone.page.get_by_test_id("tool-left").wait_for()
    phone.tap("order-report")
    phone.fill(fault_cause="Worn seal", remedy="Seal replaced", customer_opinion="Satisfied")
    phone.tap("part-add")
    phone.page.get_by_test_id("field-part-0").fill("Mechanical seal")
    phone.sign()
    phone.page.wait_for_timeout(300)
    phone.show(language, "06-report")
    phone.tap("report-file")
    phone.page.get_by_test_id("sync-line").wait_for()

    phone.kill()
    phone.switch_on()
    phone.tap("nav-outbox")
    phone.page.get_by_test_id("outbox-item").nth(3).wait_for()
    phone.show(language, "07-outbox-after-the-browser-was-killed")
    assert phone.sees("outbox-photo") == 3

    server.start()
    phone.wait_synced()
    phone.show(language, "08-all-synced")
    assert len(server.find("receipt")) == 2
    assert [tool["name"] for tool in server.find("tool_purchase")] == ["Torque wrench"]
    assert [report["status"] for report in server.find("service_report")] == ["filed"]
    files = {item["sha256"]: item["status"] for item in server.find("attachment")}
    assert len(files) == 3
    assert {hashlib.sha256(photo).hexdigest() for photo in (hotel, shop)} <= set(files)
    assert set(files.values()) == {"stored"}
    assert all(server.services.files.is_whole(sha256) for sha256 in files)

    phone.tap("nav-claims")
    phone.tap("claim-new")
    phone.show(language, "09-claim-collected")
    phone.tap("claim-submit")
    phone.page.get_by_test_id("claim-submit").wait_for(state="detached")  # it leaves the form once it is kept
    phone.wait_synced()
    assert sorted(line["status"] for line in server.find("claim_line")) == ["blocked", "clear"]

    warehouse = desk(playwright, server, "wen", locale)
    show(warehouse, language, "10-warehouse")
    warehouse.goto(f"{server.address}/warehouse/expected")
    warehouse.fill("[name=serial_number] >> nth=0", "TW-1")
    warehouse.get_by_test_id("stock-in").click()
    warehouse.wait_for_load_state()
    show(warehouse, language, "11-label")

    finance = desk(playwright, server, "fei", locale)
    show(finance, language, "12-queue")
    finance.click("table a")
    finance.locator("article img").first.wait_for()
    finance.wait_for_load_state("networkidle")
    show(finance, language, "13-claim")
    finance.get_by_test_id("approve-clear").click()
    finance.wait_for_load_state()
    assert [line["status"] for line in server.find("claim_line")] == ["approved", "approved"]

    phone.wait_synced()
    phone.tap("nav-claims")
    phone.tap("claim-item")
    phone.page.get_by_test_id("status-approved").nth(1).wait_for()
    phone.show(language, "14-approved")
    for page in (warehouse, finance):
        browser = page.context.browser
        assert browser
        browser.close()
