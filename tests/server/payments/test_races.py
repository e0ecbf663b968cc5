"""Two people at the payment desk at the same moment: one outcome each, and no yuan twice."""

from __future__ import annotations

from collections import Counter
from threading import Barrier, Thread
from typing import Any

from flask import Flask
from webtest import TestApp

from tests.server.api import PASSWORD, give_password
from tests.server.claims.test_races import at_once
from tests.server.desk import form_of
from tests.server.world import World

WRITERS = 6


def test_the_same_lines_go_into_one_batch(world: World) -> None:
    lines = world.approved(30000, 5000)
    outcomes = at_once(lambda _: world.batch(*lines), WRITERS)
    assert outcomes == ["done"] + ["payment_line_taken"] * (WRITERS - 1)
    assert len({line["payment_batch_id"] for line in world.lines({"id": lines[0]["claim_id"]})}) == 1


def test_of_many_who_export_a_batch_at_once_one_does(app: Flask, world: World) -> None:
    """By real requests, each from a browser of its own."""
    world.account(world.anna)
    batch = world.batch(*world.approved(30000))
    give_password(app.extensions["fieldclaim"], world.payer)
    forms = [_signed_in(app).get(f"/payments/batches/{batch['id']}") for _ in range(WRITERS)]
    barrier = Barrier(WRITERS)
    told: list[str] = []

    def press(page: Any) -> None:
        barrier.wait()
        told.append(form_of(page, "/export").submit().follow().html.find("p", {"class": "flash"}).text)

    threads = [Thread(target=press, args=(page,)) for page in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = Counter("is fixed" in text for text in told)
    assert counts == {True: 1, False: WRITERS - 1}
    assert sum("is no longer a draft (Pia)" in text for text in told) == WRITERS - 1
    assert world.now("payment_batch", batch["id"])["version"] == batch["version"] + 1


def test_an_approval_is_never_undone_behind_the_back_of_a_batch(world: World) -> None:
    world.account(world.anna)
    for _ in range(4):
        line = world.approved(30000)[0]

        def step(number: int, line: dict[str, Any] = line) -> object:
            if number % 2:
                return world.export(world.batch(line))
            return world.decide(line, "submitted")

        at_once(step, 2)
        now = world.now("claim_line", line["id"])
        batch = now["payment_batch_id"] and world.now("payment_batch", now["payment_batch_id"])
        if batch and batch["status"] == "exported":
            assert (now["status"], batch["control_total_minor"]) == ("approved", 30000)
        else:
            assert now["status"] == "clear"
            assert not batch or batch["line_ids"] == []


def _signed_in(app: Flask) -> TestApp:
    browser = TestApp(app, extra_environ={"HTTP_ACCEPT_LANGUAGE": "en", "HTTP_USER_AGENT": "browser"})
    form = browser.get("/login").forms[1]
    form["username"], form["password"] = "pia", PASSWORD
    form.submit(status=303)
    browser.get("/finance/").forms[0].submit("language", value="en", status=303)
    return browser
