"""The bell on the phone: read, opened and marked without network, on the road and at the counter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.notices.pusher import send_waiting
from server.notices.reminders import remind
from sync.actor import SYSTEM
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.server.notices.push_service import push_service


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


@pytest.mark.parametrize(("language", "locale"), [("en", "en-US"), ("zh-Hans", "zh-CN")])
def test_what_a_person_chooses_is_kept_without_network(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    phone = new_phone(locale)
    phone.log_in(sees="nav-log")
    server.kill()
    open_choices(phone)
    phone.show(language, "notice-choices")
    assert violations(phone.page) == []
    phone.tap("push_kinds-commented")
    phone.tap("mail_kinds-claim_paid")
    phone.tap("choices-save")
    phone.page.locator("#mail_address-error").wait_for()
    phone.fill(mail_address="anna@example.com", quiet_from="22:00", quiet_until="07:00")
    phone.tap("choices-save")
    phone.page.get_by_test_id("choices-kept").wait_for()
    server.start()
    phone.wait_synced()
    (kept,) = server.find("notice_choice", owner_id=world.anna.id)
    assert (kept["mail_kinds"], kept["quiet_from"], kept["quiet_until"]) == (["claim_paid"], "22:00", "07:00")
    assert "commented" not in kept["push_kinds"]
    open_choices(phone)
    assert not phone.page.get_by_test_id("push_kinds-commented").is_checked()
    phone.tap("push_kinds-commented")
    phone.tap("choices-save")
    phone.page.get_by_test_id("choices-kept").wait_for()
    phone.wait_synced()
    assert "commented" in server.find("notice_choice", owner_id=world.anna.id)[0]["push_kinds"]


SUBSCRIBES = """(given) => {
    const end = async () => { window.ended = true; };
    const subscription = { options: {}, unsubscribe: end, toJSON: () => ({ endpoint: given.endpoint, keys: given }) };
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async () => subscription;
}"""
"""The browser's own push service is on the internet: here it is on this machine, and the rest is the browser's."""


def test_a_push_lights_up_the_phone_and_opens_what_it_tells_of(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    phone = new_phone(is_whole=True)
    phone.log_in(sees="nav-log")
    assert phone.context
    phone.context.grant_permissions(["notifications"], origin=server.address)
    open_choices(phone)
    phone.page.evaluate("() => { PushManager.prototype.subscribe = async () => { throw new Error('not reached') } }")
    phone.tap("alerts-turn-on")
    phone.page.get_by_test_id("alerts-failed").wait_for()
    with push_service() as push:
        phone.page.evaluate(SUBSCRIBES, push.phone.given | {"endpoint": push.endpoint()})
        phone.tap("alerts-turn-on")
        phone.page.get_by_test_id("alerts-on").wait_for()
        phone.show("en", "notice-choices-on")
        trip = world.trip()
        claim = world.claim(trip, world.receipt(trip))
        world.create(world.finance, "comment", claim_id=claim["id"], text="Which hotel?")
        assert send_waiting(server.services) == 1
        deliver(phone, push.phone.open(push.came[0][1]).decode())
    phone.page.locator("main[data-screen=claim]").wait_for()
    assert phone.page.url.endswith(claim["id"])
    phone.wait_synced()
    assert [notice["is_read"] for notice in server.find("notice", person_id=world.anna.id)] == [True]


def open_choices(phone: Phone) -> None:
    for name in ("nav-outbox", "settings", "notice-choices"):
        phone.tap(name)
    phone.page.get_by_test_id("choices-save").wait_for()


def deliver(phone: Phone, payload: str) -> None:
    """The push service hands a message to the browser, and the person taps what it shows."""
    assert phone.context
    cdp = phone.context.new_cdp_session(phone.page)
    found: list[str] = []

    def note(event: Any) -> None:
        found.extend(each["registrationId"] for each in event["registrations"])

    cdp.on("ServiceWorker.workerRegistrationUpdated", note)
    cdp.send("ServiceWorker.enable")
    phone.page.wait_for_timeout(100)
    about = {"origin": phone.server.address, "registrationId": found[0], "data": payload}
    shown = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({title}) => title)"
    for _ in range(20):  # a worker that is just starting misses it; sent twice, it is shown once
        cdp.send("ServiceWorker.deliverPushMessage", about)
        phone.page.wait_for_timeout(500)
        if phone.page.evaluate(shown):
            break
    assert phone.page.evaluate(shown) == ["A comment on your claim"]
    phone.context.service_workers[0].evaluate("""async () => {
        const [notification] = await registration.getNotifications();
        dispatchEvent(new NotificationEvent("notificationclick", { notification }));
    }""")
