"""Segregation of duties (REG-D3): no person holds two duties on one line: by no path, in no role, for nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from flask import Flask

from server.claims.gathering import today
from server.claims.judgement import company_of
from sync.actor import SYSTEM, Actor
from sync.change import Change, Record, new_id
from sync.errors import Refused
from sync.transaction import change_of
from tests.server.desk import Desk, form_of, signed_in_browser
from tests.server.world import SHENZHEN_SELLER, World, codes, digital_number

DUTIES = ("claim", "receive", "waive", "endorse", "approve", "pay")
"""In the order in which they are taken; above the limit two people approve."""
ROLES = {
    "claim": "technician",
    "receive": "warehouse",
    "waive": "manager",
    "endorse": "finance",
    "approve": "manager",
    "pay": "finance",
}
REFUSALS = {
    "claim": {"own_claim", "own_tool", "payer_is_claimant"},
    "receive": {"own_stocking", "payer_stocked_in"},
    "waive": {"own_waiver", "payer_gave_waiver"},
    "endorse": {"own_endorsement", "payer_is_approver"},
    "approve": {"own_approval", "payer_is_approver"},
}
DELEGATED = {"waive": "waive", "endorse": "approve", "approve": "second"}
LIMIT = 20000


@dataclass
class Line:
    """A tool's line of 300 yuan that needs every duty: stocked in, waived, endorsed, approved and paid."""

    world: World
    holders: dict[str, Actor] = field(default_factory=dict)
    claim: Record = field(default_factory=dict)
    purchase: Record = field(default_factory=dict)

    @property
    def now(self) -> Record:
        return self.world.lines(self.claim)[0]

    def take(self, duty: str, actor: Actor) -> None:
        """Do what the duty is, as that person."""
        if duty == "claim":
            trip = self.world.trip(actor)
            self.world.report(trip, actor)
            wrong_place = {"seller_tax_id": SHENZHEN_SELLER, "number": digital_number("95")}
            receipt = self.world.receipt(trip, actor, category="tool", **wrong_place)
            fields = {"name": "Torque wrench", "quantity": 1, "unit_price_minor": 30000}
            about = {"trip_id": trip["id"], "receipt_id": receipt["id"]}
            self.purchase = self.world.create(actor, "tool_purchase", **about, **fields)
            self.claim = self.world.claim(trip, receipt, owner=actor)
            self.world.finish_readings()
        else:
            change = self.change(duty)
            self.world.engine.write(actor, lambda write: write.apply(change))
        self.holders[duty] = actor

    def change(self, duty: str) -> Change:
        """The duty as one change."""
        if duty == "receive":
            return Change(new_id(), "tool_unit", new_id(), "create", {"tool_purchase_id": self.purchase["id"]})
        if duty == "waive":
            why = {"claim_line_id": self.now["id"], "finding_code": "place_mismatch", "reason": "Head office"}
            return Change(new_id(), "waiver", new_id(), "create", why)
        fields: dict[str, dict[str, Any]] = {
            "endorse": {"endorsed_minor": 30000},
            "approve": {"status": "approved"},
            "pay": {"status": "paid"},
        }
        return change_of("claim_line", self.now, fields[duty])


def every_way(app: Flask, line: Line, duty: str, person: Actor) -> Iterator[tuple[str, str]]:
    """Try a duty by every path that there is. Gives each path with the code of its refusal, or `done`."""
    world = line.world
    change = line.change(duty)
    yield "engine", code_of(lambda: world.engine.write(person, lambda write: write.apply(change)))
    pushed = {**asdict(line.change(duty)), "made_at": "2026-11-24T08:00:00Z"}
    yield "push", world.engine.push(person, [pushed])[0].code or "done"
    if duty == "pay":
        yield "batch", code_of(lambda: world.batch(line.now, by=person))
    if not world.engine.database.is_sqlite:
        return  # the pages go the same way on both databases
    if duty in ("endorse", "approve", "waive", "pay"):
        before = line.now
        page = signed_in_browser(app, world.now("user", person.id)["username"])
        token = page.get(f"/finance/claims/{line.claim['id']}").forms[0]["csrf_token"].value
        step = {"step": "pay" if duty == "pay" else "approve", "csrf_token": token, "seen": world.seen(before)}
        waiver = {"finding_code": "place_mismatch", "reason": "Head office"}
        waiver |= {name: step[name] for name in ("csrf_token", "seen")}
        path = f"/finance/lines/{before['id']}"
        page.post(f"{path}/waiver", waiver) if duty == "waive" else page.post(path, step)
        yield "page", "own_page" if line.now == before else "done"
    if duty in ("endorse", "approve"):
        before = line.now
        page.post("/finance/approve", {"line": f"{before['id']}:{before['version']}", "csrf_token": token})
        yield "bulk", "own_page" if line.now == before else "done"


