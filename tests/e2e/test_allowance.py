"""The daily allowance on the phone: claimed without network, shown with its amount, and never of one day twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Playwright

from tests.e2e.phone import Phone, show
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.e2e.test_story import TODAY, desk, plan

FIRST, MIDDLE = str(TODAY - timedelta(2)), str(TODAY - timedelta(1))


def begin_claim(phone: Phone) -> None:
    phone.tap("nav-claims")
    phone.tap("claim-new")
    phone.page.get_by_test_id("field-trip_id").wait_for()


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_an_allowance_is_claimed_without_network_and_its_days_are_changed_when_it_comes_back(
    new_phone: Callable[..., Phone], playwright: Playwright, server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    plan(world)
    world.limit("allowance_day", 10000)
    world.limit("allowance_day", 12000, subject="2", applies_from=MIDDLE)
    for person in world.people.values():
        world.update(person, "user", world.now("user", person.id), language=language)
    phone = new_phone(locale)
    phone.log_in()
    phone.wait_synced()  # the rates come behind the trip
    server.kill()

    begin_claim(phone)
    phone.tap("claim-allowance")
    assert phone.page.get_by_test_id("field-allowance_first").input_value() == FIRST
    assert phone.page.get_by_test_id("field-allowance_until").input_value() == str(TODAY)
    assert "340.00" in phone.page.get_by_test_id("claim-total").inner_text()
    phone.fill(allowance_first=str(TODAY - timedelta(3)))
    phone.page.get_by_text(str(TODAY - timedelta(3))).wait_for()
    assert phone.page.get_by_test_id("claim-submit").is_disabled()
    phone.show(language, "40-allowance-outside-the-trip")
    phone.fill(allowance_first=MIDDLE)
    phone.page.get_by_test_id("claim-total").filter(has_text="240.00").wait_for()
    phone.show(language, "41-allowance")
    assert violations(phone.page) == []
    phone.tap("claim-submit")
    phone.page.get_by_test_id("allowance-days").wait_for()
    phone.show(language, "42-allowance-claimed-without-network")

    server.start()
    phone.wait_synced()
    (line,) = server.find("claim_line")
    assert (line["amount_minor"], line["status"]) == (24000, "blocked"), "the report is not filed yet"
    finance = desk(playwright, server, "fei", locale)
    finance.goto(f"{server.address}/finance/claims/{line['claim_id']}")
    assert finance.get_by_test_id("allowance").locator("tbody tr").count() == 2
    show(finance, language, "43-allowance-at-the-desk")
    finance.set_viewport_size({"width": 390, "height": 844})
    show(finance, language, "44-allowance-at-the-desk-narrow")

    world.decide(line, "returned", "第一天也在途" if language == "zh-Hans" else "You travelled the day before as well")
    phone.open()
    phone.tap("nav-claims")
    phone.page.get_by_test_id("status-returned").wait_for()
    phone.tap("claim-item")
    phone.page.get_by_test_id("claim-returned").wait_for()
    phone.show(language, "45-allowance-returned")
    phone.tap("repair-receipt")
    phone.fill(allowance_first=FIRST)
    phone.show(language, "46-allowance-changed")
    phone.tap("allowance-save")
    phone.tap("claim-again")
    phone.wait_synced()
    (line,) = server.find("claim_line")
    assert (line["amount_minor"], line["status"]) == (34000, "blocked")

    begin_claim(phone)
    assert phone.sees("claim-allowance") == 0, "every day is claimed"


def test_one_day_claimed_on_two_phones_is_refused_to_the_second(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    plan(world)
    world.limit("allowance_day", 10000)
    phones = [new_phone(), new_phone()]
    for phone in phones:
        phone.log_in()
    server.kill()
    for phone in phones:
        begin_claim(phone)
        phone.tap("claim-allowance")
        phone.tap("claim-submit")
        phone.page.get_by_test_id("allowance-days").wait_for()
    phones[1].switch_off()
    server.start()
    phones[0].wait_synced()
    phones[1].switch_on()
    phones[1].tap("nav-outbox")
    phones[1].page.get_by_text(f"The allowance of {FIRST} is claimed already").first.wait_for()
    assert [line["amount_minor"] for line in server.find("claim_line")] == [30000]


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_an_allowance_of_a_taken_day_that_is_the_whole_claim_is_mended_on_the_phone(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    plan(world)
    world.limit("allowance_day", 10000)
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    phone = new_phone(locale)
    phone.log_in()
    server.kill()
    begin_claim(phone)
    phone.tap("claim-allowance")
    phone.tap("claim-submit")
    phone.page.get_by_test_id("allowance-days").wait_for()
    (trip,) = server.find("trip")
    days = {"category": "allowance", "amount_minor": 1, "issued_on": FIRST, "allowance_until": MIDDLE}
    world.claim(trip, world.create(world.anna, "receipt", trip_id=trip["id"], **days))
    server.start()
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    phone.page.get_by_test_id("outbox-mend").wait_for()
    phone.show(language, "47-allowance-refused")
    assert violations(phone.page) == []
    phone.tap("nav-claims")
    phone.page.get_by_test_id("claim-item").filter(has_text=needs_the_person(language)).click()
    phone.page.get_by_test_id("line-mend").wait_for()
    assert FIRST in phone.page.get_by_test_id("claim-line").inner_text()
    phone.show(language, "48-allowance-refused-in-its-claim")
    assert violations(phone.page) == []
    phone.tap("line-mend")
    assert phone.page.get_by_test_id("allowance-save").is_disabled()
    phone.show(language, "49-allowance-of-other-days")
    phone.fill(allowance_first=str(TODAY))
    phone.tap("allowance-save")
    phone.page.get_by_test_id("claim-line").and_(phone.page.locator("[data-status=blocked]")).wait_for()
    assert phone.sees("line-mend") == 0
    phone.show(language, "50-allowance-mended")
    phone.wait_synced()
    assert sorted(line["amount_minor"] for line in server.find("claim_line")) == [10000, 20000]
    assert [claim["status"] for claim in server.find("claim")] == ["submitted", "submitted"]


def test_an_allowance_that_was_left_out_of_its_claim_goes_into_a_new_one(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    plan(world)
    world.limit("allowance_day", 10000)
    (trip,) = server.find("trip")
    world.receipt(trip, attachments=[])
    phone = new_phone()
    phone.log_in()
    server.kill()
    begin_claim(phone)
    phone.tap("claim-allowance")
    phone.tap("claim-submit")
    phone.page.get_by_test_id("allowance-days").wait_for()
    days = {"category": "allowance", "amount_minor": 1, "issued_on": FIRST, "allowance_until": MIDDLE}
    world.claim(trip, world.create(world.anna, "receipt", trip_id=trip["id"], **days))
    newer = world.trip()
    server.start()
    phone.tap("nav-outbox")
    phone.tap("sync-now")
    phone.tap("outbox-mend")
    phone.fill(allowance_first=str(TODAY))
    phone.tap("allowance-save")
    phone.page.get_by_test_id("claim-receipt").wait_for()
    chosen = phone.page.get_by_test_id("field-trip_id")
    assert (chosen.input_value(), chosen.locator("option").count()) == (trip["id"], 2)
    assert newer["id"] > trip["id"]
    phone.tap("claim-submit")
    phone.wait_synced()
    assert sorted(line["amount_minor"] for line in server.find("claim_line")) == [10000, 20000, 30000]


def needs_the_person(language: str) -> str:
    return "需要您处理" if language == "zh-Hans" else "Needs you"
