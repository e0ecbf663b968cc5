"""The life of a waiver: asked for, decided by another, and over on its day (REG-A12, REG-D3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.claims.rules.waiving import (
    counts,
    covers,
    freed_minor,
    has_run_out,
    is_moot,
    last_day,
    may_ask,
    measure,
    times_to_remind,
)
from server.claims.waivers import due_to_end, end_one
from sync.actor import SYSTEM
from sync.change import Record
from sync.errors import Refused
from tests.server.claims.test_races import at_once
from tests.server.world import SHENZHEN_SELLER, World, codes, digital_number
from tests.vectors import vectors

LINE: dict[str, Any] = {"status": "blocked", "returned_at": "", "amount_minor": 10000}
GIVEN: dict[str, Any] = {"status": "given", "given_at": "2026-11-10T08:00:00.000Z", "valid_until": "2026-11-20"}
PLACE = {"code": "place_mismatch", "severity": "block", "params": {}}
LIMIT = {"code": "over_night_limit", "severity": "review", "params": {"over": 4000}}


def test_a_waiver_counts_up_to_its_last_day_and_not_for_a_line_returned_since() -> None:
    assert counts(GIVEN, LINE, "2026-11-20")
    assert not counts(GIVEN, LINE, "2026-11-21")
    assert not counts(GIVEN, LINE | {"returned_at": "2026-11-11T08:00:00.000Z"}, "2026-11-12")
    assert not counts(GIVEN | {"status": "taken_back"}, LINE, "2026-11-12")
    assert not has_run_out(GIVEN | {"valid_until": ""}, "2099-01-01")


def test_a_waiver_covers_what_was_found_or_less_of_it() -> None:
    tools = {"code": "tool_not_returned", "params": {"bought": 3, "returned": 2, "names": ["Wrench"]}, "evidence": []}
    twins = [{"kind": "receipt", "value": name} for name in ("r1", "r2")]
    again = {"code": "receipt_duplicate", "params": {"count": 1, "own": True}, "evidence": twins[:1]}
    forfeited = {"code": "tool_forfeited", "params": {"count": 2}, "evidence": []}
    cases = [
        (LIMIT, "over", 4000, [({"params": {"over": 3000}}, True), ({"params": {"over": 4001}}, False)]),
        (tools, "missing", 1, [({"params": {"bought": 3, "returned": 1}}, False), ({}, True)]),
        (forfeited, "missing", 2, [({"params": {"count": 1}}, True), ({"params": {"count": 3}}, False)]),
        (again, "receipts", ["r1"], [({"evidence": twins}, False), ({"evidence": []}, True)]),
    ]
    for finding, name, size, later_on in cases:
        waiver = {"finding_code": finding["code"], "lifts": measure([finding], finding["code"])}
        assert waiver["lifts"] == {name: size}
        assert [covers(waiver, finding | now) for now, _ in later_on] == [expected for _, expected in later_on]
        assert not covers(waiver, finding | {"code": "other"})
    assert measure([PLACE], "place_mismatch") == {}
    assert covers({"finding_code": "over_night_limit", "lifts": {}}, LIMIT), "given before waivers had a measure"


def test_the_waivers_of_a_line_free_no_more_than_the_line() -> None:
    first = freed_minor(10000, [PLACE, LIMIT], "place_mismatch")
    second = freed_minor(10000, [PLACE | {"waived": True}, LIMIT], "over_night_limit")
    assert (first, second) == (6000, 4000)
    assert freed_minor(10000, [PLACE, {**PLACE, "code": "receipt_duplicate"}], "place_mismatch") == 0


@vectors("waiver_ask")
def test_what_may_be_asked(given: dict[str, Any], expected: bool) -> None:
    assert may_ask("place_mismatch", given["line"], given["waivers"], "2026-11-18") is expected


def test_a_request_is_moot_once_its_finding_is_gone() -> None:
    asked = {"finding_code": "place_mismatch"}
    assert is_moot(asked, LINE | {"findings": []})
    assert not is_moot(asked, LINE | {"findings": [PLACE]})


def test_the_last_day_is_given_or_usual_and_within_a_year() -> None:
    assert last_day("", "2026-11-20", 30) == "2026-12-20"
    assert last_day("2026-11-20", "2026-11-20", 30) == "2026-11-20"
    assert last_day("2026-11-19", "2026-11-20", 30) == last_day("2029-01-01", "2026-11-20", 30) == ""
    assert [times_to_remind("2026-11-20", f"2026-11-{day}", 3) for day in (20, 22, 23, 27)] == [0, 0, 1, 2]


def blocked(world: World) -> Record:
    """A line that the place of its receipt blocks."""
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95")))
    world.finish_readings()
    return world.lines(claim)[0]


def ask(world: World, line: Record, **fields: Any) -> Record:
    why = {"finding_code": "place_mismatch", "request": "The head office bills", **fields}
    return world.create(world.anna, "waiver", claim_line_id=line["id"], **why)


def later(world: World, days: int) -> None:
    """The server's clock goes on."""
    then = datetime.now(UTC) + timedelta(days)
    world.engine.clock = lambda: then


