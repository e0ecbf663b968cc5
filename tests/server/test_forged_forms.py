"""What no page offers, sent all the same: it moves no money and writes nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from sync.actor import SYSTEM
from tests.server.desk import Desk
from tests.server.test_pages import a_claim, blocked
from tests.server.world import World


def test_a_form_without_its_token_is_refused(app: Flask, desk: Desk, world: World) -> None:
    claim = a_claim(world)
    line = world.lines(claim)[0]
    browser = desk("fei")
    for path in (
        f"/finance/lines/{line['id']}",
        f"/finance/claims/{claim['id']}/approve-clear",
        "/logout",
        "/language",
    ):
        browser.post(path, {"step": "approve", "csrf_token": "forged"}, status=400)
    assert world.lines(claim)[0]["status"] == "clear"


@pytest.mark.parametrize("name", ["fei", "ming"])
def test_no_page_approves_a_blocked_line(desk: Desk, world: World, name: str) -> None:
    """T21"""
    claim = blocked(world)
    line = world.lines(claim)[0]
    browser = desk(name)
    page = browser.get(f"/finance/claims/{claim['id']}")
    assert "Shenzhen" in page
    assert not page.html.find_all(attrs={"data-testid": "approve"})
    token = page.forms[0]["csrf_token"].value
    asked = {"step": "approve", "csrf_token": token, "seen": world.seen(line)}
    answer = browser.post(f"/finance/lines/{line['id']}", asked).follow()
    assert "Cannot be approved: The receipt is from Shenzhen" in answer
    every = {"csrf_token": token, "line": f"{line['id']}:{world.seen(line)}"}
    browser.post(f"/finance/claims/{claim['id']}/approve-clear", every)
    assert world.lines(claim)[0]["status"] == "blocked"


@pytest.mark.parametrize(("name", "payment"), [("pia", "not possible now"), ("ming", "may not be written by you")])
def test_no_forged_form_approves_or_pays_a_blocked_line(desk: Desk, world: World, name: str, payment: str) -> None:
    """T21"""
    claim = blocked(world)
    world.account(world.anna)
    world.finish_readings()
    line = world.lines(claim)[0]
    browser = desk(name)
    token = browser.get("/finance/").forms[0]["csrf_token"].value
    in_bulk = {"csrf_token": token, "line": f"{line['id']}:{line['version']}"}
    answer = browser.post("/finance/approve", in_bulk)
    assert "This line has changed since it was shown" in answer.html.select_one("[data-testid=refused] tbody").text
    assert not answer.html.select("[data-testid=approved] tbody tr")
    for step, why in (("pay", payment), ("approve", "Cannot be approved: The receipt is from Shenzhen")):
        asked = {"csrf_token": token, "step": step, "seen": world.seen(line), "note": "x", "reference": "PV-1"}
        answer = browser.post(f"/finance/lines/{line['id']}", asked).follow()
        assert why in answer.html.select_one(".flash.refused").text
    batch = {"csrf_token": token, "line": line["id"], "currency": "CNY"}
    if name == "pia":
        assert "Not approved any more: Anna" in browser.post("/payments/batches", batch).follow()
    else:
        browser.post("/payments/batches", batch, status=403)
    assert world.engine.write(SYSTEM, lambda write: write.find("payment_batch")) == []
    now = world.lines(claim)[0]
    assert (now["status"], now["version"]) == ("blocked", line["version"]), "nothing of all that has written anything"
