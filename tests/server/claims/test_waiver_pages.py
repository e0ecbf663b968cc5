"""Waivers at the desk: the list, one request with its effect, its answer, and the two who answer at once."""

from __future__ import annotations

from tests.server.claims.test_waivers import ask, blocked, end_all, later
from tests.server.desk import Desk, form_of
from tests.server.world import World


def test_a_manager_answers_what_waits_and_the_other_is_told(desk: Desk, world: World) -> None:
    line = blocked(world)
    asked = ask(world, line, attachments=[world.photo(world.anna)])
    ming, fei = desk("ming"), desk("fei")
    seen = fei.get("/finance/waivers").click("Anna")
    assert "This right is not yours" in seen.html.select_one("[data-testid=hindrance]").text
    assert "Waiver asked for" in fei.get("/finance/")
    listed = ming.get("/finance/waivers")
    assert listed.html.select_one("[data-testid=total]")["data-lines"] == "1"
    page = listed.click("Anna")
    assert all(
        word in page for word in ("The head office bills", "Shenzhen", f"/api/attachments/{asked['attachments'][0]}")
    )
    effect = page.html.select_one("[data-testid=effect]").text
    assert "Clear" in effect
    assert "¥300.00" in effect
    form = form_of(page, asked["id"])
    assert "Give a reason" in form_of(page, asked["id"]).submit("step", value="refuse").follow()
    form["reason"] = "Registration seen"
    world.update(world.anna, "receipt", world.now("receipt", line["receipt_id"]), note="Third floor")
    changed = form.submit("step", value="give").follow()
    assert "This line has changed since it was shown" in changed
    form = form_of(changed, asked["id"])
    form["reason"] = "Registration seen"
    done = form.submit("step", value="give").follow()
    assert "the technician is told" in done
    assert "Ming was first: the waiver is “Given” already" in form.submit("step", value="refuse").follow()
    assert world.now("claim_line", line["id"])["status"] == "clear"
    given = ming.get("/finance/waivers?status=given")
    assert "Registration seen" in given.click("Anna")
    back = form_of(given.click("Anna"), asked["id"])
    back["end_reason"] = "Wrong hotel"
    assert "judged again" in back.submit("step", value="take_back").follow()
    claim_page = fei.get(f"/finance/claims/{line['claim_id']}")
    assert "Wrong hotel" in claim_page
    assert fei.get("/finance/waivers?status=over&event=given&month=2020-01").html.select_one(".empty")


def test_the_queue_shows_that_a_waiver_is_over(desk: Desk, world: World) -> None:
    line = blocked(world)
    world.update(world.manager, "waiver", ask(world, line), status="given", reason="Seen")
    browser = desk("fei")
    assert "Waiver expired" not in browser.get("/finance/")
    later(world, 32)
    end_all(world)
    assert "Waiver expired" in desk("pia").get("/finance/?status=blocked")
