"""The bell on the phone: read, opened and marked without network, on the road and at the counter."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.notices.reminders import remind
from sync.actor import SYSTEM
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations


@pytest.mark.parametrize(
    ("language", "locale", "words"),
    [("en", "en-US", "came back for repair: Too dark"), ("zh-Hans", "zh-CN", "被退回，请补正：Too dark")],
)
def test_a_notice_is_read_and_opened_without_network(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str, words: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    world.decide(world.lines(claim)[0], "returned", "Too dark")
    world.create(world.finance, "comment", claim_id=claim["id"], text="One more thing")
    phone = new_phone(locale)
    phone.log_in()
    phone.page.get_by_test_id("bell").get_by_text("2").wait_for()
    server.kill()
    phone.tap("bell")
    returned = phone.page.get_by_test_id("notice").filter(has_text=words)
    returned.wait_for()
    assert phone.page.get_by_test_id("notice").first.inner_text().endswith(("Unread", "未读"))
    phone.show(language, "notices")
    assert violations(phone.page) == []
    returned.click()
    phone.page.locator("main[data-screen=claim]").wait_for()
    assert phone.page.url.endswith(claim["id"])
    phone.tap("nav-today")
    phone.page.get_by_test_id("bell").get_by_text("1").wait_for()
    phone.show(language, "bell")
    phone.tap("bell")
    phone.tap("all-read")
    phone.page.get_by_test_id("all-read").wait_for(state="detached")
    server.start()
    phone.wait_synced()
    assert [notice["is_read"] for notice in server.find("notice", person_id=world.anna.id)] == [True, True]


def test_the_counter_hears_of_a_tool_that_is_late(new_phone: Callable[..., Phone], server: RunningServer) -> None:
    world = server.people()
    unit = world.create(world.warehouse, "tool_unit", origin="owned", name="Gauge", shelf="A-1")
    out = {"tool_unit_id": unit["id"], "technician_id": world.anna.id, "due_on": server.services.today().isoformat()}
    issue = world.create(world.warehouse, "tool_issue", **out)
    server.engine.write(SYSTEM, lambda write: write.update("tool_issue", issue, {"due_on": "2026-01-05"}))
    remind(server.services)
    phone = new_phone()
    phone.log_in("wen", sees="scan")
    phone.page.get_by_test_id("bell").get_by_text("1").wait_for()
    phone.tap("bell")
    phone.page.get_by_test_id("notice").filter(has_text="Gauge").click()
    phone.page.locator("main[data-screen=unit]").wait_for()
    assert phone.page.url.endswith(unit["id"])
