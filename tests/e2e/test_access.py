"""Accessibility: axe-core finds nothing on any screen of the phone and on any desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, Playwright

from server.notices.reminders import remind
from sync.change import Record
from tests.e2e.phone import ARGUMENTS, Phone, chromium, show
from tests.e2e.running import RunningServer
from tests.e2e.test_story import desk, plan
from tests.server.passwords import PASSWORD
from tests.server.world import SHENZHEN_SELLER, World, digital_number

AXE = Path(__file__).parents[2] / "static" / "node_modules" / "axe-core" / "axe.min.js"
Sizes = tuple[tuple[int, int], ...]
SIZES: Sizes = ((390, 844), (1280, 900))
SCREENS_OF_PHONE = (
    "today",
    "log",
    "receipt",
    "tool",
    "report",
    "survey",
    "claims",
    "claim",
    "outbox",
    "settings",
    "notices",
)
DESKS = {
    "fei": (
        "/finance/",
        "/finance/?status=all",
        "/finance/?status=all&by=claim",
        "/finance/dashboard",
        "/finance/comments",
        "/payments/",
        "/payments/batches",
        "/payments/accounts",
        "/payments/layout",
        "/payments/account",
        "/payments/outgoing",
        "/notices",
        "/notices/choices",
    ),
    "wen": (
        "/warehouse/",
        "/warehouse/expected",
        "/warehouse/units",
        "/warehouse/issues",
        "/warehouse/calibration",
        "/warehouse/counts",
    ),
    "ming": ("/warehouse/units?status=lost", "/finance/waivers", "/finance/waivers/report"),
    "dan": ("/dispatch/", "/dispatch/customers", "/dispatch/trips/new", "/dispatch/reports"),
    "ada": ("/admin/",),
}


def violations(page: Page, only: str = "") -> list[str]:
    """What axe-core finds by all its rules or only one, each with its first place."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    options = {"resultTypes": ["violations"]} | ({"runOnly": [only]} if only else {})
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in found["violations"]]


def in_both_schemes(page: Page, folder: str, name: str, sizes: Sizes = SIZES) -> list[str]:
    """What axe-core finds on a page by day and by night, where only the colours differ."""
    page.emulate_media(color_scheme="light")
    found = violations(page)
    look(page, f"{folder}-light", name, sizes)
    page.emulate_media(color_scheme="dark")
    look(page, f"{folder}-dark", name, sizes)
    return found + violations(page, only="color-contrast")