def code_of(work: Callable[[], object]) -> str:
    try:
        work()
    except Refused as refused:
        return refused.code
    return "done"


def with_role(world: World, person: Actor, role: str) -> Actor:
    """The same person, later, in another role."""
    user = world.now("user", person.id)
    if user["role"] != role:
        world.engine.write(SYSTEM, lambda write: write.update("user", user, {"role": role}))
    return Actor(person.id, frozenset({role}), person.device_id)


def test_no_person_takes_two_duties_by_any_path_in_any_role_or_for_another(app: Flask, world: World) -> None:
    world.limit("approval", LIMIT)
    day = world.engine.write(world.manager, lambda write: today(write.now, company_of(write)))
    number = 0
    for held, wanted in combinations(DUTIES, 2):
        line = Line(world)
        for duty in DUTIES[: DUTIES.index(wanted)]:
            number += 1
            line.take(duty, world.person(f"p{number}", ROLES[duty]))
        person = with_role(world, line.holders[held], ROLES[wanted])
        for path, code in every_way(app, line, wanted, person):
            assert code in REFUSALS[held] | {"own_page"}, (held, wanted, path, code)
        if wanted in DELEGATED:
            number += 1
            other = world.person(f"d{number}", "finance" if ROLES[wanted] == "manager" else "manager")
            fields = {"from_user": person.id, "to_user": other.id, "right": DELEGATED[wanted], "reason": "On leave"}
            world.create(person, "delegation", **fields, from_date=day, to_date=day)
            for path, code in every_way(app, line, wanted, other):
                assert code in REFUSALS[held] | {"own_page"}, ("for another", held, wanted, path, code)
        number += 1
        line.take(wanted, world.person(f"p{number}", ROLES[wanted]))
    assert number > 40


def above(world: World) -> tuple[Record, Record]:
    """A claim of one clear line above what one person approves."""
    world.limit("approval", LIMIT)
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    world.finish_readings()
    return claim, world.lines(claim)[0]


def test_above_the_limit_the_manager_approves_as_well(world: World) -> None:
    claim, line = above(world)
    with pytest.raises(Refused, match="needs_second_approval") as refused:
        world.decide(line, "approved")
    assert refused.value.params == {"limit": LIMIT}
    with pytest.raises(Refused, match="field_not_writable"):
        world.decide(line, "approved", by=world.manager)
    endorsed = world.update(world.finance, "claim_line", line, endorsed_minor=30000)
    assert (endorsed["status"], endorsed["endorsed_by"]) == ("clear", world.finance.id)
    for who in (world.finance, world.payer):
        with pytest.raises(Refused, match="needs_second_approval"):
            world.decide(line, "approved", by=who)
    with pytest.raises(Refused, match="invalid_fields"):
        world.decide(line, "approved", by=world.manager, approved_minor=30001)
    approved = world.decide(line, "approved", by=world.manager)
    assert (approved["decided_by"], approved["approved_minor"]) == (world.manager.id, 30000)
    with pytest.raises(Refused, match="own_endorsement"):
        world.decide(line, "paid", by=world.finance)
    assert world.decide(line, "paid")["paid_by"] == world.payer.id
    assert world.now("claim", claim["id"])["status"] == "decided"


def test_a_first_approval_is_taken_back_and_does_not_outlive_a_new_doubt(world: World) -> None:
    claim, line = above(world)
    world.update(world.finance, "claim_line", line, endorsed_minor=30000)
    world.update(world.payer, "claim_line", line, endorsed_minor=0)
    assert world.lines(claim)[0]["endorsed_by"] is None
    world.update(world.payer, "claim_line", line, endorsed_minor=30000)
    receipt = world.now("receipt", line["receipt_id"])
    world.create(world.payer, "evidence", receipt_id=receipt["id"], division_code="440305", note="stamp: Nanshan")
    now = world.lines(claim)[0]
    assert (now["status"], now["endorsed_by"], now["endorsed_minor"]) == ("blocked", None, 0)
    trip = world.trip()
    world.report(trip)
    small = world.lines(world.claim(trip, world.receipt(trip, amount_minor=LIMIT)))[0]
    with pytest.raises(Refused, match="second_not_needed"):
        world.update(world.finance, "claim_line", small, endorsed_minor=LIMIT)


