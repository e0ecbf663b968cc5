"""Advances: what was given for a trip is set off first; claimed and returned together are never more than was given."""

from __future__ import annotations

import pytest

from server.claims.advances import Balance, balance_of
from server.claims.states import payable_minor
from sync.change import Record
from sync.errors import Refused
from tests.server.claims.test_races import at_once
from tests.server.desk import Desk, form_of
from tests.server.world import World


def trip_with(world: World, *amounts: int) -> tuple[Record, Record]:
    """A trip, and its claim of as many good receipts."""
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, *(world.receipt(trip, category="other", amount_minor=amount) for amount in amounts))
    world.finish_readings()
    return trip, claim


def balance(world: World, trip: Record) -> Balance:
    return world.engine.write(world.finance, lambda write: balance_of(write, trip["id"]))


def set_off(world: World, claim: Record) -> list[int]:
    return [line["set_off_minor"] for line in world.lines(claim)]


def test_approved_lines_are_set_off_and_only_the_rest_is_paid(world: World) -> None:
    trip, claim = trip_with(world, 6000, 3000, 8000)
    world.advance(trip, 10000)
    first, second, third = world.lines(claim)
    for line in (second, first, third):
        world.decide(line, "approved")
    assert set_off(world, claim) == [6000, 3000, 1000]
    assert balance(world, trip) == Balance(10000, 0, 10000, 17000, 7000)
    world.account(world.anna)
    batch = world.batch(*world.lines(claim))
    assert world.export(batch)["payments"][0]["amount_minor"] == 7000
    world.advance(trip, 5000)
    assert set_off(world, claim) == [6000, 3000, 1000], "the bank was asked already"
    assert balance(world, trip).owed_minor == 5000


def test_a_decision_taken_back_frees_the_advance_and_the_next_line_takes_it(world: World) -> None:
    trip, claim = trip_with(world, 6000, 5000)
    world.advance(trip, 8000)
    first, second = world.lines(claim)
    world.decide(first, "approved")
    world.decide(second, "approved")
    assert set_off(world, claim) == [6000, 2000]
    world.decide(first, "submitted")
    assert set_off(world, claim) == [0, 5000]
    assert balance(world, trip).owed_minor == 3000


def test_what_comes_back_is_never_more_than_what_is_held(world: World) -> None:
    """T24"""
    trip, claim = trip_with(world, 6000)
    advance = world.advance(trip, 10000)
    world.decide(world.decide(world.lines(claim)[0], "approved"), "paid")
    with pytest.raises(Refused, match="more_than_owed"):
        world.update(world.finance, "advance", advance, returned_minor=4001)
    world.update(world.finance, "advance", advance, returned_minor=3000)
    with pytest.raises(Refused, match="more_than_owed"):
        world.update(world.finance, "advance", advance, returned_minor=2000)
    with pytest.raises(Refused, match="field_not_writable"):
        world.update(world.finance, "advance", advance, amount_minor=1)
    assert balance(world, trip) == Balance(10000, 3000, 6000, 6000, 0)
    pia, fei = world.payer, world.finance

    def come_back(number: int) -> Record:
        who = fei if number % 2 else pia
        now = world.now("advance", advance["id"])
        wanted = {"returned_minor": now["returned_minor"] + 700}
        return world.engine.write(who, lambda write: write.update("advance", now, wanted))

    at_once(come_back, writers=4)
    assert 3000 <= world.now("advance", advance["id"])["returned_minor"] <= 4000


