"""The counter with a keyboard-wedge scanner: codes come faster than answers, and Enter is all that a hand does."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Playwright

from server.tools.naming import purchase_code
from sync.change import Record
from tests.e2e.phone import show
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY, desk, plan
from tests.server.world import World


def tools(world: World, server: RunningServer) -> tuple[Record, list[Record]]:
    """Two tools expected back, and three of the company's own that Anna has."""
    trip = server.find("trip")[0]
    purchase = world.tool(trip, world.receipt(trip, category="tool"), quantity=3)
    names = ("Gauge", "Lamp", "Puller")
    owned = [
        world.create(world.warehouse, "tool_unit", origin="owned", name=name, shelf="A-1", serial_number=f"SN-{name}")
        for name in names
    ]
    for unit in owned:
        given = {"tool_unit_id": unit["id"], "technician_id": world.anna.id, "due_on": str(TODAY)}
        world.create(world.warehouse, "tool_issue", **given)
    return purchase, owned


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_a_scanner_that_is_faster_than_the_server_loses_nothing(
    playwright: Playwright, server: RunningServer, language: str, locale: Any
) -> None:
    world = server.people()
    plan(world)
    world.update(world.warehouse, "user", world.now("user", world.warehouse.id), language=language)
    purchase, owned = tools(world, server)
    page = desk(playwright, server, "wen", locale)
    page.set_default_timeout(15_000)
    page.locator("#code").wait_for()
    page.wait_for_load_state()  # a scan before the page has loaded is a form sent by the browser itself
    show(page, f"warehouse-{language}", "1-counter")
    codes = [purchase_code(purchase["id"])] * 2 + ["sn gauge", owned[1]["label"], "SN-GAUGE", "NOBODY-KNOWS"]
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    page.get_by_test_id("row").nth(3).wait_for()
    page.wait_for_load_state("networkidle")
    assert page.get_by_test_id("row").count() == 4
    assert page.locator("[name=quantity-0]").input_value() == "2"
    assert page.evaluate("document.activeElement.id") == "code"
    assert "NOBODY-KNOWS" in page.locator("#said").inner_text()
    assert page.locator("#said").get_attribute("role") == "alert"
    show(page, f"warehouse-{language}", "2-scanned")
    page.locator("[name=action-3]").select_option("found_tool")
    page.locator("[name=name-3]").fill("Torch")
    page.locator("[name=shelf-0]").fill("B-2")
    page.locator("#code").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.testid") == "confirm"
    page.keyboard.press("Enter")
    page.get_by_test_id("finished").wait_for()
    show(page, f"warehouse-{language}", "3-confirmed")
    assert len(server.find("tool_unit", tool_purchase_id=purchase["id"], status="stocked_in", shelf="B-2")) == 2
    assert [item["status"] for item in server.find("tool_issue")].count("returned") == 2
    page.get_by_test_id("undo").click()
    page.wait_for_load_state()
    assert server.find("tool_unit", tool_purchase_id=purchase["id"], status="stocked_in") == []
    assert [item["status"] for item in server.find("tool_issue")].count("out") == 3

    server.kill()
    page.keyboard.type("SN-LAMP")
    page.keyboard.press("Enter")
    page.locator("#said.bad").wait_for()
    server.start()
    page.keyboard.press("Enter")
    page.get_by_test_id("row").wait_for()
    assert "Lamp" in page.get_by_test_id("row").inner_text()
    for name, path in (
        ("4-unit", f"units/{owned[0]['id']}"),
        ("5-units", "units"),
        ("6-issues", "issues"),
        ("7-expected", "expected"),
        ("8-calibration", "calibration"),
        ("9-counts", "counts"),
    ):
        page.goto(f"{server.address}/warehouse/{path}")
        show(page, f"warehouse-{language}", name)
    page.fill("[name=shelf]", "A-1")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.locator("#scan #code:focus").wait_for()
    for code in ("SN-GAUGE", "X-1", "SN-GAUGE"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    page.locator("#counted li").nth(1).wait_for()
    assert server.find("stock_count")[0]["counted"] == ["SN-GAUGE", "X-1"]
    show(page, f"warehouse-{language}", "10-count")
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, f"warehouse-{language}", "11-count-narrow")
    page.goto(f"{server.address}/warehouse/?code=SN-LAMP")
    show(page, f"warehouse-{language}", "12-counter-narrow")
    browser = page.context.browser
    assert browser
    browser.close()
