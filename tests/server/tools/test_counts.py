"""Stock-taking: what a count finds, what is done about it, and that nothing is settled without a reason."""

from __future__ import annotations

from typing import Any

from sync.change import Record
from tests.server.tools.test_units import issue, refusal, take
from tests.server.world import World


def owned(world: World, name: str, shelf: str, **fields: Any) -> Record:
    return take(world, None, origin="owned", name=name, shelf=shelf, **fields)


def test_a_count_finds_what_is_missing_misplaced_unexpected_or_unknown(world: World) -> None:
    here = owned(world, "Here", "A-1", serial_number="SN-1")
    missing = owned(world, "Missing", "A-1")
    misplaced = owned(world, "Misplaced", "B-9")
    held = owned(world, "Held", "A-1")
    out = issue(world, held)
    counted = ["sn 1", misplaced["label"], held["label"].lower(), "NO-SUCH", here["label"]]
    count = world.create(world.warehouse, "stock_count", shelf=" a-1 ", counted=counted)
    assert {(item["difference"], item["code"]) for item in count["differences"]} == {
        ("missing", missing["label"]),
        ("misplaced", misplaced["label"]),
        ("unexpected", held["label"]),
        ("unknown", "NO-SUCH"),
    }
    assert refusal(lambda: world.update(world.warehouse, "stock_count", count, status="closed")) == "count_not_settled"
    steps = {missing["label"]: "lost", misplaced["label"]: "here", held["label"]: "here", "NO-SUCH": "left"}
    adjustments = [{"code": code, "step": step, "reason": "Counted twice"} for code, step in steps.items()]
    wrong = [*adjustments[:3], adjustments[3] | {"step": "here"}]
    close = {"status": "closed", "adjustments": wrong}
    assert refusal(lambda: world.update(world.warehouse, "stock_count", count, **close)) == "adjustment_not_allowed"
    nameless = [item | {"reason": " "} for item in adjustments]
    close["adjustments"] = nameless
    assert refusal(lambda: world.update(world.warehouse, "stock_count", count, **close)) == "invalid_fields"
    world.update(world.warehouse, "stock_count", count, status="closed", adjustments=adjustments)
    lost = world.now("tool_unit", missing["id"])
    assert (lost["status"], lost["reason"], lost["loss_reported_by"]) == ("lost", "Counted twice", world.warehouse.id)
    assert world.now("tool_unit", misplaced["id"])["shelf"] == "A-1"
    assert world.now("tool_unit", held["id"])["status"] == "stocked_in"
    assert world.now("tool_issue", out["id"])["received_by"] == world.warehouse.id
    closed = world.now("stock_count", count["id"])
    assert (closed["status"], closed["closed_by"]) == ("closed", world.warehouse.id)
    assert refusal(lambda: world.update(world.warehouse, "stock_count", count, note="later")) == "count_closed"


def test_a_shelf_is_counted_once_at_a_time_and_by_the_warehouse_only(world: World) -> None:
    count = world.create(world.warehouse, "stock_count", shelf="A-1")
    assert refusal(lambda: world.create(world.warehouse, "stock_count", shelf="a-1")) == "count_open"
    assert refusal(lambda: world.create(world.anna, "stock_count", shelf="A-2")) == "field_not_writable"
    world.update(world.warehouse, "stock_count", count, status="cancelled")
    assert world.create(world.warehouse, "stock_count", shelf="A-1")["status"] == "open"
