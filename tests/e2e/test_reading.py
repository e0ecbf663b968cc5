"""What the server read off a receipt comes back to the phone, beside what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from sync.actor import SYSTEM
from sync.change import Record
from sync.transaction import change_of
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.e2e.test_story import TODAY, plan
from tests.server.world import HANGZHOU_SELLER, World, digital_number

NewPhone = Callable[..., Phone]


def fact(kind: str, value: str, source: str = "xml", confidence: float = 1.0, **more: Any) -> dict[str, Any]:
    """One thing that was read, as the server keeps it."""
    item = {"kind": kind, "value": value, "source": source, "confidence": confidence, "attachment": "", "version": "1"}
    return item | {"division": "", "granularity": ""} | more


def place(kind: str, value: str, division: str, source: str = "xml", confidence: float = 1.0) -> dict[str, Any]:
    """A thing that was read and names a place."""
    return fact(kind, value, source, confidence, division=division, granularity="county")


def read(world: World, receipt: Record, status: str, *evidence: dict[str, Any]) -> None:
    """The server has read the receipt's documents."""
    now = world.now("receipt", receipt["id"])
    fields = {"evidence": list(evidence), "reading_status": status}
    world.engine.write(SYSTEM, lambda write: write.apply(change_of("receipt", now, fields)))


def hotel(world: World, **fields: Any) -> Record:
    """A hotel's receipt with a photo and a wrong amount."""
    trip = world.engine.write(SYSTEM, lambda write: write.find("trip"))[0]
    return world.receipt(trip, **{"issued_on": str(TODAY), "amount_minor": 32000, "qr_text": "", **fields})


FULL = (
    fact("amount_total", "32800", "qr"),
    fact("issued_on", str(TODAY)),
    fact("seller_name", "Lakeside Hotel (Hangzhou) Co.", "ocr", 0.7),
    fact("seller_tax_id", HANGZHOU_SELLER),
    fact("buyer_name", "Northern Pumps Co."),
    fact("buyer_tax_id", "91110000802100433B", "ocr", 0.5),
    place("service_place", "9 Lake Road, Xihu", "330106"),
    place("seller_registration", HANGZHOU_SELLER, "330100"),
)


