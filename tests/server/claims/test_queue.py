"""The queue of the money desk: what is looked for is found, counted and added up; filters are kept for oneself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from webtest import TestApp

from server.claims import queue
from server.claims.comparison import Row
from server.claims.desk_index import desk_lines, desk_reasons, rebuild
from server.claims.filters import Filter, read_filter
from server.claims.queue import Looking
from server.services import Services
from sync.actor import SYSTEM
from sync.errors import Refused
from sync.transaction import Transaction
from tests.server.desk import Desk, form_of
from tests.server.world import SHENZHEN_SELLER, World, digital_number


@pytest.fixture
def mixed(world: World) -> dict[str, Any]:
    """Two people's claims: a clear line, one from elsewhere, a tool that is out; and a refused one."""
    trip = world.trip()
    world.report(trip)
    elsewhere = {"seller_tax_id": SHENZHEN_SELLER, "number": digital_number("95")}
    tool = world.receipt(trip, category="tool", amount_minor=45000, seller_name="Tool shop 100%")
    world.tool(trip, tool, price=45000)
    first = world.claim(trip, world.receipt(trip), world.receipt(trip, **elsewhere), tool)
    other = world.trip(world.bo)
    world.report(other, world.bo)
    meal = world.receipt(other, world.bo, category="meal", amount_minor=8000, issued_on="2026-11-10")
    second = world.claim(other, meal, owner=world.bo)
    world.decide(world.lines(second)[0], "refused", "A private meal")
    return {"first": first, "second": second, "site": trip["stops"][0]["site_id"]}


def seen(services: Services, **wanted: str) -> list[str]:
    """The states of the lines that a filter finds, in their order."""
    return [row["status"] for row in page(services, Filter(**wanted)).rows]


def page(services: Services, wanted: Filter, after: str = "") -> queue.Page:
    look = Looking(wanted, services.today(), "Asia/Shanghai")
    return services.engine.write(SYSTEM, lambda read: queue.lines_page(read, look, after))


def test_what_can_be_decided_now_comes_first_and_filters_find_what_they_name(
    services: Services, world: World, mixed: dict[str, Any]
) -> None:
    assert seen(services) == ["clear", "blocked", "blocked"]
    assert seen(services, status="all") == ["clear", "blocked", "blocked", "refused"]
    assert seen(services, status="decided") == ["refused"]
    assert seen(services, reason="tool_not_returned") == ["blocked"]
    assert seen(services, reason="place_mismatch", category="tool") == []
    assert seen(services, category="tool") == ["blocked"]
    assert seen(services, status="all", technician=world.bo.id) == ["refused"]
    assert seen(services, site=mixed["site"]) == ["clear", "blocked", "blocked"]
    assert seen(services, site="none") == []
    assert seen(services, age="0-2") == ["clear", "blocked", "blocked"]
    assert seen(services, age="3-7") == []
    assert seen(services, since="2026-11", until="2026-11", status="all") == ["clear", "blocked", "blocked", "refused"]
    assert seen(services, until="2026-10") == []
    assert seen(services, least="300.01") == ["blocked"]
    assert seen(services, most="300", text="LAKESIDE") == ["clear", "blocked"]
    assert seen(services, text="100%") == ["blocked"]
    assert seen(services, text="10_%") == []
    assert seen(services, status="all", text="bo") == ["refused"]
    assert seen(services, currency="USD") == []
    assert seen(services, sort="amount")[0] == "blocked"


def test_the_index_follows_every_change_and_can_be_made_anew(
    services: Services, world: World, mixed: dict[str, Any]
) -> None:
    tool = next(line for line in world.lines(mixed["first"]) if line["amount_minor"] == 45000)
    purchase = services.engine.write(SYSTEM, lambda write: write.find("tool_purchase"))[0]
    world.stock_in(purchase)
    assert seen(services) == ["clear", "clear", "blocked"]
    world.decide(tool, "approved")
    refused = world.lines(mixed["second"])[0]
    world.update(world.finance, "claim_line", refused, status="submitted")
    world.update(world.dispatcher, "trip", services.engine.write(SYSTEM, lambda w: w.find("trip"))[0], purpose="Valves")
    assert seen(services, status="all", text="valves") == ["clear", "blocked", "approved"]

    def rows(read: Transaction) -> list[Any]:
        return [sorted(map(tuple, read.connection.execute(select(table)))) for table in (desk_lines, desk_reasons)]

    followed = services.engine.write(SYSTEM, rows)
    services.engine.write(SYSTEM, lambda write: rebuild(write.connection))
    assert services.engine.write(SYSTEM, rows) == followed
    assert len(followed[0]) == 4


def test_a_refused_change_leaves_no_trace_in_the_index(services: Services, world: World, mixed: dict[str, Any]) -> None:
    lines = {line["status"]: line for line in world.lines(mixed["first"])}

    def approve_both(write: Transaction) -> None:
        for state in ("clear", "blocked"):
            with suppress(Refused):
                write.update("claim_line", lines[state], {"status": "approved"})

    services.engine.write(world.finance, approve_both)
    assert seen(services) == ["blocked", "blocked"]
    assert seen(services, status="approved") == ["approved"]


