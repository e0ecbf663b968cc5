"""Approving many clear lines at once: a summary first, then each line by itself."""

from __future__ import annotations

import pytest

from sync.change import new_id
from tests.server.desk import Desk, form_of
from tests.server.world import SHENZHEN_SELLER, World, digital_number


@pytest.mark.parametrize(("language", "left"), [("en", "Left out"), ("zh-Hans", "不在其中")])
def test_what_the_summary_shows_is_approved_and_what_has_changed_is_named(
    desk: Desk, world: World, language: str, left: str
) -> None:
    claims = []
    for person in (world.anna, world.bo):
        trip = world.trip(person)
        world.report(trip, person)
        elsewhere = world.receipt(trip, person, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
        claims.append(world.claim(trip, world.receipt(trip, person), elsewhere, owner=person))
    browser = desk("fei")
    if language != "en":
        browser.get("/finance/").forms[0].submit("language", value=language, status=303)
    queue = browser.get("/finance/")
    boxes = queue.html.select("td input[name=line]")
    assert len(boxes) == 2
    blocked = next(line for line in world.lines(claims[0]) if line["status"] == "blocked")
    chosen = [box["value"] for box in boxes] + [blocked["id"], "x", new_id()]
    summary = browser.get("/finance/approve", [("line", line_id) for line_id in chosen])
    assert left in summary
    assert len(summary.html.select("[data-testid=left-out] tbody tr")) == 1
    assert "¥600.00" in summary.html.select_one("[data-testid=approve-all]").text
    clear = next(line for line in world.lines(claims[1]) if line["status"] == "clear")
    world.decide(clear, "refused", "Not on the list")
    result = form_of(summary, "/finance/approve").submit()
    assert "¥300.00" in result.html.select_one("[data-testid=approved]").text
    refused = result.html.select("[data-testid=refused] tbody tr")
    assert len(refused) == 1
    assert "Bo" in refused[0].text
    states = sorted(line["status"] for claim in claims for line in world.lines(claim))
    assert states == ["approved", "blocked", "blocked", "refused"]
    again = form_of(summary, "/finance/approve").submit()
    assert len(again.html.select("[data-testid=refused] tbody tr")) == 2


def test_all_clear_lines_of_a_filter_are_approved_and_no_other(desk: Desk, world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip), world.receipt(trip, category="meal"))
    browser = desk("fei")
    summary = browser.get("/finance/?category=meal").click(href="all=1")
    form_of(summary, "/finance/approve").submit()
    assert sorted(line["status"] for line in world.lines(claim)) == ["approved", "clear"]
    assert "can be approved in one go" in browser.get("/finance/approve?category=meal&all=1")
    form = form_of(browser.get("/finance/approve?all=1"), "/finance/approve")
    form["line"].force_value("; drop table")
    form.submit()
    form["csrf_token"] = "forged"
    form.submit(status=400)