def end_all(world: World) -> list[bool]:
    ids = world.engine.write(SYSTEM, due_to_end)
    return [world.engine.write(SYSTEM, lambda write, one=one: end_one(write, one)) for one in ids]


def test_a_waiver_is_asked_for_given_and_over_on_its_day(world: World) -> None:
    line = blocked(world)
    photo = world.photo(world.anna)
    asked = ask(world, line, attachments=[photo])
    assert (asked["status"], asked["asked_by"], asked["amount_minor"]) == ("asked", world.anna.id, 30000)
    with pytest.raises(Refused, match="waiver_open"):
        ask(world, line)
    with pytest.raises(Refused, match="field_not_writable"):
        world.update(world.finance, "waiver", asked, status="given", reason="Mine")
    given = world.update(world.manager, "waiver", asked, status="given", reason="Seen")
    assert (given["freed_minor"], given["given_by"], given["article"]) == (30000, world.manager.id, "REG-D3")
    with pytest.raises(Refused, match="waiver_decided"):
        world.update(world.anna, "waiver", asked, status="withdrawn")
    world.account(world.anna)
    line = world.decide(world.now("claim_line", line["id"]), "approved")
    batch = world.batch(line)
    later(world, 29)
    assert end_all(world) == []
    later(world, 32)
    with pytest.raises(Refused, match="payment_waiver_ended"):
        world.export(batch)
    assert end_all(world) == [True]
    assert world.now("waiver", asked["id"])["status"] == "expired"
    line = world.now("claim_line", line["id"])
    assert (line["status"], codes(line), line["decided_by"]) == ("blocked", ["place_mismatch"], None)


def test_what_the_bank_was_asked_for_does_not_end(world: World) -> None:
    line = blocked(world)
    world.update(world.manager, "waiver", ask(world, line), status="given", reason="Seen")
    world.account(world.anna)
    world.export(world.batch(world.decide(world.now("claim_line", line["id"]), "approved")))
    later(world, 40)
    assert end_all(world) == [False]
    assert world.now("claim_line", line["id"])["status"] == "approved"


def test_a_request_is_withdrawn_refused_or_moot(world: World) -> None:
    line = blocked(world)
    withdrawn = world.update(world.anna, "waiver", ask(world, line), status="withdrawn")
    assert withdrawn["ended_by"] == world.anna.id
    again = ask(world, line)
    with pytest.raises(Refused, match="reason_required"):
        world.update(world.manager, "waiver", again, status="refused")
    assert world.update(world.manager, "waiver", again, status="refused", reason="No")["refused_by"] == world.manager.id
    third = ask(world, line)
    world.decide(line, "refused", "Not ours")
    assert world.now("waiver", third["id"])["status"] == "void"
    with pytest.raises(Refused, match="not_decidable"):
        ask(world, line)


def test_a_manager_takes_a_waiver_back_before_the_money_goes(world: World) -> None:
    line = blocked(world)
    given = world.create(
        world.manager, "waiver", claim_line_id=line["id"], finding_code="place_mismatch", reason="Seen"
    )
    world.decide(world.now("claim_line", line["id"]), "approved")
    with pytest.raises(Refused, match="reason_required"):
        world.update(world.manager, "waiver", given, status="taken_back")
    world.update(world.manager, "waiver", given, status="taken_back", end_reason="Wrong line")
    assert world.now("claim_line", line["id"])["status"] == "blocked"


def test_nobody_asks_for_others_nor_decides_on_their_own(world: World) -> None:
    line = blocked(world)
    with pytest.raises(Refused, match="not_yours"):
        world.create(world.bo, "waiver", claim_line_id=line["id"], finding_code="place_mismatch", request="Please")
    asked = ask(world, line)
    with pytest.raises(Refused, match="own_claim"):
        world.update(world.as_manager(world.anna), "waiver", asked, status="given", reason="Mine")
    with pytest.raises(Refused, match="own_claim"):
        world.update(world.as_manager(world.anna), "waiver", asked, status="refused", reason="Mine")
    with pytest.raises(Refused, match="field_not_writable"):
        world.create(world.anna, "waiver", claim_line_id=line["id"], finding_code="place_mismatch", status="given")


