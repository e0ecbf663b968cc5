"""The life of a claim: returned for repair and handed in again, approved in part, paid by another hand, reversed."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.claims import drawing
from server.claims.states import CLAIM_STATES, CLAIM_STEPS, LINE_STATES, LINE_STEPS, Step
from sync.audit import verify
from sync.change import Record
from sync.errors import Refused
from tests.server.world import HANGZHOU_SELLER, SHENZHEN_SELLER, World, base_of, codes, digital_number, qr_text


def blocked(world: World, *others: int) -> tuple[Record, Record, Record]:
    """A claim with a hotel of another place, and a good receipt of each other amount: trip, receipt and claim."""
    trip = world.trip()
    world.report(trip)
    hotel = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    good = [world.receipt(trip, category="meal", amount_minor=amount) for amount in others]
    return trip, hotel, world.claim(trip, hotel, *good)


def paid(world: World) -> tuple[Record, Record, Record]:
    """A claim of one paid line: receipt, claim and line."""
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip)
    claim = world.claim(trip, receipt)
    world.finish_readings()
    world.decide(world.lines(claim)[0], "approved")
    return receipt, claim, world.decide(world.lines(claim)[0], "paid")


def test_the_drawing_in_the_docs_is_that_of_the_code() -> None:
    drawn = Path(__file__).parents[3] / "docs" / "claim-states.md"
    assert drawn.read_text(encoding="utf-8") == drawing.page()


@pytest.mark.parametrize(("states", "steps"), [(CLAIM_STATES, CLAIM_STEPS), (LINE_STATES, LINE_STEPS)])
def test_every_state_is_reached_by_a_step_and_no_step_is_said_twice(
    states: tuple[str, ...], steps: tuple[Step, ...]
) -> None:
    assert isinstance(steps, tuple)
    assert {state for step in steps for state in (step.before, step.after)} == set(states)
    assert len({(step.before, step.after, step.by) for step in steps}) == len(steps)


def test_a_returned_line_is_repaired_and_handed_in_again(world: World) -> None:
    _, hotel, claim = blocked(world, 8800)
    handed_in = world.now("claim", claim["id"])["submitted_at"]
    wrong, meal = world.lines(claim)
    with pytest.raises(Refused, match="reason_required"):
        world.decide(wrong, "returned", " ")
    returned = world.decide(wrong, "returned", "The seller's number is another company's")
    assert (returned["returned_by"], returned["return_reason"]) == (
        world.finance.id,
        "The seller's number is another company's",
    )
    assert world.now("claim", claim["id"])["status"] == "returned"
    assert world.decide(meal, "approved")["status"] == "approved"
    assert world.now("claim", claim["id"])["status"] == "returned"

    number = digital_number("33")
    mended = {
        "seller_tax_id": HANGZHOU_SELLER,
        "fapiao_number": number,
        "qr_text": qr_text(number, 30000, "2026-11-11"),
    }
    world.update(world.anna, "receipt", hotel, **mended)
    world.update(world.anna, "claim_line", wrong, amount_minor=29000, note="Without the minibar")
    assert world.lines(claim)[0]["status"] == "returned"
    world.update(world.anna, "claim", claim, status="submitted")
    again = world.now("claim", claim["id"])
    assert (again["status"], again["submitted_at"], again["total_minor"]) == ("submitted", handed_in, 37800)
    assert [(line["status"], codes(line)) for line in world.lines(claim)] == [("clear", []), ("approved", [])]
    world.decide(world.lines(claim)[0], "approved")
    assert world.now("claim", claim["id"])["status"] == "decided"


def test_a_tool_purchase_is_repaired_while_its_line_is_returned(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt, quantity=2, price=15000)
    claim = world.claim(trip, receipt)
    with pytest.raises(Refused, match="receipt_claimed"):
        world.update(world.anna, "tool_purchase", purchase, quantity=1, unit_price_minor=30000)
    world.decide(world.lines(claim)[0], "returned", "One tool is on the receipt, not two")
    world.update(world.anna, "tool_purchase", purchase, quantity=1, unit_price_minor=30000)
    world.stock_in(purchase, "TW-1")
    world.update(world.anna, "claim", claim, status="submitted")
    assert [(line["status"], line["amount_minor"]) for line in world.lines(claim)] == [("clear", 30000)]


def test_only_what_was_returned_can_be_changed_and_an_old_phone_is_told(world: World) -> None:
    trip, _, claim = blocked(world, 8800)
    wrong, meal = world.lines(claim)
    old = [
        base_of("claim_line", wrong, amount_minor=1),
        base_of("claim", claim, note="Paid in cash"),
        base_of("claim_line", meal, amount_minor=1),
    ]
    verdicts = world.engine.push(world.anna, old)
    assert [(verdict.status, verdict.code) for verdict in verdicts] == [("rejected", "claim_not_draft")] * 3
    world.decide(wrong, "returned", "Look again")
    with pytest.raises(Refused, match="claim_not_draft"):
        world.update(world.anna, "claim_line", meal, amount_minor=1)
    late = world.receipt(trip, category="meal")
    with pytest.raises(Refused, match="claim_not_draft"):
        world.create(world.anna, "claim_line", claim_id=claim["id"], receipt_id=late["id"], amount_minor=1)
    for fields in ({"status": "clear"}, {"return_reason": ""}, {"receipt_id": late["id"]}, {"approved_minor": 9}):
        verdict = world.engine.push(world.anna, [base_of("claim_line", world.lines(claim)[0], **fields)])[0]
        assert (verdict.status, verdict.code) == ("rejected", "field_not_writable")
    # The same amount, changed on two phones: the second is asked, and nothing is lost.
    seen = world.lines(claim)[0]
    world.update(world.anna, "claim_line", seen, amount_minor=28000)
    verdict = world.engine.push(world.anna, [base_of("claim_line", seen, amount_minor=27000)])[0]
    assert (verdict.status, verdict.params["fields"]) == ("conflict", ["amount_minor"])


def test_withdrawing_what_was_returned_leaves_the_rest(world: World) -> None:
    _, _, claim = blocked(world, 8800)
    wrong, meal = world.lines(claim)
    world.decide(wrong, "returned", "Not of this trip")
    world.delete(world.anna, "claim_line", wrong)
    assert world.now("claim", claim["id"]) | {"version": 0} == world.now("claim", claim["id"]) | {
        "version": 0,
        "status": "submitted",
        "total_minor": 8800,
    }
    world.decide(meal, "returned", "Nor this one")
    world.delete(world.anna, "claim_line", meal)
    assert world.now("claim", claim["id"])["status"] == "draft"
    world.delete(world.anna, "claim", claim)


def test_a_waiver_does_not_outlive_the_repair(world: World) -> None:
    _, _, claim = blocked(world)
    line = world.lines(claim)[0]
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code="place_mismatch", reason="Head office")
    assert world.lines(claim)[0]["status"] == "clear"
    world.decide(line, "returned", "Show the other side")
    world.update(world.anna, "claim", claim, status="submitted")
    assert world.lines(claim)[0]["status"] == "blocked"


def test_less_is_approved_with_a_reason_and_taken_back_whole(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip, amount_minor=30000))
    line = world.lines(claim)[0]
    for wrong in (30001, -1):
        with pytest.raises(Refused, match="invalid_fields"):
            world.decide(line, "approved", "no", approved_minor=wrong)
    with pytest.raises(Refused, match="reason_required"):
        world.decide(line, "approved", approved_minor=20000)
    assert world.decide(line, "approved", "Minibar", approved_minor=20000)["approved_minor"] == 20000
    world.decide(line, "submitted")
    assert world.lines(claim)[0]["approved_minor"] == 0
    assert world.decide(line, "approved")["approved_minor"] == 30000


def test_a_payment_is_taken_back_by_a_counter_entry_once(world: World) -> None:
    receipt, claim, line = paid(world)
    with pytest.raises(Refused, match="reason_required"):
        world.reverse(line, " ")
    reversal = world.reverse(line, "Paid by the company card already", by=world.manager)
    assert (reversal["amount_minor"], reversal["approved_minor"], reversal["status"]) == (-30000, -30000, "approved")
    was, now = line, world.now("claim_line", line["id"])
    assert now == was | {"reversed_by": reversal["id"], "version": was["version"] + 1}
    assert world.now("claim", claim["id"])["total_minor"] == 0
    with pytest.raises(Refused, match="already_reversed"):
        world.reverse(now)
    with pytest.raises(Refused, match="not_paid"):
        world.reverse(reversal)
    with pytest.raises(Refused, match="reversal_stands"):
        world.decide(reversal, "submitted")
    world.update(world.dispatcher, "trip", world.now("trip", receipt["trip_id"]), purpose="Judged again")
    assert world.now("claim_line", reversal["id"])["findings"] == []
    assert world.decide(reversal, "paid")["status"] == "paid"
    again = world.claim(world.now("trip", receipt["trip_id"]), receipt)
    assert world.lines(again)[0]["status"] == "clear"
    with world.engine.database.read() as connection:
        assert verify(connection, world.engine.registry) is None


def test_a_receipt_claimed_again_is_not_paid_by_hand_past_its_open_counter_entry(world: World) -> None:
    receipt, _, line = paid(world)
    reversal = world.reverse(line)
    again = world.claim(world.now("trip", receipt["trip_id"]), receipt)
    approved = world.decide(world.lines(again)[0], "approved")
    with pytest.raises(Refused, match="counter_entry_open") as refused:
        world.decide(approved, "paid")
    assert refused.value.params == {"name": "Anna", "owed": "300.00 CNY"}
    assert world.decide(reversal, "paid")["status"] == "paid", "the money came back"
    assert world.decide(approved, "paid")["status"] == "paid"


def test_a_reversal_is_of_a_paid_line_and_by_nobody_else(world: World) -> None:
    _, claim, line = paid(world)
    for who in (world.anna, world.bo, world.warehouse, world.dispatcher):
        with pytest.raises(Refused):
            world.reverse(line, by=who)
    trip = world.trip()
    other = world.claim(trip, world.receipt(trip))
    with pytest.raises(Refused, match="not_paid"):
        world.reverse(world.lines(other)[0])
    with pytest.raises(Refused, match="step_not_allowed"):
        world.reverse(line | {"claim_id": other["id"]})
    assert len(world.lines(claim)) == 1
