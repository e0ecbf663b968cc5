"""The money desk without the mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.phone import show
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.e2e.test_story import desk
from tests.server.world import SHENZHEN_SELLER, World, digital_number

RETURNED = 4
"""Which of the ten lines goes back to its technician."""


def two_claims(world: World) -> None:
    """Nine lines that are clear and one from elsewhere, in two claims."""
    for clear in (6, 3):
        trip = world.trip()
        world.report(trip)
        good = [world.receipt(trip) for _ in range(clear)]
        elsewhere = [world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))] * (clear == 3)
        world.claim(trip, *good, *elsewhere)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_ten_lines_are_decided_by_keys_alone(playwright: Playwright, server: RunningServer, language: str) -> None:
    world = server.people()
    two_claims(world)
    world.update(world.finance, "user", world.now("user", world.finance.id), language=language)
    page = desk(playwright, server, "fei", "en-US")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("jjj")  # letters in a field are letters
    assert page.locator("[data-search]").input_value() == "jjj"
    page.keyboard.press("Escape")
    page.reload()
    for _ in range(9):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr[aria-current] a")).to_be_focused()
    rows = page.locator("tr[data-item]")
    for key, at in (("ArrowDown", 8), ("ArrowDown", 9), ("ArrowUp", 8)):
        page.keyboard.press(key)
        expect(rows.nth(at).locator("[data-open]")).to_be_focused()
    mark = rows.nth(8).locator("[name=line]")
    page.keyboard.press("x")
    expect(mark).to_be_checked()
    assert page.locator("[name=line]:checked").count() == 1
    page.keyboard.press("x")
    expect(mark).not_to_be_checked()
    page.keyboard.press("Home")
    page.locator("tr[data-item] a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/finance/claims/**")
    for number in range(9):
        article = page.locator("article[aria-current]")
        expect(article).to_be_focused()
        if number == RETURNED:
            page.keyboard.press("t")
            expect(article.locator("[name=note]").first).to_be_focused()
            page.keyboard.type("Photograph the whole invoice")
        with page.expect_navigation():
            page.keyboard.press("Enter" if number == RETURNED else "a")
        if page.url.endswith("#next"):
            expect(page.locator("#next")).to_be_focused()
            with page.expect_navigation():
                page.keyboard.press("n")
    article = page.locator("article[aria-current]")
    expect(article).to_have_attribute("data-status", "blocked")
    page.keyboard.press("a")
    expect(page.locator("#said")).not_to_be_empty()
    page.keyboard.press("z")
    expect(article.locator("[data-picture]")).to_have_attribute("data-zoom", "2")
    page.keyboard.press("Z")
    expect(article.locator("[data-picture]")).to_have_attribute("data-zoom", "1")
    page.keyboard.press("o")
    expect(article.locator("[data-picture]")).to_have_attribute("data-turn", "90")
    for key in ("ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        expect(article).to_be_focused()
        is_back = key == "ArrowLeft"
        expect(page.locator("article[aria-current][data-status=blocked]")).to_have_count(int(is_back))
    page.keyboard.press("r")
    expect(article.locator("[name=note]").first).to_be_focused()
    page.keyboard.type("The hotel is in Shenzhen, the trip was not")
    show(page, language, "desk-claim", is_whole=False)
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, language, "desk-claim-phone", is_whole=False)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    lines = server.find("claim_line")
    assert sorted(line["status"] for line in lines) == ["approved"] * 8 + ["refused", "returned"]
    returned = next(line for line in lines if line["status"] == "returned")
    assert returned["return_reason"] == "Photograph the whole invoice"
    page.keyboard.press("?")
    page.keyboard.press("Tab")
    page.locator("#keys-on").press("Space")
    page.keyboard.press("Escape")
    before = page.url
    page.keyboard.press("n")
    assert page.url == before
    browser = page.context.browser
    assert browser
    browser.close()