def test_a_request_follows_the_tools_that_still_wait(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool", amount_minor=60000)
    purchase = world.tool(trip, receipt, quantity=2)
    line = world.lines(world.claim(trip, receipt))[0]
    asked = ask(world, line, finding_code="tool_not_returned", request="One fell into the river")
    world.stock_in(purchase)
    asked = world.now("waiver", asked["id"])
    assert (asked["status"], world.now("claim_line", asked["claim_line_id"])["split_from"]) == ("asked", line["id"])


def test_two_phones_ask_for_the_same_once(world: World) -> None:
    line = blocked(world)
    assert (
        at_once(lambda number: ask(world, line, request=f"Why {number}"), writers=4) == ["done"] + ["waiver_open"] * 3
    )


def test_of_two_managers_at_once_one_decides_and_the_other_is_told(world: World) -> None:
    asked = ask(world, blocked(world))
    managers = [world.manager, world.person("mei", "manager")]
    steps = [{"status": "given", "reason": "Yes"}, {"status": "refused", "reason": "No"}]

    def decide(number: int) -> object:
        by, fields = managers[number % 2], steps[number % 2]
        return world.engine.write(by, lambda write: write.update("waiver", asked, fields))

    assert at_once(decide, writers=6) == ["done"] + ["waiver_decided"] * 5
    waiver = world.now("waiver", asked["id"])
    line = world.now("claim_line", waiver["claim_line_id"])
    assert (waiver["status"], line["status"]) in {("given", "clear"), ("refused", "blocked")}


@pytest.mark.parametrize("end", ["taken back", "expired"])
def test_a_note_about_something_else_does_not_stand_in_for_a_waiver_that_is_over(world: World, end: str) -> None:
    """Finance wrote why the place is right; that the limit was waived is no longer so."""
    world.limit("receipt", 20000, "lodging")
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, fapiao_number="", qr_text="", seller_tax_id="")
    line = world.lines(world.claim(trip, receipt))[0]
    world.finish_readings()
    assert codes(line) == ["place_unproven", "over_receipt_limit"]
    why = {"finding_code": "over_receipt_limit", "reason": "No cheaper room"}
    waiver = world.create(world.manager, "waiver", claim_line_id=line["id"], **why)
    assert world.decide(line, "approved", "Asked the hotel")["approved_minor"] == 30000
    if end == "expired":
        later(world, 40)
        with pytest.raises(Refused, match="waiver_over"):
            world.decide(line, "paid")
        assert end_all(world) == [True]
    else:
        world.update(world.manager, "waiver", waiver, status="taken_back", end_reason="Wrong line")
    now = world.now("claim_line", line["id"])
    assert (now["status"], now["approved_minor"]) == ("needs_review", 0)
    with pytest.raises(Refused, match="step_not_allowed"):
        world.decide(line, "paid")


def test_a_waiver_of_a_limit_pays_no_more_than_was_above_it_then(world: World) -> None:
    """A receipt that came first is handed in last, approved first, and takes the day's limit for itself."""
    world.limit("meal_day", 10000)
    trip = world.trip()
    world.report(trip)
    kept_back = world.receipt(trip, category="meal", amount_minor=10000)
    first = world.claim(trip, world.receipt(trip, category="meal", amount_minor=12000))
    line = world.lines(first)[0]
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code="over_day_limit", reason="A guest")
    world.finish_readings()
    assert world.lines(first)[0]["status"] == "clear"
    world.decide(world.lines(world.claim(trip, kept_back))[0], "approved")
    now = world.lines(first)[0]
    assert (now["status"], now["findings"][0]["params"]["over"]) == ("needs_review", 12000)
    with pytest.raises(Refused, match="over_limit"):
        world.decide(line, "approved", "Waived")
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code="over_day_limit", reason="Both then")
    assert world.decide(line, "approved")["approved_minor"] == 12000


def test_a_waiver_for_one_missing_tool_is_none_for_two(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    tools = [world.tool(trip, receipt, price=15000, name=name) for name in ("Torque wrench", "Grease gun")]
    claim = world.claim(trip, receipt)
    unit = world.stock_in(tools[0])
    line = world.lines(claim)[0]
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code="tool_not_returned", reason="Stolen")
    assert world.lines(claim)[0]["status"] == "clear"
    world.update(world.warehouse, "tool_unit", unit, status="cancelled", reason="Not this one")
    assert codes(world.lines(claim)[0])[0] == "tool_not_returned"