def open_receipt(phone: Phone) -> None:
    phone.tap("nav-log")
    phone.tap("receipt-item")
    phone.page.get_by_test_id("receipt-save").wait_for()


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("zh-CN", "zh-Hans")])
def test_what_differs_is_marked_taken_over_and_saved_by_the_person(
    new_phone: NewPhone, server: RunningServer, locale: str, language: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    plan(world)
    number = digital_number("33")
    receipt = hotel(world, number=number)
    read(world, receipt, "read", fact("fapiao_number", number), *FULL)
    phone = new_phone(locale)
    phone.log_in()
    open_receipt(phone)
    page = phone.page
    page.get_by_test_id("reading").wait_for()
    assert page.get_by_test_id("read-fapiao_number").get_by_test_id("differs").count() == 0
    assert page.get_by_test_id("differs").count() == 2
    assert "320.00" in page.get_by_test_id("read-amount_total").inner_text()
    assert ids(phone, "reading-") == ["reading-qr_differs"]
    if language == "en":
        assert "Text recognition · fairly sure" in page.get_by_test_id("read-seller_name").inner_text()
        assert "Hangzhou" in page.get_by_test_id("read-seller_registration").inner_text()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
        phone.show(f"reading-{language}", f"differs-{scheme}")
    page.emulate_media(color_scheme="light")
    page.get_by_test_id("read-amount_total").get_by_test_id("take-over").click()
    page.get_by_test_id("reading-taken").wait_for()
    assert page.get_by_test_id("field-amount").input_value() == "328.00"
    assert server.find("receipt")[0]["amount_minor"] == 32000, "the person saves, not the button"
    expect(page.get_by_test_id("differs")).to_have_count(1)
    assert phone.sees("reading-qr_differs") == 0
    phone.show(f"reading-{language}", "taken")
    page.set_viewport_size({"width": 1280, "height": 900})
    phone.show(f"reading-{language}", "desktop")
    page.set_viewport_size({"width": 390, "height": 844})
    phone.tap("receipt-save")
    page.get_by_test_id("receipt-item").wait_for()
    phone.wait_synced()
    assert server.find("receipt")[0]["amount_minor"] == 32800


def test_fields_left_empty_are_filled_in_together_and_nothing_typed_is_touched(
    new_phone: NewPhone, server: RunningServer
) -> None:
    world = server.people()
    plan(world)
    receipt = hotel(world, seller_name="", seller_tax_id="")
    read(world, receipt, "read", *FULL)
    phone = new_phone()
    phone.log_in()
    open_receipt(phone)
    phone.tap("take-empty")
    values = {name: phone.page.get_by_test_id(f"field-{name}").input_value() for name in ("seller_tax_id", "amount")}
    assert values == {"seller_tax_id": HANGZHOU_SELLER, "amount": "320.00"}
    expect(phone.page.get_by_test_id("reading-taken")).to_have_count(2)
    assert phone.sees("take-empty") == 0
    assert violations(phone.page) == []


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("zh-CN", "zh-Hans")])
def test_a_document_that_cannot_be_read_says_what_to_do_and_is_marked_in_lists(
    new_phone: NewPhone, server: RunningServer, locale: str, language: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    plan(world)
    receipt = hotel(world)
    read(world, receipt, "unreadable")
    phone = new_phone(locale)
    phone.log_in()
    phone.tap("nav-log")
    phone.page.get_by_test_id("unreadable").wait_for()
    phone.show(f"reading-{language}", "log")
    assert violations(phone.page) == []
    phone.tap("nav-claims")
    phone.tap("claim-new")
    phone.page.get_by_test_id("unreadable").wait_for()
    phone.show(f"reading-{language}", "new-claim")
    assert violations(phone.page) == []
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.tap("claim-submit")
    phone.page.get_by_test_id("claim-line").get_by_test_id("unreadable").wait_for()
    phone.show(f"reading-{language}", "claim")
    open_receipt(phone)
    phone.page.get_by_test_id("reading-unreadable").wait_for()
    phone.show(f"reading-{language}", "unreadable")
    assert violations(phone.page) == []


def test_a_receipt_that_waits_for_its_reading_says_so(new_phone: NewPhone, server: RunningServer) -> None:
    world = server.people()
    plan(world)
    read(world, hotel(world), "pending")
    phone = new_phone()
    phone.log_in()
    open_receipt(phone)
    phone.page.get_by_test_id("reading-pending").wait_for()
    assert phone.sees("differs") == 0


def test_a_wrong_buyer_is_answered_with_our_companys_name_and_tax_id(
    new_phone: NewPhone, server: RunningServer
) -> None:
    world = server.people()
    plan(world)
    receipt = hotel(world)
    read(world, receipt, "read", fact("buyer_name", "Anna"))
    claim = world.claim(world.now("trip", receipt["trip_id"]), receipt)
    line = world.lines(claim)[0]
    found = {"code": "buyer_not_company", "severity": "block", "params": {"buyer": "Anna"}, "article": "REG-D1"}
    fields = {"findings": [found], "status": "blocked"}
    world.engine.write(SYSTEM, lambda write: write.apply(change_of("claim_line", line, fields)))
    phone = new_phone()
    phone.log_in()
    open_receipt(phone)
    hint = phone.page.get_by_test_id("reading-buyer")
    hint.wait_for()
    assert "“Northern Pumps Co.”, tax id 91110000802100433B" in hint.inner_text()
    phone.show("reading-en", "buyer")


def test_a_journey_is_shown_leg_by_leg(new_phone: NewPhone, server: RunningServer) -> None:
    world = server.people()
    plan(world)
    legs = (("Shanghai Hongqiao", "Hangzhou East", 0), ("Hangzhou East", "Shanghai Hongqiao", 1))
    evidence = [
        item
        for start, end, leg in legs
        for item in (
            fact("departure", start, leg=leg),
            fact("destination", end, leg=leg),
            fact("travel_on", str(TODAY), leg=leg),
        )
    ]
    read(world, hotel(world, category="transport"), "read", fact("amount_total", "32100"), *evidence)
    phone = new_phone()
    phone.log_in()
    open_receipt(phone)
    row = phone.page.get_by_test_id("read-journey")
    row.wait_for()
    assert f"Shanghai Hongqiao → Hangzhou East · {TODAY}" in row.inner_text()
    assert f"Hangzhou East → Shanghai Hongqiao · {TODAY}" in row.inner_text()
    assert ids(phone, "reading-") == ["reading-amount_differs"]
    phone.show("reading-en", "journey")


def ids(phone: Phone, start: str) -> list[str]:
    found: list[str] = phone.page.evaluate(
        "(start) => [...document.querySelectorAll('[data-testid^=' + start + ']')].map((one) => one.dataset.testid)",
        start,
    )
    return found
