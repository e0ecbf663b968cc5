"""The dashboard: every figure is the number of lines behind its link."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestApp

from tests.server.desk import Desk
from tests.server.world import SHENZHEN_SELLER, World, digital_number


def a_busy_month(world: World) -> None:
    """Lines in every state: clear, blocked for two reasons, refused for a finding and by note, approved, returned."""
    trip = world.trip()
    world.report(trip)
    tool = world.receipt(trip, category="tool", amount_minor=45000)
    world.tool(trip, tool, price=45000)
    elsewhere = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    plain = [world.receipt(trip, amount_minor=10000 + number) for number in range(4)]
    claim = world.claim(trip, tool, elsewhere, *plain)
    lines = {line["receipt_id"]: line for line in world.lines(claim)}
    world.decide(lines[elsewhere["id"]], "refused", "Not there")
    world.decide(lines[plain[0]["id"]], "refused", "Private")
    world.decide(lines[plain[1]["id"]], "approved")
    world.update(world.finance, "claim_line", lines[plain[2]["id"]], status="returned", return_reason="Blurred")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Money waiting, by reason", "By the note alone")), ("zh-Hans", ("按原因统计的待处理金额", "仅凭备注"))],
)
def test_each_figure_is_the_number_of_lines_behind_its_link(
    desk: Desk, world: World, language: str, words: tuple[str, ...]
) -> None:
    a_busy_month(world)
    browser = desk("fei")
    if language != "en":
        browser.get("/finance/").forms[0].submit("language", value=language, status=303)
    page = browser.get("/finance/dashboard?since=2026-11&until=2026-11")
    assert all(word in page for word in words)
    links = page.html.select("[data-figure]")
    assert len(links) >= 15
    for link in links:
        assert found(browser, link["href"]) == link["data-figure"], link["href"]
    panels = {panel["data-panel"]: panel for panel in page.html.select("[data-panel]")}
    assert "¥450.00" in panels["reasons"].text
    assert [cell.text for cell in panels["categories"].select("tbody td")] == ["1", "¥100.01"]
    assert all(panel.select_one("svg title") for panel in panels.values())
    assert panels["refused"].select_one("tbody").text.count("¥") == 2


def found(browser: TestApp, address: str) -> Any:
    return browser.get(address).html.select_one("[data-testid=total]")["data-lines"]


def test_an_empty_company_and_a_strange_period_are_told_in_words(desk: Desk) -> None:
    browser = desk("ming")
    page = browser.get("/finance/").click(href="/finance/dashboard")
    assert "Nothing was refused in this period" in page
    assert browser.get("/finance/dashboard?since=x&until=9999-99&currency=ZZZ").status_int == 200