def test_a_right_is_handed_on_between_two_dates_and_the_decision_names_both(world: World) -> None:
    claim, line = above(world)
    world.update(world.finance, "claim_line", line, endorsed_minor=30000)
    now = world.engine.clock().date()
    away = {"from_user": world.manager.id, "right": "second", "reason": "On leave"}
    later = {"from_date": (now + timedelta(2)).isoformat(), "to_date": (now + timedelta(9)).isoformat()}
    world.create(world.manager, "delegation", **away, to_user=world.payer.id, **later)
    with pytest.raises(Refused, match="needs_second_approval"):
        world.decide(line, "approved", by=world.payer)
    dates = {"from_date": (now - timedelta(1)).isoformat(), "to_date": (now + timedelta(1)).isoformat()}
    with pytest.raises(Refused, match="delegate_unfit"):
        world.create(world.manager, "delegation", **away, to_user=world.anna.id, **dates)
    with pytest.raises(Refused, match="delegate_unfit"):
        world.create(world.manager, "delegation", **away, to_user=world.manager.id, **dates)
    with pytest.raises(Refused, match="not_yours"):
        world.create(world.finance, "delegation", **away, to_user=world.payer.id, **dates)
    mine = {"from_user": world.finance.id, "right": "waive", "reason": "Not mine"}
    with pytest.raises(Refused, match="right_not_held"):
        world.create(world.finance, "delegation", **mine, to_user=world.payer.id, **dates)
    given = world.create(world.manager, "delegation", **away, to_user=world.payer.id, **dates)
    world.update(world.manager, "delegation", given, status="revoked")
    with pytest.raises(Refused, match="needs_second_approval"):
        world.decide(line, "approved", by=world.payer)
    world.create(world.manager, "delegation", **away, to_user=world.payer.id, **dates)
    approved = world.decide(line, "approved", by=world.payer)
    assert (approved["decided_by"], approved["on_behalf_of"]) == (world.payer.id, world.manager.id)
    assert world.now("claim", claim["id"])["status"] == "decided"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_two_people_approve_at_their_desks_and_the_one_in_charge_hands_it_on(desk: Desk, world: World) -> None:
    claim, line = above(world)
    fei, ming, pia = desk("fei"), desk("ming"), desk("pia")
    path, action = f"/finance/claims/{claim['id']}", f"/finance/lines/{line['id']}"
    page = form_of(fei.get(path), action).submit("step", value="approve").follow()
    assert "the manager has to approve it as well" in page
    assert not page.html.select('[data-testid="second"]')
    waiting = ming.get("/finance/approvals")
    assert "¥300.00" in waiting.html.select_one('[data-testid="waiting"]').text
    form = form_of(waiting, "/delegations")
    form["to_user"], form["right"], form["reason"] = world.payer.id, "second", "On leave"
    assert "Ming → Pia" in form.submit().follow()
    done = form_of(pia.get(path), action).submit("step", value="approve").follow()
    assert "Fei, Pia (for Ming)" in done
    assert "Ended early" in form_of(ming.get("/finance/approvals"), "/revoke").submit().follow()
    assert codes(world.lines(claim)[0]) == []


def above_both_limits(world: World) -> tuple[Record, Record]:
    """A receipt over its limit, whose rest still needs two people; and its line."""
    world.limit("approval", 25000)
    world.limit("receipt", 28000, "lodging")
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip)
    line = world.lines(world.claim(trip, receipt))[0]
    return receipt, line


def test_a_first_approval_does_not_outlive_an_edit_of_what_it_saw(world: World) -> None:
    receipt, line = above_both_limits(world)
    assert line["status"] == "needs_review", "over the limit, so its receipt may be mended still"
    endorsed = {"endorsed_minor": 28000, "decision_note": "What the limit leaves"}
    world.update(world.finance, "claim_line", line, **endorsed)
    world.finish_readings()
    assert world.now("claim_line", line["id"])["endorsed_by"], "the worker alters nothing that was seen"
    world.update(world.anna, "receipt", receipt, seller_name="Another hotel", attachments=[world.photo(world.anna)])
    edited = world.now("claim_line", line["id"])
    assert (edited["endorsed_by"], edited["endorsed_minor"]) == (None, 0)
    with pytest.raises(Refused):
        world.decide(line, "approved", "Seen", by=world.manager, approved_minor=28000)