def test_nobody_records_an_advance_for_themselves_and_technicians_record_none(world: World) -> None:
    trip, _ = trip_with(world, 6000)
    for who in (world.anna, world.bo, world.manager, world.dispatcher):
        with pytest.raises(Refused):
            world.advance(trip, 100, by=who)
    promoted = type(world.anna)(world.anna.id, frozenset({"finance"}), world.anna.device_id)
    with pytest.raises(Refused, match="own_claim"):
        world.advance(trip, 100, by=promoted)
    with pytest.raises(Refused, match="invalid_fields"):
        world.advance(trip, 0)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_finance_gives_takes_back_and_sees_what_is_owed(desk: Desk, world: World) -> None:
    trip, claim = trip_with(world, 6000)
    browser = desk("fei")
    form = form_of(browser.get("/finance/").click(href="/finance/advances"), "/finance/advances")
    form["trip_id"], form["amount"], form["paid_on"], form["reference"] = trip["id"], "100.00", "2026-11-08", "CASH-7"
    assert "CASH-7" in form.submit().follow()
    world.decide(world.lines(claim)[0], "approved")
    page = browser.get(f"/finance/claims/{claim['id']}")
    said = page.html.select_one('[data-testid="balance"]').get_text(" ", strip=True)
    assert "Set off ¥60.00 To be paid out ¥0.00 Still held by the technician ¥40.00" in said
    assert "Still held" in browser.get(f"/finance/claims/{claim['id']}/print")
    form = form_of(browser.get("/finance/advances"), "/return")
    assert form["amount"].value == "40.00"
    form["amount"] = "140"
    assert "More than the technician still holds" in form.submit().follow()
    form["amount"] = "40"
    assert "Recorded" in form.submit().follow()
    assert balance(world, trip).owed_minor == 0
    desk("wen").get("/finance/advances", status=403)


def test_a_reversal_takes_back_what_was_sent_and_the_advance_is_owed_again_once(world: World) -> None:
    trip, claim = trip_with(world, 6000, 3000, 2000)
    world.advance(trip, 5000)
    first, second, third = world.lines(claim)
    line = world.decide(world.decide(first, "approved"), "paid")
    assert payable_minor(line) == 1000
    reversal = world.reverse(line)
    assert payable_minor(reversal) == -1000, "no more than was sent"
    assert balance(world, trip).owed_minor == 5000
    world.decide(second, "approved")
    assert balance(world, trip).owed_minor == 2000, "the next line is set off against it"
    world.decide(world.now("claim_line", reversal["id"]), "paid", by=world.person("lea", "finance"))
    world.decide(third, "approved")
    assert balance(world, trip) == Balance(5000, 0, 5000, 5000, 0)
    advance = world.engine.write(world.finance, lambda write: write.find("advance"))[0]
    world.decide(world.decide(third, "submitted"), "refused", "Private")
    world.update(world.finance, "advance", advance, returned_minor=2000)
    assert balance(world, trip).owed_minor == 0


@pytest.mark.parametrize("trip_id", [{"a": 1}, [1], 5, True, None, "x\x00", "x" * 5000])
def test_whatever_is_sent_as_an_advance_is_refused_in_words(world: World, trip_id: object) -> None:
    fields = {"trip_id": trip_id, "amount_minor": 1, "paid_on": "2026-11-09"}
    for who in (world.finance, world.anna):
        with pytest.raises(Refused):
            world.create(who, "advance", **fields)


def test_a_form_that_comes_twice_is_recorded_once(desk: Desk, world: World) -> None:
    trip, _ = trip_with(world, 6000)
    browser = desk("fei")
    form = form_of(browser.get("/finance/advances"), "/finance/advances")
    form["trip_id"], form["amount"], form["paid_on"] = trip["id"], "100.00", "2026-11-08"
    form.submit()
    assert "exists already" in form.submit().follow()
    assert balance(world, trip).given_minor == 10000
    form = form_of(browser.get("/finance/advances"), "/return")
    form["amount"] = "30"
    form.submit()
    assert "has changed since it was shown" in form.submit().follow()
    assert balance(world, trip).returned_minor == 3000


def test_an_advance_is_given_in_the_money_of_claims(world: World) -> None:
    with pytest.raises(Refused, match="field_not_writable"):
        world.create(
            world.finance, "advance", trip_id=world.trip()["id"], amount_minor=1, paid_on="2026-11-09", currency="USD"
        )
