"""The fraud controls on real records: what a new receipt does to the lines that it makes suspicious."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from sync.change import Record
from tests.server.desk import desks_of
from tests.server.world import SHENZHEN, SHENZHEN_SELLER, World, codes, digital_number

WEST_LAKE = {"lat": 30.25, "lon": 120.15, "accuracy_m": 20.0}
AT_HOME = {"lat": 22.54, "lon": 114.06, "accuracy_m": 20.0}


def next_number(number: str, steps: int = 1) -> str:
    return f"{int(number) + steps:020}"


def status_of(world: World, claim: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(line["status"], codes(line)) for line in world.lines(claim)]


def test_a_colleagues_next_number_makes_both_lines_suspicious_until_it_is_gone(world: World) -> None:
    trip, other = world.trip(), world.trip(world.bo, division="330700")
    world.report(trip)
    number = digital_number("33")
    mine = world.claim(trip, world.receipt(trip, number=number, category="meal"))
    assert status_of(world, mine) == [("clear", [])]
    theirs = world.receipt(other, world.bo, number=next_number(number, 4), category="meal", amount_minor=5500)
    assert status_of(world, mine) == [("needs_review", ["numbers_in_a_row"])]
    finding = world.lines(mine)[0]["findings"][0]
    assert finding["evidence"] == [{"kind": "receipt", "value": theirs["id"]}]
    assert finding["params"]["numbers"] == [number, next_number(number, 4)]
    world.delete(world.bo, "receipt", theirs)
    assert status_of(world, mine) == [("clear", [])]


def test_finance_opens_the_other_receipt_from_the_finding(world: World, app: Flask) -> None:
    trip, other = world.trip(), world.trip(world.bo, division="330700")
    number = digital_number("33")
    mine = world.claim(trip, world.receipt(trip, number=number, category="meal"))
    loose = world.receipt(other, world.bo, number=next_number(number), seller_name="East Hill Diner", amount_minor=5500)
    desk = desks_of(app, world)("fei")
    page = desk.get(f"/finance/claims/{mine['id']}")
    assert "East Hill Diner" in page
    assert "not claimed yet" in page
    theirs = world.claim(other, loose, owner=world.bo)
    page = desk.get(f"/finance/claims/{mine['id']}").click("Compare with: .*East Hill Diner")
    assert page.request.path == f"/finance/claims/{theirs['id']}"
    assert "Consecutive" in page or "consecutive numbers" in page


def test_colleagues_at_one_table_with_two_invoices_are_left_alone(world: World) -> None:
    trip, other = world.trip(), world.trip(world.bo)
    world.report(trip)
    number = digital_number("33")
    mine = world.claim(trip, world.receipt(trip, number=number, category="meal"))
    world.receipt(other, world.bo, number=next_number(number), category="meal")
    assert status_of(world, mine) == [("clear", [])]


def test_the_slip_of_a_meal_that_a_colleague_claimed_by_its_invoice(world: World) -> None:
    trip, other = world.trip(), world.trip(world.bo)
    for each, who in ((trip, world.anna), (other, world.bo)):
        world.report(each, who)
    mine = world.claim(trip, world.receipt(trip, category="meal", amount_minor=26800))
    slip = {"fapiao_number": "", "qr_text": "", "category": "meal", "amount_minor": 26800, "issued_on": "2026-11-12"}
    theirs = world.claim(other, world.receipt(other, world.bo, **slip), owner=world.bo)
    assert "same_sale_colleague" in codes(world.lines(theirs)[0])
    assert status_of(world, mine) == [("needs_review", ["same_sale_colleague"])]


def test_a_saturday_after_the_trip_is_explained_by_the_ticket_of_that_day(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip, category="meal", issued_on="2026-11-14"))
    assert status_of(world, claim) == [("needs_review", ["weekend_outside_plan"])]
    world.receipt(trip, category="transport", qr_type="51", issued_on="2026-11-14", seller_tax_id="")
    assert status_of(world, claim) == [("clear", [])]


def test_two_cities_on_one_day_need_a_ticket(world: World) -> None:
    trip, south = world.trip(), world.trip(division="440305", home="330100")
    for each in (trip, south):
        world.report(each)
    mine = world.claim(trip, world.receipt(trip, category="meal"))
    far = world.receipt(south, category="meal", seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    assert status_of(world, mine) == [("needs_review", ["two_places_at_once"])]
    assert status_of(world, world.claim(south, far)) == [("needs_review", ["two_places_at_once"])]
    flight = {"category": "transport", "amount_minor": 98000, "seller_tax_id": "", "qr_type": "51"}
    world.receipt(trip, **flight, issued_on="2026-11-11")
    assert status_of(world, mine) == [("clear", [])]


def test_the_document_of_one_city_and_the_phone_in_another(world: World) -> None:
    trip = world.trip(home=SHENZHEN)
    world.report(trip)
    at = {"captured_at": "2026-11-11T12:00:00+08:00"}
    there = world.claim(trip, world.receipt(trip, category="meal", capture_position=WEST_LAKE, **at))
    home = world.claim(trip, world.receipt(trip, category="meal", capture_position=AT_HOME, **at))
    assert "two_places_at_once" in codes(world.lines(there)[0])
    assert "two_places_at_once" in codes(world.lines(home)[0])
    alone = world.trip(world.bo, home=SHENZHEN)
    world.report(alone, world.bo)
    claim = world.claim(
        alone, world.receipt(alone, world.bo, category="meal", capture_position=AT_HOME, **at), owner=world.bo
    )
    assert "document_far_from_phone" in codes(world.lines(claim)[0])


def test_a_picture_that_is_older_than_its_receipt_or_comes_months_later(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    early = world.claim(trip, world.receipt(trip, captured_at="2026-11-01T09:00:00Z"))
    ahead = world.claim(trip, world.receipt(trip, captured_at="2031-11-01T09:00:00Z"))
    assert status_of(world, early) == [("needs_review", ["captured_before_issue"])]
    assert status_of(world, ahead) == [("clear", [])]  # that phone's clock is wrong, and says nothing


def test_what_was_refused_comes_back_with_another_amount(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    slip = {"fapiao_number": "", "qr_text": "", "category": "meal", "seller_name": "Lakeside Hotel"}
    first = world.claim(trip, world.receipt(trip, **slip, amount_minor=26800))
    world.decide(world.lines(first)[0], "refused", "not ours")
    again = world.claim(trip, world.receipt(trip, **slip, amount_minor=27800))
    assert "refused_before" in codes(world.lines(again)[0])


def test_a_tool_is_bought_once_and_a_returned_one_answers_for_its_own_purchase(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claims = []
    for serial in ("TW-7", "tw- 7"):
        receipt = world.receipt(trip, category="tool")
        fields = {"name": "Torque wrench", "quantity": 1, "unit_price_minor": 30000, "serial_numbers": [serial]}
        world.create(world.anna, "tool_purchase", trip_id=trip["id"], receipt_id=receipt["id"], **fields)
        claims.append(world.claim(trip, receipt))
    first, second = claims
    assert codes(world.lines(first)[0]) == ["tool_not_returned"]
    assert codes(world.lines(second)[0]) == ["tool_not_returned", "serial_bought_before"]
    purchases = world.engine.write(world.finance, lambda write: write.find("tool_purchase", trip_id=trip["id"]))
    world.stock_in(purchases[0], "TW-7")
    assert status_of(world, first) == [("clear", [])]
    assert codes(world.lines(second)[0]) == ["tool_not_returned", "serial_returned_for_other"]


def test_what_a_receipt_is_compared_with_is_found_by_an_index(world: World) -> None:
    is_sqlite = world.engine.database.is_sqlite
    for table, condition, index in (
        ("receipt", "amount_minor = 1 AND issued_on BETWEEN '2026-11-09' AND '2026-11-13'", "ix_receipt_amount_day"),
        (
            "receipt",
            "technician_id = 'a' AND issued_on BETWEEN '2026-11-09' AND '2026-11-13'",
            "ix_receipt_technician_day",
        ),
        ("receipt", "identity IN ('E1', 'E2')", "ix_receipt_identity"),
        ("purchase_serial", "serial_number = 'a'", "purchase_serial"),
    ):
        with world.engine.database.read() as connection:
            if not is_sqlite:
                connection.execute(text("SET LOCAL enable_seqscan = off"))  # the table is empty
            explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
            plan = connection.execute(text(f"{explain} SELECT * FROM {table} WHERE {condition}")).all()
        assert index in str(plan)
        assert ("SEARCH" if is_sqlite else "Index") in str(plan)


MEAL = {"category": "meal", "amount_minor": 9000, "seller_name": "Noodle house"}
SLIP = {"fapiao_number": "", "qr_text": "", "seller_tax_id": ""}
LIKE, ALIKE = "00ff00ff00ff00ff", "00ff00ff00ff00fe"


def withdrawn(world: World, **fields: Any) -> tuple[Record, Record, str]:
    """A meal that finance gave back and its technician took out of the claim: the trip, the receipt, and its file."""
    world.limit("meal_day", 5000)
    trip = world.trip()
    world.report(trip)
    photo = world.photo(world.anna, mark=LIKE)
    receipt = world.receipt(trip, **MEAL, **{"attachments": [photo], **fields})
    line = world.lines(world.claim(trip, receipt))[0]
    assert "over_day_limit" in codes(line)
    world.decide(line, "returned", "What was it?")
    world.delete(world.anna, "claim_line", line)
    return trip, world.now("receipt", receipt["id"]), photo


@pytest.mark.parametrize("how", ["same number", "same file", "alike", "same sale"])
@pytest.mark.parametrize("gone", ["deleted", "altered"])
def test_a_withdrawn_receipt_that_comes_as_something_else_keeps_its_limit(world: World, how: str, gone: str) -> None:
    number = digital_number("33")
    trip, receipt, photo = withdrawn(world, **({"number": number} if how == "same number" else SLIP))
    if gone == "deleted":
        world.delete(world.anna, "receipt", receipt)
    else:
        other = {"seller_name": "Tea house", "amount_minor": 100, "issued_on": "2026-11-10", **SLIP}
        world.update(world.anna, "receipt", receipt, **other, attachments=[world.photo(world.anna)])
    new: dict[str, dict[str, Any]] = {
        "same number": {"number": number, "seller_name": "Stall"},
        "same file": {**SLIP, "attachments": [photo], "seller_name": "Stall"},
        "alike": {**SLIP, "attachments": [world.photo(world.anna, mark=ALIKE)], "seller_name": "Stall"},
        "same sale": {**SLIP, "attachments": [world.photo(world.anna)]},
    }
    again = world.receipt(trip, **MEAL | {"category": "other"} | new[how])
    found = codes(world.lines(world.claim(trip, again))[0])
    assert {"category_changed", "over_day_limit"} <= set(found)
    assert world.now("receipt", again["id"])["handed_in_as"] == "meal"


def test_a_picture_or_a_number_that_comes_after_the_claim_is_known_again_too(world: World) -> None:
    trip, receipt, _ = withdrawn(world, **SLIP)
    world.delete(world.anna, "receipt", receipt)
    on_its_way = hashlib.sha256(b"late").hexdigest()
    late = world.receipt(
        trip, **MEAL | SLIP | {"category": "other", "seller_name": "Stall", "attachments": [on_its_way]}
    )
    claim = world.claim(trip, late)
    assert codes(world.lines(claim)[0]) == ["place_unproven", "attachment_not_arrived"]
    world.photo(world.anna, "late", mark=ALIKE)
    assert {"category_changed", "over_day_limit"} <= set(codes(world.lines(claim)[0]))


def test_another_invoice_of_the_shop_is_another_receipt(world: World) -> None:
    trip, receipt, _ = withdrawn(world)
    world.delete(world.anna, "receipt", receipt)
    invoice = MEAL | {"category": "other", "attachments": [world.photo(world.anna, mark=ALIKE)]}
    mine = world.receipt(trip, **invoice)
    assert status_of(world, world.claim(trip, mine)) == [("clear", [])]
    never = world.receipt(trip, **MEAL, issued_on="2026-11-10")
    world.delete(world.anna, "receipt", never)
    again = world.receipt(trip, **MEAL | {"category": "other"}, issued_on="2026-11-10", number=never["fapiao_number"])
    assert status_of(world, world.claim(trip, again)) == [("clear", [])], "a typing error, never handed in"


def test_a_refused_receipt_does_not_come_back_unseen(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, **MEAL | SLIP)
    line = world.lines(world.claim(trip, receipt))[0]
    world.decide(line, "refused", "Drinks for friends")
    again = world.lines(world.claim(trip, receipt))[0]
    assert "refused_itself" in codes(again)
    finding = next(item for item in again["findings"] if item["code"] == "refused_itself")
    assert finding["params"] == {"reason": "Drinks for friends"}
    world.decide(again, "refused", "As before")
    other = world.receipt(trip, **MEAL | SLIP | {"category": "other"})
    assert "refused_before" in codes(world.lines(world.claim(trip, other))[0])
