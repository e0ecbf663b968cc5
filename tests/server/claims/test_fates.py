"""Claim lines move apart: each receipt meets its own fate, and nobody can push one past its block."""

from __future__ import annotations

from typing import Any

import pytest

from sync.audit import verify
from sync.errors import Refused
from tests.server.world import SHENZHEN_SELLER, World, base_of, codes, digital_number


def by_receipt(world: World, claim: dict[str, Any], receipt: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in world.lines(claim) if line["receipt_id"] == receipt["id"]]


def test_four_receipts_of_one_claim_meet_four_fates(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    meal = world.receipt(trip, category="meal", amount_minor=8800)
    hotel = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    tool = world.receipt(trip, category="tool", amount_minor=30000)
    pair = world.receipt(trip, category="tool", amount_minor=50000)
    world.tool(trip, tool)
    half = world.tool(trip, pair, quantity=2, price=25000)
    claim = world.claim(trip, meal, hotel, tool, pair)
    world.stock_in(half, "SN-1")
    assert [(line["status"], codes(line)) for line in by_receipt(world, claim, meal)] == [("clear", [])]
    assert [(line["status"], codes(line)) for line in by_receipt(world, claim, hotel)] == [
        ("blocked", ["place_mismatch"])
    ]
    assert [(line["status"], codes(line)) for line in by_receipt(world, claim, tool)] == [
        ("blocked", ["tool_not_returned"])
    ]
    assert [(line["status"], line["amount_minor"], codes(line)) for line in by_receipt(world, claim, pair)] == [
        ("clear", 25000, []),
        ("blocked", 25000, ["tool_not_returned"]),
    ]
    assert world.now("claim", claim["id"])["total_minor"] == 8800 + 30000 + 30000 + 50000


def test_a_blocked_tool_line_becomes_clear_by_itself_when_the_tool_comes_back(world: World) -> None:
    """T19"""
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt)
    claim = world.claim(trip, receipt)
    assert [line["status"] for line in world.lines(claim)] == ["blocked"]
    unit = world.stock_in(purchase, "sn 7")
    assert [line["status"] for line in world.lines(claim)] == ["clear"]
    assert (unit["serial_number"], unit["stocked_in_by"]) == ("SN7", world.warehouse.id)
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1


def test_cancelling_a_return_undoes_all_that_followed_from_it(world: World) -> None:
    """T19"""
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt)
    claim = world.claim(trip, receipt)
    unit = world.stock_in(purchase, "SN-1")
    world.decide(world.lines(claim)[0], "approved")
    world.update(world.warehouse, "tool_unit", unit, status="cancelled", reason="wrong tool")
    line = world.lines(claim)[0]
    assert (line["status"], line["decided_by"], codes(line)) == ("blocked", None, ["tool_not_returned"])
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 0


def test_a_tool_that_was_paid_for_cannot_be_taken_back_out_of_the_count(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt)
    claim = world.claim(trip, receipt)
    unit = world.stock_in(purchase)
    world.finish_readings()
    world.decide(world.decide(world.lines(claim)[0], "approved"), "paid")
    with pytest.raises(Refused, match="unit_already_paid"):
        world.update(world.warehouse, "tool_unit", unit, status="cancelled", reason="mistake")


def test_a_unit_answers_for_one_purchase_only(world: World) -> None:
    trip = world.trip()
    first = world.tool(trip, world.receipt(trip, category="tool"))
    second = world.tool(trip, world.receipt(trip, category="tool"))
    world.stock_in(first, "SN-1")
    with pytest.raises(Refused, match="unit_already_answered"):
        world.stock_in(second, " sn-1 ")
    with pytest.raises(Refused, match="more_units_than_bought"):
        world.stock_in(first, "SN-2")


