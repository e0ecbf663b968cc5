"""Checks and acts are one transaction: twelve at once get no more than one after the other."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from sync.errors import Refused
from tests.server.world import World

WRITERS = 12


def at_once(work: Callable[[int], object], writers: int = WRITERS) -> list[str]:
    """Run the work in that many threads at one moment. Gives `done`, or the code of the refusal, for each."""
    barrier = Barrier(writers)
    outcomes: list[str] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [Thread(target=run, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == writers
    return sorted(outcomes)


def test_no_more_units_come_back_than_were_bought(world: World) -> None:
    trip = world.trip()
    purchase = world.tool(trip, world.receipt(trip, category="tool"), quantity=5, price=6000)
    outcomes = at_once(lambda number: world.stock_in(purchase, f"SN-{number}"))
    assert outcomes == ["done"] * 5 + ["more_units_than_bought"] * 7
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 5


def test_one_unit_answers_for_one_of_many_purchases(world: World) -> None:
    trip = world.trip()
    purchases = [world.tool(trip, world.receipt(trip, category="tool")) for _ in range(WRITERS)]
    outcomes = at_once(lambda number: world.stock_in(purchases[number], "SN-1"))
    assert outcomes == ["done"] + ["unit_already_answered"] * 11


def test_a_line_is_paid_once(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    world.finish_readings()
    approved = world.decide(world.lines(claim)[0], "approved")
    payer = world.payer
    references = at_once(
        lambda number: world.engine.write(
            payer,
            lambda write: write.update("claim_line", approved, {"status": "paid", "payment_reference": f"PV-{number}"}),
        )
    )
    assert references == ["conflict"] * 11 + ["done"]
    assert world.now("claim_line", approved["id"])["version"] == approved["version"] + 1


def test_an_approval_and_the_loss_of_its_ground_never_both_stand(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt)
    claim = world.claim(trip, receipt)
    unit = world.stock_in(purchase)
    line = world.lines(claim)[0]

    def step(number: int) -> object:
        if number % 2:
            return world.engine.write(
                world.finance, lambda write: write.update("claim_line", line, {"status": "approved"})
            )
        cancelled = {"status": "cancelled", "reason": "wrong tool"}
        return world.engine.write(world.warehouse, lambda write: write.update("tool_unit", unit, cancelled))

    at_once(step, writers=4)
    assert world.now("tool_unit", unit["id"])["status"] == "cancelled"
    assert world.lines(claim)[0]["status"] == "blocked"
