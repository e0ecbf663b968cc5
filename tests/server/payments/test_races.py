"""Two people at the payment desk at the same moment: one outcome each, and no yuan twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from webtest import TestApp, Upload

from tests.server.api import PASSWORD, give_password
from tests.server.claims.test_races import at_once
from tests.server.desk import form_of
from tests.server.world import World

WRITERS = 4


@pytest.fixture
def browsers(app: Flask, world: World) -> list[TestApp]:
    """The payer at several browsers, signed in by the form."""
    give_password(app.extensions["fieldclaim"], world.payer)
    world.update(world.payer, "user", world.now("user", world.payer.id), language="en")
    return [_signed_in(app) for _ in range(WRITERS)]


def pressed_at_once(pages: Sequence[Any], action: str) -> list[str]:
    """What each is told who sends the form of a page at the same moment as the others."""
    barrier = Barrier(len(pages))
    told: list[str] = []

    def press(page: Any) -> None:
        barrier.wait()
        answer = form_of(page, action).submit()
        answer = answer.follow() if answer.status_int == 303 else answer
        told.append(answer.html.find("p", {"class": "flash"}).text)

    threads = [Thread(target=press, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == len(pages)
    return told


def test_the_same_lines_go_into_one_batch(world: World, browsers: list[TestApp]) -> None:
    lines = world.approved(30000, 5000)
    world.account(world.anna)
    told = pressed_at_once([browser.get("/payments/") for browser in browsers], "/payments/batches")
    assert Counter("is made" in text for text in told) == {True: 1, False: WRITERS - 1}
    assert sum("Already in another batch: Anna" in text for text in told) == WRITERS - 1
    assert len({line["payment_batch_id"] for line in world.lines({"id": lines[0]["claim_id"]})}) == 1
    assert len(world.engine.write(world.payer, lambda write: write.find("payment_batch"))) == 1


def test_of_many_who_export_a_batch_at_once_one_does(world: World, browsers: list[TestApp]) -> None:
    world.account(world.anna)
    batch = world.batch(*world.approved(30000))
    told = pressed_at_once([browser.get(f"/payments/batches/{batch['id']}") for browser in browsers], "/export")
    assert Counter("is fixed" in text for text in told) == {True: 1, False: WRITERS - 1}
    assert sum("is no longer a draft (Pia)" in text for text in told) == WRITERS - 1
    assert world.now("payment_batch", batch["id"])["version"] == batch["version"] + 1


def test_a_result_that_is_imported_many_times_at_once_counts_once(world: World, browsers: list[TestApp]) -> None:
    world.account(world.anna)
    batch = world.export(world.batch(*world.approved(30000)))
    reference = batch["payments"][0]["reference"]
    data = f"付款编号,金额,状态,银行流水号\n{reference},300.00,成功,TX-1".encode()
    previews = []
    for browser in browsers:
        form = form_of(browser.get(f"/payments/batches/{batch['id']}"), "/result")
        form["file"] = Upload("answer.csv", data, "text/csv")
        previews.append(form.submit())
    told = pressed_at_once(previews, "/result/record")
    assert Counter("Recorded: 1 paid" in text for text in told) == {True: 1, False: WRITERS - 1}
    assert sum("Something has changed since the preview" in text for text in told) == WRITERS - 1
    assert len(world.engine.write(world.payer, lambda write: write.find("payment_result"))) == 1
    line = world.now("claim_line", batch["line_ids"][0])
    assert (line["status"], line["payment_reference"], line["paid_by"]) == ("paid", "TX-1", world.payer.id)


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
    return browser