@pytest.mark.parametrize("who", ["anna", "bo", "dispatcher", "warehouse", "finance", "manager"])
def test_nobody_approves_a_blocked_line_by_a_crafted_push(world: World, who: str) -> None:
    """T20"""
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95")))
    line = world.lines(claim)[0]
    actor = getattr(world, who)
    for fields in ({"status": "approved"}, {"status": "paid"}, {"status": "clear"}, {"findings": []}):
        verdict = world.engine.push(actor, [base_of("claim_line", line, **fields)])[0]
        assert verdict.status == "rejected"
        if world.engine.registry["claim_line"].policy.buckets(line) & actor.buckets and fields == {
            "status": "approved"
        }:
            assert verdict.code == "line_blocked"
            assert verdict.params["findings"][0]["code"] == "place_mismatch"
    assert world.lines(claim)[0] == line


def test_finance_approves_what_is_clear_and_can_take_it_back(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    approved = world.decide(world.lines(claim)[0], "approved")
    assert approved["decided_by"] == world.finance.id
    assert world.now("claim", claim["id"])["status"] == "decided"
    world.update(world.finance, "claim_line", approved, status="submitted")
    assert world.lines(claim)[0]["status"] == "clear"
    assert world.now("claim", claim["id"])["status"] == "submitted"


def test_what_cannot_be_proved_needs_a_note_or_a_reading(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, seller_tax_id="")
    claim = world.claim(trip, receipt)
    line = world.lines(claim)[0]
    assert (line["status"], codes(line)) == ("needs_review", ["place_unproven"])
    with pytest.raises(Refused, match="review_note_required"):
        world.decide(line, "approved")
    world.create(world.finance, "evidence", receipt_id=receipt["id"], division_code="330106", note="stamp: Xihu")
    assert world.lines(claim)[0]["status"] == "clear"


def test_a_reading_of_another_place_blocks(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip)
    claim = world.claim(trip, receipt)
    world.create(world.finance, "evidence", receipt_id=receipt["id"], division_code="440305", note="stamp: Nanshan")
    assert codes(world.lines(claim)[0]) == ["place_mismatch"]


def test_a_waiver_lets_a_line_pass_but_not_by_the_hand_that_gave_it(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95")))
    line = world.lines(claim)[0]
    why = {
        "claim_line_id": line["id"],
        "finding_code": "place_mismatch",
        "reason": "Billed by the head office",
    }
    with pytest.raises(Refused, match="field_not_writable"):
        world.create(world.finance, "waiver", **why)
    world.create(world.manager, "waiver", **why)
    line = world.lines(claim)[0]
    assert line["status"] == "clear"
    assert line["findings"][0]["waived"]
    assert world.decide(line, "approved")["status"] == "approved"


def test_nobody_decides_on_their_own_claim(world: World) -> None:
    """T20"""
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    promoted = type(world.anna)(world.anna.id, frozenset({"finance"}), world.anna.device_id)
    with pytest.raises(Refused, match="own_claim"):
        world.decide(world.lines(claim)[0], "approved", by=promoted)


def test_the_same_invoice_by_two_people_is_paid_once(world: World) -> None:
    """T23"""
    trip, other = world.trip(), world.trip(world.bo)
    world.report(trip)
    world.report(other, world.bo)
    number = digital_number("33")
    first = world.claim(trip, world.receipt(trip, number=number))
    second = world.claim(other, world.receipt(other, world.bo, number=number), owner=world.bo)
    assert world.lines(first)[0]["status"] == "clear"
    assert codes(world.lines(second)[0]) == ["receipt_duplicate"]


def test_a_duplicate_becomes_clear_when_its_twin_is_deleted(world: World) -> None:
    """T23"""
    trip = world.trip()
    world.report(trip)
    number = digital_number("33")
    mistaken = world.receipt(trip, number=number)
    claim = world.claim(trip, world.receipt(trip, number=number))
    assert codes(world.lines(claim)[0]) == ["receipt_duplicate"]
    world.delete(world.anna, "receipt", mistaken)
    assert world.lines(claim)[0]["status"] == "clear"


@pytest.mark.parametrize("whose", ["own", "another's"])
@pytest.mark.parametrize("end", ["refused", "approved"])
def test_a_duplicate_of_what_is_paid_is_refused_or_waived_to_its_end(world: World, whose: str, end: str) -> None:
    """T23"""
    trip, number = world.trip(), digital_number("33")
    world.report(trip)
    first = world.claim(trip, world.receipt(trip, number=number))
    world.finish_readings()
    paid = world.decide(world.decide(world.lines(first)[0], "approved"), "paid")
    owner = world.anna if whose == "own" else world.bo
    again = world.trip(owner)
    world.report(again, owner)
    second = world.claim(again, world.receipt(again, owner, number=number), owner=owner)
    world.finish_readings()
    line = world.lines(second)[0]
    assert (line["status"], codes(line)) == ("blocked", ["receipt_duplicate"])
    with pytest.raises(Refused, match="line_blocked"):
        world.decide(line, "approved", "Looks right")
    if end == "refused":
        assert world.decide(line, "refused", "Paid already")["status"] == "refused"
    else:
        given = {"finding_code": "receipt_duplicate", "reason": "The bank sent the first payment back"}
        world.create(world.manager, "waiver", claim_line_id=line["id"], **given)
        assert world.decide(line, "approved", "Asked the bank")["approved_minor"] == line["amount_minor"]
    after = world.now("claim_line", paid["id"])
    assert (after["status"], after["version"]) == ("paid", paid["version"]), "what is paid is not judged again"
    assert world.lines(second)[0]["status"] == end


def test_a_picture_handed_in_twice_blocks_and_one_much_alike_is_looked_at(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    plain = {"number": "12345678", "fapiao_code": "133011570151", "qr_text": "", "seller_tax_id": ""}
    photo = world.photo(world.anna, mark="00ff00ff00ff00ff")
    again = world.photo(world.anna, mark="00ff00ff00ff00fe")
    world.receipt(trip, attachments=[photo])
    same = world.claim(trip, world.receipt(trip, attachments=[photo], issued_on="2026-11-10"))
    alike = world.claim(
        trip, world.receipt(trip, **plain | {"fapiao_code": "", "fapiao_number": ""}, attachments=[again])
    )
    assert "same_file" in codes(world.lines(same)[0])
    assert "similar_picture" in codes(world.lines(alike)[0])


def test_a_line_waits_for_its_report_and_its_picture_and_moves_when_they_come(world: World) -> None:
    trip = world.trip()
    claim = world.claim(trip, world.receipt(trip))
    assert codes(world.lines(claim)[0]) == ["report_not_filed"]
    world.report(trip)
    assert world.lines(claim)[0]["status"] == "clear"


def test_a_claim_cannot_be_submitted_empty_or_changed_afterwards(world: World) -> None:
    trip = world.trip()
    empty = world.create(world.anna, "claim", trip_id=trip["id"])
    with pytest.raises(Refused, match="claim_empty"):
        world.update(world.anna, "claim", empty, status="submitted")
    claim = world.claim(trip, world.receipt(trip))
    late = world.receipt(trip)
    with pytest.raises(Refused, match="claim_not_draft"):
        world.create(world.anna, "claim_line", claim_id=claim["id"], receipt_id=late["id"], amount_minor=1)


def test_a_receipt_is_claimed_once_and_fixed_when_it_is_clear(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip)
    world.claim(trip, receipt)
    with pytest.raises(Refused, match="receipt_already_claimed"):
        world.claim(trip, receipt)
    with pytest.raises(Refused, match="receipt_claimed"):
        world.update(world.anna, "receipt", receipt, amount_minor=900)


def test_a_mistyped_number_can_be_mended_while_the_line_is_blocked(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, amount_minor=30000, qr_text="")
    receipt = world.receipt(trip, seller_tax_id="91330100799655058C")
    claim = world.claim(trip, receipt)
    assert "seller_tax_id_invalid" in codes(world.lines(claim)[0])
    world.update(world.anna, "receipt", receipt, seller_tax_id="91330100799655058B")
    assert world.lines(claim)[0]["status"] == "clear"


def test_the_journal_holds_after_all_of_it(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    world.decide(world.lines(claim)[0], "approved")
    with world.engine.database.read() as connection:
        assert verify(connection, world.engine.registry) is None