def look(page: Page, folder: str, name: str, sizes: Sizes = SIZES) -> None:
    """See that a page is no wider than its window, and keep its picture where pictures are wanted."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
        show(page, folder, f"{name}-{width}")


def tool_room(world: World, unit: Record) -> tuple[str, ...]:
    """Pages of a warehouse in the middle of its work: a list at the counter, a count with a difference."""
    dated = {"calibrated_on": "2026-01-01", "calibration_days": 300}
    gauge = world.create(world.warehouse, "tool_unit", origin="owned", name="Gauge", shelf="A-1", **dated)
    lamp = world.create(world.warehouse, "tool_unit", origin="found", name="Lamp", shelf="A-1")
    out = {"tool_unit_id": lamp["id"], "technician_id": world.anna.id, "due_on": "2098-01-01"}
    world.create(world.warehouse, "tool_issue", **out)
    count = world.create(world.warehouse, "stock_count", shelf="A-1", counted=["X-1", lamp["label"]])
    codes = f"code={gauge['label']}&code={lamp['label']}&code=UNKNOWN-1"
    return (
        f"/warehouse/units/{unit['id']}",
        f"/warehouse/units/{lamp['id']}",
        f"/warehouse/counts/{count['id']}",
        f"/warehouse/?{codes}",
    )


def test_the_phone_can_be_used_by_everybody(new_phone: Callable[..., Phone], server: RunningServer) -> None:
    world = server.people()
    plan(world)
    lent = world.create(world.warehouse, "tool_unit", origin="owned", name="Gauge", shelf="A-1")
    out = {"tool_unit_id": lent["id"], "technician_id": world.anna.id, "due_on": server.services.today().isoformat()}
    world.create(world.warehouse, "tool_issue", **out)
    remind(server.services)
    phone = new_phone()
    phone.page.get_by_test_id("login-submit").wait_for()
    found = {"login": in_both_schemes(phone.page, "phone", "login", SIZES[:1])}
    phone.log_in()
    for screen in SCREENS_OF_PHONE:
        phone.page.evaluate(f"location.hash = '#/{screen}'")
        phone.page.locator(f"main[data-screen={screen}] h1").wait_for()
        found[screen] = in_both_schemes(phone.page, "phone", screen, SIZES[:1])
    assert {screen: items for screen, items in found.items() if items} == {}


def test_the_desks_can_be_used_by_everybody(playwright: Playwright, server: RunningServer) -> None:
    world = server.people()
    plan(world)
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt, quantity=2, price=15000)
    claim = world.claim(trip, receipt, world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95")))
    world.create(world.anna, "comment", claim_id=claim["id"], text="It came back today, @fei")
    blocked = {"claim_line_id": world.lines(claim)[1]["id"], "finding_code": "place_mismatch"}
    waiver = world.create(world.anna, "waiver", **blocked, request="Billed by the head office")
    unit = world.stock_in(purchase, "TW-1")
    world.account(world.anna)
    batch = world.export(world.batch(*world.approved(30000)))
    report = server.find("service_report")[0]
    more = {
        "fei": (
            f"/finance/claims/{claim['id']}",
            f"/finance/claims/{claim['id']}/print",
            f"/finance/claims/{claim['id']}/trip",
            "/finance/approve?all=1",
            f"/payments/batches/{batch['id']}",
        ),
        "wen": tool_room(world, unit),
        "ming": (f"/warehouse/units/{unit['id']}", f"/finance/waivers/{waiver['id']}"),
        "dan": (f"/dispatch/reports/{report['id']}",),
    }
    found: dict[str, list[str]] = {}
    for name, paths in DESKS.items():
        page = desk(playwright, server, name, "en-US")
        for path in (*paths, *more.get(name, ())):
            page.goto(server.address + path)
            found[path] = in_both_schemes(page, "desk", path.strip("/").replace("/", "-").replace("?", "-")[:80])
        browser = page.context.browser
        assert browser
        browser.close()
    assert {path: items for path, items in found.items() if items} == {}


def test_the_sign_in_page_of_the_desks_can_be_used_by_everybody(playwright: Playwright, server: RunningServer) -> None:
    browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
    page = browser.new_page()
    page.goto(f"{server.address}/login")
    assert violations(page) == []
    browser.close()


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "zh-Hans")])
def test_the_second_factor_can_be_set_up_and_used_by_everybody(
    playwright: Playwright, server: RunningServer, scheme: Any, language: str
) -> None:
    world = server.people()
    world.update(world.manager, "user", world.now("user", world.manager.id), language=language)
    page = desk(playwright, server, "ming", language)
    page.emulate_media(color_scheme=scheme)
    found: dict[str, list[str]] = {}

    def see(name: str) -> None:
        page.locator("h1").wait_for()
        found[name] = violations(page)
        look(page, f"factor-{language}", name)

    page.goto(f"{server.address}/account/second-factor")
    see("none")
    page.click("main button.primary")
    see("set-up")
    totp = pyotp.TOTP(page.get_by_test_id("secret").inner_text().replace(" ", ""))
    page.fill("[name=code]", totp.now())
    page.click("main button.primary")
    page.get_by_test_id("codes").wait_for()
    see("codes")
    recovery = page.locator(".recovery code").first.inner_text()
    page.click("main a.primary")
    see("own")
    page.locator("form[action='/logout'] button").click()
    page.fill("[name=username]", "ming")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.locator("input[autocomplete=one-time-code]").wait_for()
    see("code")
    page.fill("[name=code]", recovery)
    page.click("main button.primary")
    page.wait_for_url("**/finance/")
    browser = page.context.browser
    assert browser
    browser.close()
    assert {name: items for name, items in found.items() if items} == {}
