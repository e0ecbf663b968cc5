"""A unit answers for one purchase only, for ever; what happens to it later is the company's affair (REG-A12)."""

from __future__ import annotations

from typing import Any

import pytest

from sync.actor import SYSTEM
from sync.change import Record
from sync.errors import Refused
from tests.server.world import World, codes

ROAD = "Fell into the pump pit"


def bought(world: World, quantity: int = 1, **fields: Any) -> Record:
    """A tool bought on a trip, on a receipt that is claimed."""
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool", amount_minor=30000 * quantity)
    purchase = world.tool(trip, receipt, quantity=quantity, **fields)
    world.claim(trip, receipt)
    return purchase


def lines_of(world: World, purchase: Record) -> list[Record]:
    return world.engine.write(SYSTEM, lambda write: write.find("claim_line", receipt_id=purchase["receipt_id"]))


def line_of(world: World, purchase: Record) -> Record:
    return lines_of(world, purchase)[0]


def take(world: World, purchase: Record | None, **fields: Any) -> Record:
    purchase_id = purchase["id"] if purchase else None
    return world.create(world.warehouse, "tool_unit", tool_purchase_id=purchase_id, **fields)


def issue(world: World, unit: Record, **fields: Any) -> Record:
    given = {"tool_unit_id": unit["id"], "technician_id": world.anna.id, "due_on": "2099-01-01"}
    return world.create(world.warehouse, "tool_issue", **(given | fields))


def kind(world: World, name: str = "Torque wrench") -> Record:
    kinds = world.engine.write(SYSTEM, lambda write: write.find("tool_kind", name=name))
    return kinds[0] if kinds else {}


def refusal(work: Any) -> str:
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.code


def test_what_happens_to_a_unit_later_does_not_undo_that_it_came_back(world: World) -> None:
    purchase = bought(world)
    unit = take(world, purchase, serial_number="TW-1", shelf="a-03")
    out = issue(world, unit)
    held = world.now("tool_unit", unit["id"])
    assert (held["status"], held["holder_id"], held["due_on"]) == ("issued", world.anna.id, "2099-01-01")
    world.update(world.anna, "tool_issue", out, status="lost", note="Left on the train")
    lost = world.now("tool_unit", unit["id"])
    assert (lost["status"], lost["reason"], lost["loss_reported_by"]) == ("lost", "Left on the train", world.anna.id)
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1
    assert line_of(world, purchase)["status"] == "clear"
    world.update(world.warehouse, "tool_issue", out, status="returned", returned_condition="worn", returned_shelf="B-1")
    back = world.now("tool_unit", unit["id"])
    assert (back["status"], back["condition"], back["shelf"], back["holder_id"]) == ("stocked_in", "worn", "B-1", None)
    world.update(world.warehouse, "tool_unit", unit, status="in_repair", reason="Ratchet slips", due_on="2099-02-01")
    assert world.now("tool_unit", unit["id"])["due_on"] == "2099-02-01"
    world.update(world.warehouse, "tool_unit", unit, status="stocked_in", condition="good")
    assert world.now("tool_unit", unit["id"])["due_on"] is None
    assert line_of(world, purchase)["status"] == "clear"


def test_a_confirmed_return_is_undone_whole(world: World) -> None:
    purchase = bought(world)
    unit = take(world, purchase, shelf="A-03")
    assert kind(world)["shelves"] == [{"shelf": "A-03", "quantity": 1}]
    assert line_of(world, purchase)["status"] == "clear"
    world.update(world.warehouse, "tool_unit", unit, status="cancelled", reason="Not this tool")
    gone = world.now("tool_unit", unit["id"])
    assert (gone["shelf"], gone["holder_id"]) == ("", None)
    assert kind(world)["owned"] == kind(world)["on_shelf"] == 0
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 0
    assert codes(line_of(world, purchase)) == ["tool_not_returned"]


def test_the_same_serial_number_never_answers_twice_however_it_is_typed(world: World) -> None:
    first, second = bought(world), bought(world)
    unit = take(world, first, serial_number="TW-1O5")
    for again in ("tw 105", "ＴＷ－１０５", "TW/I05", unit["label"], unit["label"].replace("-", " ").lower()):
        assert refusal(lambda again=again: take(world, second, serial_number=again)) == "unit_already_answered", again
    world.update(world.warehouse, "tool_unit", unit, status="lost", reason="Not on its shelf")
    assert refusal(lambda: take(world, second, serial_number="TW-105")) == "unit_already_answered"
    world.update(world.warehouse, "tool_unit", unit, status="stocked_in")
    world.update(world.warehouse, "tool_unit", unit, status="cancelled", reason="Belongs to the other purchase")
    assert take(world, second, serial_number="TW-105")["status"] == "stocked_in"


