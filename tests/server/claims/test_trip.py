"""A claim's trip as a map and as a timeline: what is drawn is what the list beside it says."""

from __future__ import annotations

import pytest

from server.claims.trip_map import draw_map
from server.places.outline import outlines, point_of
from server.places.position import divisions_at
from server.receipts.reader_process import ReaderProcess
from server.receipts.worker import read_waiting
from server.services import Services
from tests.server.desk import Desk
from tests.server.receipts.documents import bring, coach, digital_xml
from tests.server.world import SHENZHEN_SELLER, World, digital_number


@pytest.mark.parametrize("code", ["330110", "440300", "110000", "429004", "710000", "330000"])
def test_a_division_is_shown_inside_its_prefecture(code: str) -> None:
    point = point_of(code)
    assert point
    assert divisions_at(point[1], point[0])[0][:2] == code[:2]
    assert point_of("999999") is None


def test_the_outlines_of_a_province_are_small_enough_for_a_page() -> None:
    shapes = outlines((118.0, 27.0, 123.0, 31.0))
    codes = {code for code, _ in shapes}
    assert {"330100", "330200"} <= codes
    assert sum(len(ring) for _, rings in shapes for ring in rings) < 8000


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Planned way", "Not a place of the trip")), ("zh-Hans", ("计划路线", "不属于出差地点"))],
)
def test_the_map_shows_stops_and_receipts_and_the_list_says_the_same(
    desk: Desk, world: World, language: str, words: tuple[str, ...]
) -> None:
    trip = world.trip()
    world.report(trip)
    elsewhere = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"), issued_on="2026-11-20")
    position = {"lat": 30.25, "lon": 120.17, "accuracy_m": 20}
    here = world.receipt(trip, capture_position=position)
    claim = world.claim(trip, elsewhere, here)
    browser = desk("fei")
    if language != "en":
        browser.get("/finance/").forms[0].submit("language", value=language, status=303)
    page = browser.get(f"/finance/claims/{claim['id']}").click(href="/trip$")
    assert all(word in page for word in words)
    drawing = page.html.select_one("svg.map")
    assert [mark.text for mark in drawing.select(".mark-stop text")] == ["1"]
    assert {mark.text for mark in drawing.select(".mark-document > text")} >= {"1", "2"}
    assert [mark.text for mark in drawing.select(".mark-position > text")] == ["1"]
    assert len(page.html.select("svg.timeline .mark-document")) == 2
    rows = page.html.select("[data-testid=trip-list] tbody tr")
    assert [bool(row.select_one(".odd")) for row in rows] == [False, True]
    assert len(page.body) < 400_000
    browser.get("/finance/claims/x/trip", status=404)


def test_a_ticket_draws_its_journey_from_where_it_left_to_where_it_went(
    desk: Desk, world: World, services: Services
) -> None:
    trip = world.trip()
    world.report(trip)
    ticket = digital_xml(special=coach("深圳市", "杭州市", "2026-11-09"))
    sha256 = bring(services, world.anna, ticket)
    bus = world.receipt(trip, category="transport", number="26332000000012345678", qr_text="", attachments=[sha256])
    claim = world.claim(trip, world.receipt(trip), bus)
    browser = desk("fei")
    page = browser.get(f"/finance/claims/{claim['id']}/trip")
    assert page.html.select("svg.map .leg") == [], "it was not read yet"
    with ReaderProcess() as process:
        read_waiting(services, process)
    (leg,) = browser.get(f"/finance/claims/{claim['id']}/trip").html.select("svg.map .leg")
    drawn = draw_map(trip, {}, [({}, world.now("receipt", bus["id"]))])
    assert drawn
    ((begin, end),) = drawn.legs
    assert [float(leg[name]) for name in ("x1", "y1", "x2", "y2")] == [*begin, *end]
    assert begin == drawn.way[0], "the home's place is where the bus left"
    assert end[1] < begin[1], "Hangzhou lies north of Shenzhen"
