"""A waiver is asked for on the phone without network, with evidence, and its answer is seen there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.phone import Phone, receipt_photo
from tests.e2e.running import RunningServer
from tests.server.world import SHENZHEN_SELLER, digital_number


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_a_waiver_is_asked_for_without_network_and_answered(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    trip = world.trip()
    world.report(trip)
    hotel = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    claim = world.claim(trip, hotel)
    phone = new_phone(locale)
    phone.log_in()
    phone.page.evaluate(f"location.hash = '#/claim/{claim['id']}'")
    phone.page.get_by_test_id("ask-place_mismatch").wait_for()
    server.kill()
    phone.tap("ask-place_mismatch")
    phone.fill(request="酒店由深圳总部开票，见登记单照片")
    phone.attach(receipt_photo("REGISTRATION"))
    phone.show(language, "waiver-ask")
    phone.save("waiver-send")
    phone.page.get_by_test_id("waiver").get_by_test_id("state-phone").wait_for()
    assert not phone.sees("ask-place_mismatch")
    server.start()
    phone.wait_synced()
    [asked] = server.find("waiver")
    assert (asked["status"], len(asked["attachments"])) == ("asked", 1)
    phone.page.evaluate(f"location.hash = '#/claim/{claim['id']}'")
    phone.page.get_by_test_id("status-asked").wait_for()
    phone.show(language, "waiver-asked")
    world.update(world.manager, "waiver", asked, status="given", reason="登记单已核对")
    phone.wait_synced()
    phone.page.evaluate(f"location.hash = '#/claim/{claim['id']}'")
    phone.page.get_by_test_id("status-given").wait_for()
    phone.show(language, "waiver-given")