def test_a_waiver_does_not_outlive_an_edit_of_what_it_excused(world: World) -> None:
    world.limit("receipt", 28000, "lodging")
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    line = world.lines(world.claim(trip, receipt))[0]
    assert codes(line) == ["place_mismatch", "over_receipt_limit"]
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code="place_mismatch", reason="Sent there")
    waived = world.now("claim_line", line["id"])
    assert waived["status"] == "needs_review", "so its receipt may be mended still"
    world.update(world.anna, "receipt", receipt, seller_name="Another hotel", attachments=[world.photo(world.anna)])
    edited = world.now("claim_line", line["id"])
    assert (edited["status"], codes(edited)[0]) == ("blocked", "place_mismatch")


@pytest.mark.parametrize("altered", ["receipt", "tool"])
def test_a_waiver_does_not_outlive_an_edit_that_was_made_while_its_line_was_refused(world: World, altered: str) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"), category="tool")
    purchase = world.tool(trip, receipt)
    line = world.lines(world.claim(trip, receipt))[0]
    for code in ("place_mismatch", "tool_not_returned"):
        world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code=code, reason="Sent there")
    assert world.decide(line, "refused", "Not this one")["status"] == "refused"
    if altered == "receipt":
        world.update(world.anna, "receipt", receipt, note="Another trip", attachments=[world.photo(world.anna)])
    else:
        world.update(world.anna, "tool_purchase", purchase, name="Gold ring")
    world.decide(line, "submitted")
    now = world.now("claim_line", line["id"])
    assert (now["status"], codes(now)) == ("blocked", ["place_mismatch", "tool_not_returned"])


def test_what_was_said_with_a_first_approval_goes_with_it(world: World) -> None:
    receipt, line = above_both_limits(world)
    said = {"endorsed_minor": 28000, "decision_note": "Asked the hotel"}
    world.update(world.finance, "claim_line", line, **said)
    assert world.update(world.payer, "claim_line", line, endorsed_minor=0)["decision_note"] == ""
    world.update(world.finance, "claim_line", line, **said)
    world.update(world.anna, "receipt", receipt, seller_name="Another hotel", attachments=[world.photo(world.anna)])
    now = world.now("claim_line", line["id"])
    assert (now["endorsed_by"], now["decision_note"]) == (None, "")
    with pytest.raises(Refused, match="review_note_required"):
        world.decide(line, "approved", by=world.payer, approved_minor=20000)
    refused = world.decide(line, "refused", "No such hotel")
    assert refused["decision_note"] == "No such hotel"


def test_a_line_that_was_split_is_above_the_limit_as_a_whole(desk: Desk, world: World) -> None:
    world.limit("approval", LIMIT)
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt, quantity=2, price=15000)
    claim = world.claim(trip, receipt)
    world.finish_readings()
    world.stock_in(purchase)
    first = next(line for line in world.lines(claim) if line["status"] == "clear")
    assert (first["amount_minor"], world.decide(first, "approved")["status"]) == (15000, "approved")
    world.stock_in(purchase)
    rest = next(line for line in world.lines(claim) if line["id"] != first["id"])
    assert (rest["status"], rest["amount_minor"]) == ("clear", 15000)
    with pytest.raises(Refused, match="needs_second_approval"):
        world.decide(rest, "approved")
    path, action = f"/finance/claims/{claim['id']}", f"/finance/lines/{rest['id']}"
    page = desk("fei").get(path)
    assert "the manager approves too" in page.html.select_one(f"#line-{rest['id']} [data-testid=approve]").text
    form_of(page, action).submit("step", value="approve")
    assert world.now("claim_line", rest["id"])["endorsed_minor"] == 15000
    assert world.decide(rest, "approved", by=world.manager)["approved_minor"] == 15000


def test_what_is_done_in_ones_own_right_is_done_for_nobody_else(world: World) -> None:
    _, line = above(world)
    day = world.engine.write(SYSTEM, lambda write: today(write.now, company_of(write)))
    about = {"from_date": day, "to_date": day, "reason": "On leave"}
    world.create(
        world.manager, "delegation", **about, from_user=world.manager.id, to_user=world.payer.id, right="second"
    )
    world.create(
        world.finance, "delegation", **about, from_user=world.finance.id, to_user=world.manager.id, right="approve"
    )
    for person in (world.payer, world.manager):
        world.update(world.finance, "claim_line", line, endorsed_minor=30000)
        assert world.decide(line, "refused", "No", by=person)["on_behalf_of"] is None
        world.decide(line, "submitted", by=world.finance)
