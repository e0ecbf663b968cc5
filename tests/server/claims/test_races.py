"""Checks and acts are one transaction: twelve at once get no more than one after the other."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest

from server.tools.naming import purchase_code
from sync.change import Record
from sync.errors import Refused
from tests.server.desk import Desk, form_of
from tests.server.world import SHENZHEN_SELLER, World

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
    assert references == ["already_decided"] * 11 + ["done"]
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


def test_two_people_decide_at_once_and_the_later_is_told_who_was_first(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    line = world.lines(claim)[0]
    people = (world.finance, world.payer)
    steps = ({"status": "approved"}, {"status": "refused", "decision_note": "No"}, {"status": "approved"})

    def decide(number: int) -> object:
        change = steps[number % 3]
        return world.engine.write(people[number % 2], lambda write: write.update("claim_line", line, change))

    assert at_once(decide, writers=6) == ["already_decided"] * 5 + ["done"]
    with pytest.raises(Refused, match="already_decided") as refused:
        decide(0)
    decided = world.lines(claim)[0]
    assert refused.value.params == {
        "name": world.now("user", decided["decided_by"])["display_name"],
        "status": decided["status"],
    }


def test_a_decision_is_of_what_was_looked_at(world: World, desk: Desk) -> None:
    """The technician alters a receipt while finance, who looked at it before, presses the button."""
    world.limit("receipt", 28000, "lodging")
    trip = world.trip()
    world.report(trip)
    told = set()
    fei = desk("fei")
    for number in range(4):
        receipt = world.receipt(trip)
        claim = world.claim(trip, receipt)
        line = world.lines(claim)[0]
        assert line["status"] == "needs_review", "so its receipt may be mended still"
        world.finish_readings()
        form = form_of(fei.get(f"/finance/claims/{claim['id']}"), f"/finance/lines/{line['id']}")
        form["note"], form["approved"] = "Seen", "280.00"
        if number == 0:
            world.update(world.anna, "receipt", receipt, note="Altered")

        def step(which: int, form: Any = form, receipt: Record = receipt) -> object:
            if which:
                return world.update(world.anna, "receipt", receipt, note="Altered")
            return told.add(form.submit("step", value="approve").follow().html.find("p", {"class": "flash"}).text)

        at_once(step, 2)
        line, receipt = world.now("claim_line", line["id"]), world.now("receipt", receipt["id"])
        assert (line["status"], receipt["note"]) in (("approved", ""), ("needs_review", "Altered"))
    assert any("has changed since it was shown" in text for text in told)


def test_a_tool_is_stocked_in_while_finance_refuses_its_line(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt)
    claim = world.claim(trip, receipt)
    line, finance = world.lines(claim)[0], world.finance
    no = {"status": "refused", "decision_note": "Never came back"}

    def step(number: int) -> object:
        if number:
            return world.stock_in(purchase, "SN-1")
        return world.engine.write(finance, lambda write: write.update("claim_line", line, no))

    outcomes = at_once(step, writers=2)
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1
    now = world.lines(claim)[0]["status"]
    assert (outcomes, now) in ((["done", "done"], "refused"), (["conflict", "done"], "clear"))


def test_a_receipt_is_altered_while_its_line_is_approved_and_only_one_of_both_stands(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, seller_tax_id="")
    claim = world.claim(trip, receipt)
    line, finance, anna = world.lines(claim)[0], world.finance, world.anna
    elsewhere = {"seller_tax_id": SHENZHEN_SELLER}
    yes = {"status": "approved", "decision_note": "Seen"}

    def step(number: int) -> object:
        if number:
            return world.engine.write(anna, lambda write: write.update("receipt", receipt, elsewhere))
        return world.engine.write(finance, lambda write: write.update("claim_line", line, yes))

    assert line["status"] == "needs_review"
    outcomes = at_once(step, writers=2)
    is_altered = world.now("receipt", receipt["id"])["seller_tax_id"] == SHENZHEN_SELLER
    assert world.lines(claim)[0]["status"] == ("blocked" if is_altered else "approved")
    assert outcomes.count("done") == 1
    assert set(outcomes) - {"done"} <= ({"line_blocked", "conflict"} if is_altered else {"receipt_claimed"})


def test_a_payment_is_taken_back_once_by_many_at_once(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    world.finish_readings()
    paid = world.decide(world.decide(world.lines(claim)[0], "approved"), "paid")
    people = (world.finance, world.payer, world.manager)
    outcomes = at_once(lambda number: world.reverse(paid, by=people[number % 3]), writers=6)
    assert outcomes == ["already_reversed"] * 5 + ["done"]
    assert sum(line["approved_minor"] for line in world.lines(claim)) == 0


def flash_of(page: Any) -> str:
    """What a page says of the step that was just taken."""
    return str(page.html.select_one(".flash").get_text(" ", strip=True))


def test_two_of_finance_press_approve_at_once_and_one_of_them_has_approved(world: World, desk: Desk) -> None:
    trip = world.trip()
    world.report(trip)
    desks = {world.finance.id: desk("fei"), world.payer.id: desk("pia")}
    for _ in range(4):
        claim = world.claim(trip, world.receipt(trip))
        world.finish_readings()
        line = world.lines(claim)[0]
        pages = {who: browser.get(f"/finance/claims/{claim['id']}") for who, browser in desks.items()}
        forms = [(who, form_of(page, f"/finance/lines/{line['id']}")) for who, page in pages.items()]
        told: dict[str, str] = {}

        def press(number: int, forms: Any = forms, told: dict[str, str] = told) -> None:
            who, form = forms[number]
            told[who] = flash_of(form.submit("step", value="approve").follow())

        at_once(press, 2)
        now = world.lines(claim)[0]
        assert (now["status"], now["approved_minor"], now["version"]) == ("approved", 30000, line["version"] + 1)
        first, second = told.pop(now["decided_by"]), told.popitem()[1]
        assert first.startswith("Approved"), told
        assert not second.startswith("Approved"), told


@pytest.mark.parametrize("step", ["refuse", "approve"])
def test_the_counter_confirms_a_tool_while_finance_decides_on_its_line(world: World, desk: Desk, step: str) -> None:
    """Both by their forms; the approval of a line that was blocked is a forged one."""
    trip = world.trip()
    world.report(trip)
    finance, warehouse = desk("fei"), desk("wen")
    for _ in range(4):
        receipt = world.receipt(trip, category="tool")
        purchase = world.tool(trip, receipt)
        claim = world.claim(trip, receipt)
        world.finish_readings()
        line = world.lines(claim)[0]
        assert line["status"] == "blocked"
        page = finance.get(f"/finance/claims/{claim['id']}")
        token = page.forms[0]["csrf_token"].value
        asked = {"csrf_token": token, "step": step, "seen": world.seen(line), "note": "Never came back"}
        counter = warehouse.get("/warehouse/", {"code": purchase_code(purchase["id"])}).forms["counter"]
        told: list[str] = []

        def work(
            number: int, line: Record = line, asked: Any = asked, counter: Any = counter, told: Any = told
        ) -> None:
            if number:
                counter.submit("step", value="confirm", status=303)
            else:
                told.append(flash_of(finance.post(f"/finance/lines/{line['id']}", asked).follow()))

        at_once(work, 2)
        assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 1
        now = world.lines(claim)[0]
        is_refused = step == "refuse" and told[0].startswith("Refused")
        # Note: a receipt like one that was refused before goes to a person.
        assert now["status"] in (("refused",) if is_refused else ("clear", "needs_review")), told
        assert now["approved_minor"] == 0
        assert is_refused or "changed since it was shown" in told[0] or "Cannot be approved" in told[0], told
