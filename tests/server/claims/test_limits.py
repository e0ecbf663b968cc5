"""Limits with dates (REG-D3): the limit of the receipt's day holds for ever; what is over is cut or waived."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.claims.gathering import today
from server.claims.judgement import company_of
from server.claims.rules.facts import Facts, Limit, Receipt, Stop, Trip
from server.claims.rules.handed_in_in_time import handed_in_in_time
from server.claims.rules.limits import city_tiers, tier_of
from server.claims.rules.within_limits import within_limits
from server.places.divisions import all_divisions, prefecture_of
from sync.change import Record
from sync.errors import Refused
from tests.server.claims.test_races import at_once
from tests.server.desk import Desk, form_of
from tests.server.world import LEFT, World, codes
from tests.vectors import vectors

FACTS = Facts(
    trip=Trip("310000", (Stop("330110", "2026-11-09", "2026-11-13"),)),
    receipt=Receipt("lodging", 30000, "2026-11-10"),
    claimed_minor=30000,
    today="2026-11-24",
)


@vectors("limits")
def test_a_receipt_stays_within_its_limits_or_not(given: dict[str, Any], expected: list[Any]) -> None:
    receipt = Receipt(**given["receipt"])
    facts = replace(
        FACTS,
        receipt=receipt,
        claimed_minor=receipt.amount_minor,
        limits=tuple(Limit(*limit) for limit in given["limits"]),
        spent_before_minor=given.get("spent_before_minor", 0),
    )
    assert [[finding.code, finding.params["over"]] for finding in within_limits(facts)] == expected


def test_a_meal_that_becomes_something_else_keeps_the_limit_of_its_day() -> None:
    limits = (Limit("meal_day", "", 10000, "2026-01-01"), Limit("receipt", "other", 25000, "2026-01-01"))
    receipt = Receipt("other", 30000, "2026-11-10", handed_in_as="meal")
    facts = replace(FACTS, receipt=receipt, limits=limits, spent_as_handed_in_minor=4000)
    found = [(finding.code, finding.params.get("over")) for finding in within_limits(facts)]
    assert found == [("category_changed", None), ("over_receipt_limit", 5000), ("over_day_limit", 24000)]


def test_a_category_changed_after_it_was_handed_in_dodges_no_limit(world: World) -> None:
    world.limit("meal_day", 10000)
    claim = claimed(world, "meal", 6000, 7000)
    over = next(line for line in world.lines(claim) if line["status"] == "needs_review")
    receipt = world.now("receipt", over["receipt_id"])
    world.update(world.anna, "receipt", receipt, category="other")
    assert codes(world.now("claim_line", over["id"])) == ["category_changed", "over_day_limit"]
    world.decide(over, "returned", "What was it?")
    world.delete(world.anna, "claim_line", over)
    world.update(world.anna, "receipt", receipt, category="parts")
    again = world.claim(world.now("trip", receipt["trip_id"]), world.now("receipt", receipt["id"]))
    assert "over_day_limit" in codes(world.lines(again)[0])


@pytest.mark.parametrize(
    ("handed_in_on", "expected"), [("", []), ("2026-11-23", []), ("2026-11-24", ["handed_in_late"])]
)
def test_a_claim_is_handed_in_in_time_or_not(handed_in_on: str, expected: list[str]) -> None:
    limits = (Limit("hand_in_days", "", 10, "2026-01-01"), Limit("hand_in_days", "", 1, "2026-11-14"))
    found = handed_in_in_time(replace(FACTS, limits=limits, handed_in_on=handed_in_on))
    assert [finding.code for finding in found] == expected


def test_the_usual_tiers_name_prefectures_that_exist() -> None:
    assert all(code in all_divisions() and prefecture_of(code) == code for code in city_tiers())
    assert [tier_of((), code, "2026-11-10") for code in ("310115", "330110", "330300", "429004")] == [1, 2, 3, 3]


def claimed(world: World, category: str, *amounts: int, **fields: Any) -> Record:
    """A claim of receipts of one day and category, one for each amount."""
    trip = world.trip()
    world.report(trip)
    return world.claim(trip, *(world.receipt(trip, category=category, amount_minor=x, **fields) for x in amounts))


def test_what_is_over_the_limit_is_cut_or_waived(world: World) -> None:
    world.limit("receipt", 20000, "lodging")
    claim = claimed(world, "lodging", 30000)
    line = world.lines(claim)[0]
    assert (line["status"], codes(line)) == ("needs_review", ["over_receipt_limit"])
    with pytest.raises(Refused, match="over_limit") as refused:
        world.decide(line, "approved", "It was the only hotel")
    assert refused.value.params == {"allowed": 20000}
    cut = world.decide(line, "approved", "The limit", approved_minor=20000)
    assert (cut["status"], cut["approved_minor"]) == ("approved", 20000)
    world.decide(line, "submitted")
    why = {"finding_code": "over_receipt_limit", "reason": "Only one hotel in town"}
    world.create(world.manager, "waiver", claim_line_id=line["id"], **why)
    assert world.decide(line, "approved")["approved_minor"] == 30000


def test_a_new_limit_leaves_old_receipts_alone(world: World) -> None:
    world.limit("receipt", 30000, "lodging")
    claim = claimed(world, "lodging", 30000)
    world.limit("receipt", 100, "lodging", applies_from="2026-11-12")
    world.update(world.dispatcher, "trip", world.now("trip", claim["trip_id"]), purpose="Judged again")
    assert world.lines(claim)[0]["status"] == "clear"
    assert world.decide(world.lines(claim)[0], "approved")["approved_minor"] == 30000


def test_meals_of_a_day_share_one_limit_in_the_order_in_which_they_came(world: World) -> None:
    world.limit("meal_day", 10000)
    claim = claimed(world, "meal", 6000, 5000, 3000)
    first, second, third = world.lines(claim)
    assert [codes(line) for line in (first, second, third)] == [[], ["over_day_limit"], ["over_day_limit"]]
    assert [line["findings"][0]["params"]["over"] for line in (second, third)] == [1000, 3000]
    world.decide(first, "refused", "A private meal")
    assert [codes(line) for line in world.lines(claim)] == [[], [], []]
    world.decide(second, "approved")
    world.decide(third, "approved")
    with pytest.raises(Refused, match="over_limit"):
        world.decide(world.decide(first, "submitted"), "approved", "After all", approved_minor=2001)
    assert world.decide(first, "approved", "After all", approved_minor=2000)["status"] == "approved"
    assert sum(line["approved_minor"] for line in world.lines(claim)) == 10000


def test_two_claims_of_one_day_and_two_hotels_of_one_trip_share_their_limits(world: World) -> None:
    world.limit("meal_day", 10000)
    world.limit("lodging_night", 10000, "2")
    trip = world.trip()
    world.report(trip)
    hotels = [world.receipt(trip, amount_minor=25000, nights=nights) for nights in (3, 0)]
    claim = world.claim(trip, *hotels, world.receipt(trip, category="meal", amount_minor=9000))
    other = claimed(world, "meal", 9000)
    assert [codes(line) for line in world.lines(claim)] == [[], ["over_trip_nights_limit"], []]
    assert codes(world.lines(other)[0]) == ["over_day_limit"]
    assert world.lines(other)[0]["findings"][0]["params"]["over"] == 8000


def test_approvals_at_one_moment_never_pass_the_limit_of_the_day(world: World) -> None:
    claim = claimed(world, "meal", *[2000] * 6)
    world.limit("meal_day", 5000)
    lines, finance = world.lines(claim), world.finance

    def approve(number: int) -> Record:
        fields = {"status": "approved", "decision_note": "Seen", "approved_minor": 2000}
        return world.engine.write(finance, lambda write: write.update("claim_line", lines[number], fields))

    outcomes = at_once(approve, writers=6)
    assert outcomes.count("done") <= 2
    assert sum(line["approved_minor"] for line in world.lines(claim)) <= 5000


def test_a_manager_sets_limits_from_today_on_and_takes_back_what_does_not_apply_yet(world: World) -> None:
    day = world.engine.write(world.manager, lambda write: today(write.now, company_of(write)))
    rule = {"kind": "receipt", "subject": "meal", "value": 5000}
    for who in (world.anna, world.finance, world.dispatcher, world.warehouse):
        with pytest.raises(Refused, match="field_not_writable"):
            world.create(who, "limit", **rule, applies_from=day)
    with pytest.raises(Refused, match="limit_in_the_past"):
        world.create(world.manager, "limit", **rule, applies_from="2026-01-01")
    now = world.create(world.manager, "limit", **rule, applies_from=day)
    assert now["set_by"] == world.manager.id
    with pytest.raises(Refused, match="limit_exists"):
        world.create(world.manager, "limit", **rule, applies_from=day)
    with pytest.raises(Refused, match="field_not_writable"):
        world.update(world.manager, "limit", now, value=1)
    with pytest.raises(Refused, match="step_not_allowed"):
        world.delete(world.manager, "limit", now)
    later = world.create(world.manager, "limit", **rule | {"value": None}, applies_from="2099-01-01")
    world.delete(world.manager, "limit", later)
    for wrong in (
        {"kind": "receipt", "subject": "yacht"},
        {"kind": "meal_day", "subject": "meal"},
        {"kind": "hand_in_days", "value": 367, "subject": ""},
        {"kind": "city_tier", "subject": "330110", "value": 1},
        {"kind": "city_tier", "subject": "330100", "value": 4},
        {"kind": "city_tier", "subject": "330100", "value": None},
    ):
        with pytest.raises(Refused, match="invalid_fields"):
            world.create(world.manager, "limit", **rule | wrong, applies_from="2099-01-01")


def test_a_limit_of_today_is_found_on_todays_receipts_at_once(world: World) -> None:
    day = world.engine.write(world.manager, lambda write: today(write.now, company_of(write)))
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip, category="other", issued_on=day))
    world.create(world.manager, "limit", kind="receipt", subject="other", value=100, applies_from=day)
    assert "over_receipt_limit" in codes(world.lines(claim)[0])


def test_tolerances_are_limits_too(world: World) -> None:
    late = (LEFT + timedelta(3)).isoformat()
    claim = claimed(world, "meal", 3000, issued_on=late)
    assert "outside_trip_dates" in codes(world.lines(claim)[0])
    world.limit("local_days", 3)
    world.update(world.dispatcher, "trip", world.now("trip", claim["trip_id"]), purpose="Judged again")
    assert "outside_trip_dates" not in codes(world.lines(claim)[0])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_page_shows_what_applies_and_takes_the_next_limit(desk: Desk, world: World) -> None:
    world.limit("receipt", 12345, "meal", applies_from="2025-01-01")
    world.limit("receipt", 23456, "meal")
    browser = desk("ming")
    form = form_of(browser.get("/finance/").click(href="/finance/limits"), "/finance/limits")
    form["what"], form["value"], form["applies_from"], form["note"] = "receipt:meal", "99.50", "2099-01-01", "Notice 7"
    page = form.submit().follow()
    row = page.html.select_one('[data-limit="receipt:meal"]').get_text(" ", strip=True)
    assert all(text in row for text in ("¥234.56", "¥123.45", "¥99.50", "2099-01-01", "Notice 7", "1 earlier"))
    assert "Taken back" in form_of(page, "/take-back").submit().follow()
    form["value"] = "a lot"
    assert "Limit: " in form.submit().follow()
    tiers = [form for form in page.forms.values() if form.action == "/finance/limits"][1]
    tiers["subject"], tiers["value"], tiers["applies_from"] = "330300", "2", "2099-01-01"
    assert "Wenzhou" in tiers.submit().follow()
    seen = desk("fei").get("/finance/limits")
    assert not [form for form in seen.forms.values() if "limits" in form.action]
    desk("wen").get("/finance/limits", status=403)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_claim_offers_what_the_limit_leaves(desk: Desk, world: World) -> None:
    world.limit("receipt", 20000, "lodging")
    claim = claimed(world, "lodging", 30000)
    line = world.lines(claim)[0]
    browser = desk("fei")
    page = browser.get(f"/finance/claims/{claim['id']}")
    assert "¥300.00 on one receipt; the limit is ¥200.00, ¥100.00 is over" in page
    form = form_of(page, f"/finance/lines/{line['id']}")
    assert form["approved"].value == "200.00"
    form["approved"], form["note"] = "300", "Only hotel"
    assert "The limits leave ¥200.00 here" in form.submit("step", value="approve").follow()
    form["approved"] = "200.00"
    assert "Approved." in form.submit("step", value="approve").follow()


def test_every_phone_knows_the_limits(world: World) -> None:
    limit = world.limit("meal_day", 1)
    pulled = world.engine.pull(world.anna, None, 500).items
    assert [item.id for item in pulled if item.entity == "limit"] == [limit["id"]]


def test_no_receipt_leaves_a_limit_by_another_currency(world: World) -> None:
    world.limit("meal_day", 10000)
    trip = world.trip()
    world.report(trip)
    meals = [world.receipt(trip, category="meal", amount_minor=9000) for _ in range(2)]
    claim = world.claim(trip, *meals)
    assert [codes(line) for line in world.lines(claim)] == [[], ["over_day_limit"]]
    with pytest.raises(Refused, match="receipt_claimed") as refused:
        world.update(world.anna, "receipt", meals[1], currency="USD")
    assert list(refused.value.errors) == ["currency"]
    world.update(world.anna, "receipt", meals[1], seller_name="Noodle house")
    assert [codes(line) for line in world.lines(claim)] == [[], ["over_day_limit"]]