@pytest.mark.parametrize("sort", ["now", "newest", "amount"])
def test_the_pages_of_a_long_queue_hold_each_line_once(
    services: Services, world: World, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    trip = world.trip()
    world.claim(trip, *(world.receipt(trip, amount_minor=amount) for amount in (500, 900, 500, 100, 700)))
    wanted, after, found = Filter(sort=sort), "", []
    for _ in range(3):
        part = page(services, wanted, after)
        found += [(row["amount_minor"], row["line_id"]) for row in part.rows]
        after = part.after
    assert len(set(found)) == 5
    assert not after
    if sort == "amount":
        assert [amount for amount, _ in found] == [900, 700, 500, 500, 100]
    for strange in ('["a"]', "[1,2,3]", "{", "[null,null,null]", "x" * 999):
        assert len(page(services, wanted, strange).rows) == 2


def test_a_filter_is_its_address_and_nonsense_asks_nothing() -> None:
    wanted = Filter(status="blocked", reason="place_mismatch", text="a&b=c", least="12.5", sort="oldest")
    assert read_filter(dict(parse_qsl(wanted.query()))) == wanted
    assert replace(wanted, text="").query(status="open") == "reason=place_mismatch&least=12.5&sort=oldest"
    hostile = {"status": "x", "reason": "'; --", "technician": "1", "age": "9", "since": "2026-13", "least": "-1"}
    assert read_filter(hostile | {"text": "\x00", "site": "*", "sort": "rank", "currency": "cny"}) == Filter()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Tool not returned", "3 lines")), ("zh-Hans", ("工具未归还", "3 条明细"))],
)
def test_the_queue_counts_what_its_links_lead_to(
    desk: Desk, world: World, mixed: dict[str, Any], language: str, words: tuple[str, ...]
) -> None:
    browser = desk("fei")
    if language != "en":
        browser.get("/finance/").forms[0].submit("language", value=language, status=303)
    shown = browser.get("/finance/")
    assert all(word in shown for word in words)
    assert "¥1,050.00" in shown
    links = shown.html.select(".chips a, .tabs a:has(.count)")
    assert len(links) >= 8
    for link in links:
        total = browser.get(link["href"]).html.select_one("[data-testid=total]")
        assert total["data-lines"] == link.select_one(".count").text.strip(), link["href"]
    by_claim = browser.get("/finance/?status=all&by=claim")
    assert [row.a.text for row in by_claim.html.select("tr[data-item]")] == ["Anna", "Bo"]


def test_a_filter_is_kept_under_a_name_by_its_owner_alone(
    app: Flask, desk: Desk, services: Services, world: World, mixed: dict[str, Any]
) -> None:
    browser = desk("fei")
    for query in ("category=meal", "reason=tool_not_returned"):
        form = form_of(browser.get(f"/finance/?{query}"), "/finance/filters")
        form["name"] = "Tools"
        kept = form.submit(status=303)
        assert urlsplit(kept.location).query == query
    shown = kept.follow()
    assert "Kept as “Tools”" in shown
    form = form_of(shown, "/finance/filters")
    form["name"] = "a\0b"
    assert "Kept as" not in form.submit(status=303).follow()
    assert [link.text for link in shown.html.select(".saved a")] == ["Tools"]
    assert browser.get("/finance/").click("Tools").html.select_one("[data-testid=total]")["data-lines"] == "1"
    other: TestApp = desk("ming")
    assert not other.get("/finance/").html.select(".saved")
    saved = services.engine.write(SYSTEM, lambda write: write.find("saved_filter"))[0]
    with pytest.raises(Refused, match="not_yours"):
        world.update(world.manager, "saved_filter", saved, name="Mine")
    form_of(browser.get("/finance/"), "/forget").submit().follow()
    assert not browser.get("/finance/").html.select(".saved")


def test_an_empty_queue_says_how_it_begins(desk: Desk) -> None:
    browser = desk("fei")
    assert "Claims appear here as technicians submit them" in browser.get("/finance/")
    assert "No line fits this filter" in browser.get("/finance/?category=meal")


def test_deciding_leads_to_the_next_line_and_then_to_the_next_claim(desk: Desk, world: World) -> None:
    claims = []
    for _ in range(2):
        trip = world.trip()
        world.report(trip)
        claims.append(world.claim(trip, world.receipt(trip), world.receipt(trip)))
    browser = desk("fei")
    query = "?category=lodging"
    page = browser.get(f"/finance/claims/{claims[0]['id']}{query}")
    first, second = (line["id"] for line in world.lines(claims[0]))
    assert [link["href"] for link in page.html.select(".strip ol a")] == [f"#line-{first}", f"#line-{second}"]
    answer = form_of(page, f"/finance/lines/{first}").submit("step", value="approve", status=303)
    assert answer.location.endswith(f"/finance/claims/{claims[0]['id']}{query}#line-{second}")
    answer = form_of(answer.follow(), f"/finance/lines/{second}").submit("step", value="approve", status=303)
    assert answer.location.endswith("#next")
    onward = answer.follow().click(linkid="next").follow()
    assert onward.request.path_qs == f"/finance/claims/{claims[1]['id']}{query}"
    form_of(onward, "/approve-clear").submit().follow()
    assert "No other claim fits this filter now" in onward.click(linkid="next").follow()
    browser.get("/finance/next?behind=x", status=404)


def test_what_was_typed_otherwise_is_marked_in_its_characters() -> None:
    row = Row("fapiao_number", "26332000123", {"value": "26332000128", "source": "qr"}, True)
    assert row.marks == [("2633200012", False), ("3", True)]
