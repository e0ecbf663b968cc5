"""Many counters at once, by page and by phone: exactly one outcome each, the others told clearly."""

from __future__ import annotations

from collections import Counter

from flask import Flask
from webtest import TestApp

from server.tools.naming import purchase_code
from sync.change import new_id
from tests.server.api import Device, signed_in
from tests.server.claims.test_races import at_once
from tests.server.desk import Desk
from tests.server.tools.test_units import bought, issue, kind, take
from tests.server.world import World

AT_ONCE = 6


def test_a_unit_is_issued_once_and_its_kind_stays_in_step(world: World) -> None:
    units = [take(world, None, origin="owned", name="Gauge", shelf="A-1") for _ in range(2)]
    outcomes = at_once(lambda number: issue(world, units[number % 2]), writers=AT_ONCE)
    assert outcomes == ["done"] * 2 + ["unit_not_on_shelf"] * 4
    counts = kind(world, "Gauge")
    assert (counts["owned"], counts["on_shelf"], counts["issued"], counts["shelves"]) == (2, 0, 2, [])


def test_new_tools_of_one_kind_taken_in_at_once_make_one_kind(world: World) -> None:
    at_once(lambda number: take(world, None, origin="found", name="Lamp", shelf=f"A-{number}"), writers=AT_ONCE)
    assert (kind(world, "Lamp")["owned"], len(kind(world, "Lamp")["shelves"])) == (AT_ONCE, AT_ONCE)


def test_a_shelf_gets_one_count(world: World) -> None:
    outcomes = at_once(lambda _: world.create(world.warehouse, "stock_count", shelf="A-1"), writers=AT_ONCE)
    assert outcomes == ["count_open"] * 5 + ["done"]


def test_phones_that_push_the_last_unit_at_once_get_one_of_it(app: Flask, world: World) -> None:
    purchase = bought(world)
    people = [world.person(f"wen{number}", "warehouse") for number in range(AT_ONCE)]
    phones: list[Device] = []
    for number, person in enumerate(people):
        phones.append(signed_in(app, person, f"wen{number}"))
    verdicts: list[str] = []

    def push(number: int) -> None:
        fields = {"tool_purchase_id": purchase["id"], "serial_number": f"SN-{number}", "shelf": "A-1"}
        change = {"change_id": new_id(), "entity": "tool_unit", "record_id": new_id(), "op": "create"}
        answer = phones[number].push(change | {"fields": fields, "made_at": "2026-11-25T08:00:00Z"})
        assert answer.json
        verdict = answer.json["verdicts"][0]
        verdicts.append(verdict.get("code") or verdict["status"])

    at_once(push, writers=AT_ONCE)
    assert Counter(verdicts) == {"applied": 1, "more_units_than_bought": AT_ONCE - 1}
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1


def test_pages_that_confirm_the_same_last_unit_at_once_get_one_of_it(app: Flask, desk: Desk, world: World) -> None:
    purchase = bought(world)
    first = desk("wen")
    pages = []
    for _ in range(AT_ONCE):
        tab = TestApp(app, cookiejar=first.cookiejar, extra_environ=first.extra_environ)
        form = tab.get("/warehouse/").forms["counter"]
        form["code"] = purchase_code(purchase["id"])
        pages.append(form.submit("step", value="scan"))
    answers: list[str] = []

    def confirm(number: int) -> None:
        answers.append(pages[number].forms["counter"].submit("step", value="confirm").text)

    at_once(confirm, writers=AT_ONCE)
    refused = [answer for answer in answers if "All 1 units of this purchase are stocked in already" in answer]
    assert len(refused) == AT_ONCE - 1
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1