def test_a_photo_of_an_earlier_return_is_not_used_again(world: World) -> None:
    first, second = bought(world, 2), bought(world)
    photo, resaved = world.photo(world.warehouse, mark="f0" * 8), world.photo(world.warehouse, mark="f0" * 7 + "f1")
    take(world, first, attachments=[photo])
    assert take(world, first, attachments=[photo])["status"] == "stocked_in"
    for picture in (photo, resaved):
        assert refusal(lambda picture=picture: take(world, second, attachments=[picture])) == "photo_reused"
    unit = take(world, second)
    assert refusal(lambda: world.update(world.warehouse, "tool_unit", unit, attachments=[photo])) == "photo_reused"


def test_a_tool_that_was_issued_is_no_return_of_one_that_was_bought(world: World) -> None:
    own = take(world, None, origin="owned", name="Torque wrench", serial_number="OLD-7")
    issue(world, own)
    purchase = bought(world)
    for serial, code in (
        ("OLD-7", "unit_is_issued"),
        (own["label"], "unit_already_answered"),
        ("", "same_kind_issued"),
    ):
        assert refusal(lambda serial=serial: take(world, purchase, serial_number=serial)) == code
    assert take(world, purchase, serial_number="NEW-1")["status"] == "stocked_in"


def test_a_tool_that_was_issued_without_a_serial_number_is_no_return_by_any_number(world: World) -> None:
    """The books cannot tell the two apart: ours comes back first."""
    with_number = take(world, None, origin="owned", name="Torque wrench", serial_number="OLD-7")
    without = take(world, None, origin="owned", name="torque  wrench")
    elsewhere = take(world, None, origin="owned", name="Torque wrench")
    other_kind = take(world, None, origin="owned", name="Gear puller")
    issue(world, with_number)
    issue(world, other_kind)
    issue(world, elsewhere, technician_id=world.bo.id)
    purchase = bought(world, 2)
    assert take(world, purchase, serial_number="NEW-1")["status"] == "stocked_in"
    out = issue(world, without)
    for serial in ("NEW-2", "OLD-8", ""):
        assert refusal(lambda serial=serial: take(world, purchase, serial_number=serial)) == "same_kind_issued"
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1
    world.update(world.warehouse, "tool_issue", out, status="returned")
    assert take(world, purchase, serial_number="NEW-2")["status"] == "stocked_in"
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 2


def test_a_tool_without_a_purchase_is_taken_in_and_counts_for_none(world: World) -> None:
    purchase = bought(world)
    for origin in ("wrong_tool", "found", "owned"):
        unit = take(world, None, origin=origin, name="Torque  Wrench", shelf="A-1")
        assert (unit["technician_id"], unit["status"]) == (None, "stocked_in")
    assert refusal(lambda: take(world, None, name="Nameless origin")) == "invalid_fields"
    assert refusal(lambda: take(world, None, origin="found")) == "invalid_fields"
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 0
    owned = kind(world, "Torque  Wrench")
    assert (owned["owned"], owned["on_shelf"], owned["shelves"]) == (3, 3, [{"shelf": "A-1", "quantity": 3}])
    take(world, purchase)
    assert world.now("tool_kind", owned["id"])["owned"] == 4


def test_nobody_confirms_their_own_tool_and_only_the_warehouse_confirms(world: World) -> None:
    purchase = bought(world)
    for person in (world.anna, world.bo, world.finance, world.manager, world.dispatcher):
        unit = {"tool_purchase_id": purchase["id"], "reason": "x", "status": "stocked_in"}
        assert refusal(lambda person=person, unit=unit: world.create(person, "tool_unit", **unit)) in (
            "field_not_writable",
            "step_not_allowed",
            "not_yours",
        )
    unit = take(world, purchase)
    assert refusal(lambda: world.update(world.warehouse, "tool_unit", unit, serial_number="X")) == "field_not_writable"
    out = issue(world, unit)
    assert refusal(lambda: world.update(world.anna, "tool_issue", out, status="returned")) == "step_not_allowed"
    assert refusal(lambda: world.update(world.warehouse, "tool_unit", unit, status="stocked_in")) == "unit_is_issued"
    assert refusal(lambda: world.update(world.warehouse, "tool_unit", unit, status="lost")) == "invalid_fields"


