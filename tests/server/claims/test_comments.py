"""Comments: who may write, whom they reach, and what is new to whom."""

from __future__ import annotations

import pytest
from flask import Flask

from sync.errors import Refused
from tests.server.api import signed_in
from tests.server.desk import Desk, form_of
from tests.server.world import World


def a_claim(world: World) -> dict[str, str]:
    trip = world.trip()
    world.report(trip)
    claim: dict[str, str] = world.claim(trip, world.receipt(trip))
    return claim


def test_a_comment_reaches_its_people_and_stands_as_it_was_written(app: Flask, world: World) -> None:
    claim = a_claim(world)
    bo, wen = signed_in(app, world.bo, "bo"), world.warehouse
    comment = world.create(world.finance, "comment", claim_id=claim["id"], text="@Wen, is it there? @anna @nobody")
    assert set(comment["mentions"]) == {wen.id, world.anna.id}
    assert (comment["writer_name"], comment["written_by"]) == ("Fei", world.finance.id)
    for person, name in ((world.anna, "anna"), (wen, "wen"), (world.manager, "ming")):
        phone = signed_in(app, person, name)
        pulled = phone.ask("GET", "/api/sync/pull?limit=500").json["changes"]
        assert comment["id"] in {change["id"] for change in pulled}, name
    assert comment["id"] not in {change["id"] for change in bo.ask("GET", "/api/sync/pull").json["changes"]}
    for person in (world.finance, world.anna):
        with pytest.raises(Refused):
            world.update(person, "comment", comment, text="Never said")
        with pytest.raises(Refused):
            world.delete(person, "comment", comment)
    with pytest.raises(Refused, match="not_yours"):
        world.create(world.bo, "comment", claim_id=claim["id"], text="Let me in")
    other = world.claim(trip := world.trip(), world.receipt(trip))
    line = world.lines(other)[0]
    with pytest.raises(Refused, match="line_of_other_claim"):
        world.create(world.finance, "comment", claim_id=claim["id"], claim_line_id=line["id"], text="Here")
    with pytest.raises(Refused, match="invalid_fields"):
        world.create(world.anna, "comment", claim_id=claim["id"], text="  ")


@pytest.mark.parametrize(("language", "new"), [("en", "Mark as seen"), ("zh-Hans", "标为已读")])
def test_an_answer_is_new_at_the_desk_until_it_is_seen(desk: Desk, world: World, language: str, new: str) -> None:
    claim = a_claim(world)
    browser = desk("fei")
    if language != "en":
        browser.get("/finance/").forms[0].submit("language", value=language, status=303)
    path = f"/finance/claims/{claim['id']}"
    form = form_of(browser.get(path), "/comments")
    form["text"], form["claim_line_id"] = "<b>Which</b> hotel?\n@ming", world.lines(claim)[0]["id"]
    shown = form.submit().follow()
    assert "<b>Which</b>" not in shown.text
    assert shown.html.select_one("[data-testid=comment] a")["href"].startswith("#line-")
    assert not browser.get("/finance/comments").html.select("[data-testid=comment]")
    world.create(world.anna, "comment", claim_id=claim["id"], text="The one by the lake")
    assert "The one by the lake" in browser.get("/finance/comments")
    assert browser.get("/finance/").html.select('td a[href$="#comments"]')
    page = browser.get(path)
    assert len(page.html.select(".comments .new")) == 1
    assert new in page
    seen = form_of(page, "/comments/seen").submit().follow()
    assert not seen.html.select(".comments .new")
    assert not browser.get("/finance/comments").html.select("[data-testid=comment]")
    assert len(desk("ming").get("/finance/comments").html.select("[data-testid=comment]")) == 2
