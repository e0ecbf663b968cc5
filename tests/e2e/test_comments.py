"""Finance asks, the technician answers without network, finance reads the answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer


@pytest.mark.parametrize(("language", "locale"), [("en", "en-US"), ("zh-Hans", "zh-CN")])
def test_a_question_is_answered_without_network(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    trip = world.trip()
    claim = world.claim(trip, world.receipt(trip))
    world.create(world.finance, "comment", claim_id=claim["id"], text="Which hotel is this?")
    phone = new_phone(locale)
    phone.log_in()
    phone.wait_synced()
    server.kill()
    phone.page.evaluate(f"location.hash = '#/claim/{claim['id']}'")
    phone.page.get_by_test_id("comment").get_by_text("Which hotel is this?").wait_for()
    phone.fill(comment="The one by the lake @fei")
    phone.tap("comment-send")
    phone.page.get_by_test_id("state-phone").wait_for()
    assert phone.page.get_by_test_id("field-comment").input_value() == ""
    phone.show(language, "claim-comments")
    server.start()
    phone.wait_synced()
    (answer,) = server.find("comment", text="The one by the lake @fei")
    assert answer["mentions"] == [world.finance.id]