def test_a_unit_lost_on_the_road_is_paid_only_by_a_managers_word(world: World) -> None:
    purchase = bought(world)
    lost = {"tool_purchase_id": purchase["id"], "status": "lost", "reason": ROAD}
    assert refusal(lambda: world.create(world.bo, "tool_unit", **lost)) == "not_yours"
    unit = world.create(world.anna, "tool_unit", **lost)
    assert refusal(lambda: world.create(world.anna, "tool_unit", **lost)) == "more_units_than_bought"
    assert codes(line_of(world, purchase)) == ["tool_not_returned"]
    decided = {"status": "written_off", "reimbursement": "reimbursed", "decision_reason": "Not her fault"}
    assert refusal(lambda: world.update(world.warehouse, "tool_unit", unit, **decided)) == "field_not_writable"
    for missing in ("reimbursement", "decision_reason"):
        partly = decided | {missing: ""}
        assert refusal(lambda p=partly: world.update(world.manager, "tool_unit", unit, **p)) == "invalid_fields"
    world.update(world.manager, "tool_unit", unit, **decided)
    assert world.now("tool_purchase", purchase["id"])["excused_quantity"] == 1
    assert line_of(world, purchase)["status"] == "clear"
    assert refusal(lambda: take(world, purchase)) == "more_units_than_bought"
    world.update(world.manager, "tool_unit", unit, status="lost")
    assert codes(line_of(world, purchase)) == ["tool_not_returned"]
    world.update(world.warehouse, "tool_unit", unit, status="stocked_in", shelf="A-1")
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1
    assert line_of(world, purchase)["status"] == "clear"


def test_a_manager_who_writes_off_decides_whether_the_purchase_is_paid(world: World) -> None:
    purchase = bought(world, 2)
    kept, gone = take(world, purchase, serial_number="1A"), take(world, purchase, serial_number="2A")
    world.update(world.warehouse, "tool_unit", gone, status="lost", reason="Not on its shelf")
    refused = {"status": "written_off", "reimbursement": "not_reimbursed", "decision_reason": "Swapped for an old one"}
    world.update(world.manager, "tool_unit", gone, **refused)
    world.update(world.manager, "tool_unit", kept, **refused | {"reimbursement": "reimbursed"})
    assert world.now("tool_purchase", purchase["id"])["forfeited_quantity"] == 1
    lines = lines_of(world, purchase)
    assert [(line["status"], line["amount_minor"], codes(line)) for line in lines] == [
        ("clear", 30000, []),
        ("blocked", 30000, ["tool_forfeited"]),
    ]
    assert lines[1]["findings"][0]["params"]["reason"] == "Swapped for an old one"
    world.finish_readings()
    approved = world.decide(lines[0], "approved")
    world.update(world.payer, "claim_line", approved, status="paid", payment_reference="PV-1")
    assert refusal(lambda: world.update(world.manager, "tool_unit", kept, reimbursement="not_reimbursed")) == (
        "unit_already_paid"
    )


def test_whoever_lost_or_received_a_tool_does_not_decide_on_it(world: World) -> None:
    unit = take(world, bought(world))
    world.update(world.warehouse, "tool_unit", unit, status="lost", reason="Gone")
    promoted = world.as_manager(world.warehouse)
    decided = {"status": "written_off", "reimbursement": "reimbursed", "decision_reason": "Mine"}
    assert refusal(lambda: world.update(promoted, "tool_unit", unit, **decided)) == "own_write_off"


def test_a_tool_goes_out_only_whole_and_calibrated_and_to_the_person_of_the_trip(world: World) -> None:
    unit = take(world, None, origin="owned", name="Gauge", calibrated_on="2020-01-01", calibration_days=365)
    assert unit["calibration_due_on"] == "2020-12-31"
    assert refusal(lambda: issue(world, unit)) == "calibration_overdue"
    world.update(world.warehouse, "tool_unit", unit, calibrated_on="2098-06-01")
    assert refusal(lambda: issue(world, unit, due_on="2020-01-01")) == "invalid_fields"
    assert refusal(lambda: issue(world, unit, technician_id=world.finance.id)) == "not_a_technician"
    assert refusal(lambda: issue(world, unit, trip_id=world.trip(world.bo)["id"])) == "trip_of_another"
    out = issue(world, unit, trip_id=world.trip()["id"])
    assert refusal(lambda: issue(world, unit)) == "unit_not_on_shelf"
    world.update(world.warehouse, "tool_issue", out, status="returned")
    world.update(world.warehouse, "tool_issue", out, status="out")
    assert world.now("tool_unit", unit["id"])["holder_id"] == world.anna.id
    assert world.now("tool_issue", out["id"])["returned_at"] == ""
    world.update(world.warehouse, "tool_issue", out, status="cancelled")
    assert kind(world, "Gauge")["on_shelf"] == 1
