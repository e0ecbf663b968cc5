"""The warehouse's counter on a phone: a shift without network, and two counters at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.tools.naming import purchase_code
from sync.change import Record
from tests.e2e.phone import Phone, receipt_photo
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.server.world import World


def bought(world: World, *serials: str, quantity: int = 0) -> Record:
    """A tool bought on a trip and claimed: its line is blocked until it is back."""
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    fields = {"name": "Torque wrench", "quantity": quantity or len(serials), "unit_price_minor": 15000}
    where = {"trip_id": trip["id"], "receipt_id": receipt["id"]}
    purchase = world.create(world.anna, "tool_purchase", **fields, **where, serial_numbers=list(serials))
    world.claim(trip, receipt)
    return purchase


def at_the_counter(new_phone: Callable[..., Phone], locale: str = "en-US", *more_arguments: str) -> Phone:
    """A phone in the warehouse, with all that the server has on it."""
    phone = new_phone(locale, *more_arguments, is_whole=bool(more_arguments))
    phone.log_in("wen", sees="scan")
    phone.wait_synced()
    phone.tap("nav-counter")
    return phone


def scan(phone: Phone, code: str) -> None:
    """A keyboard wedge: the keys of the code, then Enter, all within a blink, whatever has the focus."""
    phone.page.get_by_test_id("scan").wait_for()
    burst = """(keys) => keys.forEach((key) => document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true})))"""
    phone.page.evaluate(burst, [*code, "Enter"])


def type_code(phone: Phone, code: str) -> None:
    """Fingers: into the field, then Enter."""
    phone.page.get_by_test_id("scan").fill(code)
    phone.page.keyboard.press("Enter")


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_a_shift_at_the_counter_without_network(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    purchase = bought(world, "TW-1", "TW-2")
    for person in world.people.values():
        world.update(person, "user", world.now("user", person.id), language=language)
    phone = at_the_counter(new_phone, locale)
    server.kill()
    phone.open()
    phone.page.get_by_test_id("scan").wait_for()
    phone.show(language, "20-counter-without-network")
    phone.tap("nav-expected")
    phone.page.get_by_test_id("expected-item").wait_for()
    phone.show(language, "21-expected")

    phone.tap("nav-counter")
    scan(phone, purchase_code(purchase["id"]))
    phone.page.get_by_test_id("stock-add-all").wait_for()
    scan(phone, "tw-1")
    phone.page.get_by_test_id("stock-row").wait_for()
    type_code(phone, "TW-2")
    phone.page.get_by_test_id("stock-row").nth(1).wait_for()
    type_code(phone, "TW-9")
    phone.page.get_by_test_id("warning-more_than_bought").wait_for()
    phone.page.get_by_test_id("warning-serial_unexpected").wait_for()
    phone.show(language, "22-stock-in-one-too-many")
    phone.page.get_by_test_id("stock-remove").nth(2).click()
    phone.choose("condition-1", "worn")
    phone.attach(receipt_photo("TW-1", "TORQUE WRENCH"))
    phone.fill(shelf="a-03")
    phone.show(language, "23-stock-in")
    phone.tap("stock-save")
    phone.page.get_by_test_id("unit-item").nth(1).wait_for()
    phone.show(language, "24-done-on-this-phone")

    phone.kill()
    phone.switch_on()
    phone.page.get_by_test_id("unit-item").nth(1).wait_for()
    server.start()
    phone.wait_synced()
    units = server.find("tool_unit", tool_purchase_id=purchase["id"])
    assert [(unit["serial_number"], unit["shelf"], unit["status"]) for unit in units] == [
        ("TW-1", "A-03", "stocked_in"),
        ("TW-2", "A-03", "stocked_in"),
    ]
    assert [unit["condition"] for unit in units] == ["worn", "good"]
    assert [item["status"] for item in server.find("attachment", sha256=units[0]["attachments"][0])] == ["stored"]
    assert {line["status"] for line in server.find("claim_line")} == {"clear"}

    phone.tap("nav-tools")
    phone.page.get_by_test_id("unit-item").nth(1).wait_for()
    phone.show(language, "25-tools")


def test_two_counters_take_the_same_tool_without_network(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    purchase = bought(world, "TW-1", quantity=2)
    first, second = at_the_counter(new_phone), at_the_counter(new_phone)
    server.kill()
    for phone in (first, second):
        scan(phone, "TW-1")
        phone.page.get_by_test_id("stock-row").wait_for()
        phone.tap("stock-save")
        phone.page.get_by_test_id("unit-item").wait_for()
    second.page.context.set_offline(True)  # else it may find the server before the first one does
    server.start()
    first.wait_synced()
    second.page.context.set_offline(False)
    second.tap("nav-outbox")
    second.tap("sync-now")
    second.page.get_by_test_id("state-attention").wait_for()
    item = second.page.get_by_test_id("outbox-item")
    assert "TW-1 is stocked in already" in item.inner_text()
    second.show("en", "26-two-counters")

    item.get_by_role("link").click()
    second.page.get_by_test_id("mend").wait_for()
    second.page.get_by_test_id("warning-serial_taken").wait_for()
    second.show("en", "27-put-right")
    second.fill(serial="TW-2")
    second.save("mend-save")
    second.wait_synced()
    units = server.find("tool_unit", tool_purchase_id=purchase["id"], status="stocked_in")
    assert [unit["serial_number"] for unit in units] == ["TW-1", "TW-2"]


def test_a_tool_is_given_out_taken_back_and_counted_without_network(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    trip = world.trip()
    tool = {"origin": "owned", "name": "Vibration meter", "model": "VB-7", "shelf": "A-1"}
    meter, other = (world.create(world.warehouse, "tool_unit", **tool, serial_number=f"VB-{at}") for at in (1, 2))
    phone = at_the_counter(new_phone)
    server.kill()
    scan(phone, meter["label"])
    phone.tap("unit-issue")
    phone.page.get_by_test_id("issue-unit").wait_for()
    phone.choose("technician", world.anna.id)
    phone.choose("trip", trip["id"])
    phone.show("en", "28-issue")
    phone.save("issue-save")
    phone.tap("nav-expected")
    phone.page.get_by_test_id("issue-item").wait_for()
    phone.show("en", "29-out")

    phone.tap("nav-counter")
    scan(phone, "vb 1")
    phone.page.get_by_test_id("take-back").wait_for()
    phone.fill(shelf="b-2")
    phone.show("en", "30-take-back")
    phone.save("take-back-save")

    phone.tap("nav-tools")
    phone.tap("count")
    phone.fill(shelf="a-1")
    scan(phone, meter["label"])
    phone.page.get_by_test_id("count-undo").wait_for()
    phone.tap("count-scanned")
    phone.page.get_by_test_id("difference-missing").wait_for()
    phone.choose(f"step-{meter['label']}", "here")
    phone.page.get_by_test_id(f"field-reason-{meter['label']}").fill("Put back on its old shelf")
    phone.page.get_by_test_id(f"field-reason-{other['label']}").fill("With the repairer, back on Monday")
    phone.show("en", "31-count")
    phone.tap("count-close")
    phone.page.get_by_test_id("count-close").wait_for(state="detached")

    server.start()
    phone.wait_synced()
    (issue,) = server.find("tool_issue")
    assert (issue["technician_id"], issue["status"], issue["returned_shelf"]) == (world.anna.id, "returned", "B-2")
    (count,) = server.find("stock_count")
    assert (count["shelf"], count["status"]) == ("A-1", "closed")
    assert [item["difference"] for item in count["differences"]] == ["misplaced", "missing"]
    assert [unit["shelf"] for unit in server.find("tool_unit")] == ["A-1", "A-1"]


def test_what_is_wrong_is_refused_kept_repaired_and_a_count_is_put_right(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    purchase = bought(world, "TW-1")
    tool = {"origin": "owned", "name": "Vibration meter", "model": "VB-7", "shelf": "A-1"}
    meter = world.create(world.warehouse, "tool_unit", **tool)
    phone = at_the_counter(new_phone)
    server.kill()
    scan(phone, "TW-1")
    phone.page.get_by_test_id("stock-row").wait_for()
    phone.page.get_by_test_id("refusal").locator("summary").click()
    phone.tap("refuse")
    phone.page.get_by_role("alert").wait_for()
    phone.tap("stock-reason_wrong")
    phone.tap("refuse")
    phone.page.get_by_test_id("status-refused").wait_for()

    scan(phone, "XX-77")
    phone.page.get_by_test_id("not-found").wait_for()
    phone.tap("take-in")
    phone.page.get_by_test_id("take-in-save").wait_for()
    assert phone.page.get_by_test_id("field-serial").input_value() == "XX-77"
    phone.fill(name="Pipe wrench", shelf="c-9")
    phone.tap("take-in-save")
    phone.page.get_by_test_id("unit-item").nth(2).wait_for()

    phone.tap("nav-tools")
    phone.tap("count")
    phone.fill(shelf="A-1")
    scan(phone, meter["label"])
    phone.tap("count-scanned")
    phone.tap("count-close")  # all agrees, as far as this phone knows
    phone.page.get_by_test_id("count-close").wait_for(state="detached")

    new = world.create(world.warehouse, "tool_unit", **tool)  # meanwhile, at the desk
    server.start()
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    item = phone.page.locator("[data-testid=outbox-item][data-entity=stock_count]")
    item.get_by_role("link").click()
    phone.page.get_by_test_id("difference-missing").wait_for()
    phone.page.get_by_test_id(f"field-reason-{new['label']}").fill("Stocked in while the shelf was counted")
    phone.tap("count-close")
    phone.page.get_by_test_id("count-close").wait_for(state="detached")
    phone.wait_synced()
    assert [count["status"] for count in server.find("stock_count")] == ["closed"]
    (refused,) = server.find("tool_unit", tool_purchase_id=purchase["id"])
    assert (refused["status"], refused["reason"]) == ("refused", "Not the tool that was bought")
    (kept,) = server.find("tool_unit", name="Pipe wrench")
    assert (kept["origin"], kept["serial_number"], kept["shelf"]) == ("found", "XX-77", "C-9")

    phone.tap("nav-counter")
    scan(phone, meter["label"])
    phone.page.get_by_test_id("step-in_repair").locator("summary").click()
    phone.page.get_by_test_id("field-reason-in_repair").fill("Sensor is loose")
    phone.tap("step-in_repair-save")
    phone.page.get_by_test_id("scan").wait_for()
    scan(phone, meter["label"])
    phone.page.get_by_test_id("shelve-save").wait_for()
    phone.choose("condition", "worn")
    phone.tap("shelve-save")
    phone.wait_synced()
    (mended,) = server.find("tool_unit", id=meter["id"])
    assert (mended["status"], mended["condition"], mended["reason"]) == ("stocked_in", "worn", "")


def test_the_counter_can_be_used_by_everybody(new_phone: Callable[..., Phone], server: RunningServer) -> None:
    world = server.people()
    purchase = bought(world, "TW-1", "TW-2")
    world.update(world.warehouse, "user", world.now("user", world.warehouse.id), language="zh-Hans")
    tool = {"origin": "owned", "name": "测振仪", "model": "VB-7", "shelf": "A-1"}
    here, out, gone = (world.create(world.warehouse, "tool_unit", **tool) for _ in range(3))
    world.create(
        world.warehouse, "tool_issue", tool_unit_id=out["id"], technician_id=world.anna.id, due_on="2099-01-31"
    )
    world.update(world.warehouse, "tool_unit", gone, status="lost", reason="盘点未见")
    phone = at_the_counter(new_phone, "zh-CN")
    found = {}
    for scheme in ("light", "dark"):
        phone.page.emulate_media(color_scheme=scheme)
        for screen in (
            "counter",
            "expected",
            "tools",
            f"stock/{purchase['id']}/TW-2",
            f"unit/{here['id']}",
            f"unit/{out['id']}",
            f"unit/{gone['id']}",
            "take-in/found",
            f"issue/{here['id']}",
            "count",
        ):
            phone.page.evaluate("screen => { location.hash = `#/${screen}`; }", screen)
            phone.page.locator(f"main[data-screen={screen.split('/')[0]}] h1").wait_for()
            phone.page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
            phone.page.wait_for_timeout(150)
            found[f"{screen} {scheme}"] = violations(phone.page)
            phone.show(f"counter-{scheme}", screen.replace("/", "-").replace(here["id"], "here"))
            assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390, f"{screen} is too wide"
    assert {screen: items for screen, items in found.items() if items} == {}


def test_a_technician_sees_without_network_what_the_company_owns_and_what_is_due_back(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    bought(world, "TW-1")
    tool = {"origin": "owned", "name": "Vibration meter", "model": "VB-7", "shelf": "A-1"}
    units = [world.create(world.warehouse, "tool_unit", **tool, serial_number=f"VB-{at}") for at in range(3)]
    for unit, due_on in zip(units, ("2099-01-31", "2026-01-31"), strict=False):
        world.as_system(
            "create", "tool_issue", tool_unit_id=unit["id"], technician_id=world.anna.id, due_on=due_on, status="out"
        )
    phone = new_phone()
    phone.log_in("anna")
    phone.wait_synced()
    server.kill()
    phone.open()
    issued = phone.page.get_by_test_id("tool-issued")
    issued.nth(1).wait_for()
    assert "Overdue, was due back by 2026-01-31" in issued.nth(0).inner_text()
    assert "Due back by 2099-01-31" in issued.nth(1).inner_text()
    phone.page.get_by_test_id("tool-code").locator("summary").click()
    phone.page.get_by_test_id("code").locator("path[d^=M]").wait_for(state="attached")
    assert violations(phone.page) == []
    phone.show("en", "33-own-tools")

    phone.tap("nav-log")
    phone.tap("log-tool")
    phone.fill(name="vibration metre")
    owned = phone.page.get_by_test_id("owned")
    owned.wait_for()
    assert "3 in all: 1 on a shelf, 2 out" in owned.inner_text()
    assert "A-1 × 1" in owned.inner_text()
    assert violations(phone.page) == []
    phone.show("en", "34-owned-already")

    phone.tap("nav-today")
    issued.nth(1).wait_for()
    card = issued.nth(0)
    card.get_by_test_id("loss").locator("summary").click()
    card.get_by_test_id("field-loss-reason").fill("Fell into the pump sump")
    card.get_by_test_id("loss-save").click()
    issued.nth(1).wait_for(state="detached")
    card = phone.page.get_by_test_id("tool-left")
    card.get_by_test_id("loss").locator("summary").click()
    card.get_by_test_id("field-loss-reason").fill("Stolen from the van")
    card.get_by_test_id("loss-save").click()
    phone.page.get_by_test_id("tool-lost").wait_for()
    server.start()
    phone.wait_synced()
    assert {unit["reason"] for unit in server.find("tool_unit", status="lost")} == {
        "Fell into the pump sump",
        "Stolen from the van",
    }
