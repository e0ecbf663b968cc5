"""A claim that came back from finance is mended on the phone without network, and handed in again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.server.world import SHENZHEN_SELLER, digital_number


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_a_returned_line_is_mended_without_network_and_handed_in_again(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    trip = world.trip()
    world.report(trip)
    hotel = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    tool = world.receipt(trip, category="tool", amount_minor=19900, seller_name="Tool shop")
    private = world.receipt(trip, category="meal", amount_minor=4500, seller_name="Noodle shop")
    purchase = world.tool(trip, tool, quantity=2, price=9950)
    claim = world.claim(trip, hotel, tool, private)
    by = {line["receipt_id"]: line for line in world.lines(claim)}
    world.decide(by[hotel["id"]], "returned", "发票号码与照片不符，请核对")
    world.decide(by[tool["id"]], "returned", "One tool is on the receipt, not two")
    world.decide(by[private["id"]], "returned", "A private meal")

    phone = new_phone(locale)
    phone.log_in()
    phone.tap("nav-claims")
    phone.page.get_by_test_id("status-returned").wait_for()
    phone.tap("claim-item")
    phone.page.get_by_test_id("claim-returned").wait_for()
    phone.show(language, "20-returned")
    server.kill()

    cards = phone.page.get_by_test_id("claim-line")
    card = cards.filter(has_text="Lakeside Hotel")
    card.get_by_test_id(f"field-amount-{by[hotel['id']]['id']}").fill("290")
    card.get_by_test_id("line-save").click()
    phone.page.get_by_test_id("line-said").wait_for()
    card.get_by_test_id("repair-receipt").click()
    number = digital_number("33")
    phone.fill(fapiao_number=number, seller_tax_id="91330100799655058B")
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").first.wait_for()

    phone.tap("nav-claims")
    phone.tap("claim-item")
    cards.filter(has_text="Tool shop").get_by_test_id("repair-tool").click()
    phone.fill(quantity="1", price="199")
    phone.show(language, "21-tool-mended")
    phone.tap("tool-save")
    phone.page.get_by_test_id("claim-returned").wait_for()
    card = cards.filter(has_text="Noodle shop")
    card.get_by_test_id("line-withdraw").click()
    card.get_by_test_id("line-withdraw").click()
    cards.nth(1).wait_for()
    phone.tap("claim-again")
    phone.page.get_by_test_id("claim-returned").wait_for(state="detached")
    phone.show(language, "22-handed-in-again-without-network")

    server.start()
    phone.wait_synced()
    mended = server.find("claim_line")
    assert {line["receipt_id"]: line["amount_minor"] for line in mended} == {hotel["id"]: 29000, tool["id"]: 19900}
    assert [(claim["status"], claim["total_minor"]) for claim in server.find("claim")] == [("submitted", 48900)]
    assert world.now("receipt", hotel["id"])["fapiao_number"] == number
    assert world.now("tool_purchase", purchase["id"])["quantity"] == 1
    codes = {finding["code"] for line in mended for finding in line["findings"]}
    assert "qr_contradicts_typed" in codes, "the code on the picture is still the old one"
