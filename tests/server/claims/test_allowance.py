"""The daily travel allowance (REG-D3): the server computes it, no day of it is paid twice, and it has no paper."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from server.claims.rules.allowance import NoAllowance, allowance_of, first_shared
from server.claims.rules.facts import Limit, Stop
from server.i18n import catalogue
from server.notices.words import notice_words
from sync.actor import SYSTEM, Actor
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction
from tests.server.claims.test_races import at_once
from tests.server.claims.test_waivers import ask
from tests.server.desk import Desk, form_of
from tests.server.notices.test_notices import told
from tests.server.payments.test_outgoing import table
from tests.server.payments.test_paper import text_of
from tests.server.payments.test_results import rows as answers
from tests.server.world import ARRIVED, LEFT, World, codes
from tests.vectors import vectors

FIRST, LAST = ARRIVED.isoformat(), LEFT.isoformat()


@vectors("allowance")
def test_each_day_has_its_rate_or_there_is_no_allowance(given: dict[str, Any], expected: list[Any]) -> None:
    stops = [Stop(*stop) for stop in given["stops"]]
    found = allowance_of(given["first"], given["last"], stops, [Limit(*limit) for limit in given["limits"]])
    if isinstance(found, NoAllowance):
        assert [found.code, found.day] == expected
    else:
        assert [[day.day, day.rate_minor] for day in found] == expected


@vectors("allowance_taken")
def test_a_day_is_taken_or_free(given: dict[str, Any], expected: str) -> None:
    others = [(first, last) for first, last in given["others"]]
    assert first_shared(given["first"], given["last"], others) == expected


def allowance(world: World, trip: Record, owner: Actor | None = None, **fields: Any) -> Record:
    """An allowance of all days of the trip; the phone says an amount that nobody trusts."""
    good = {"category": "allowance", "amount_minor": 1, "issued_on": FIRST, "allowance_until": LAST}
    return world.create(owner or world.anna, "receipt", trip_id=trip["id"], **{**good, **fields})


def reported(world: World, owner: Actor | None = None) -> Record:
    trip = world.trip(owner)
    world.report(trip, owner)
    return trip


def test_the_server_computes_the_amount_of_an_allowance_and_of_its_line(world: World) -> None:
    world.limit("allowance_day", 10000)
    world.limit("allowance_day", 18000, applies_from=LAST)
    trip = reported(world)
    paper = allowance(world, trip, seller_name="A shop", fapiao_number="1", amount_minor=999999, currency="USD")
    assert (paper["amount_minor"], paper["currency"], paper["seller_name"]) == (58000, "CNY", "")
    assert [day["rate_minor"] for day in paper["allowance_days"]] == [10000] * 4 + [18000]
    claim = world.create(world.anna, "claim", trip_id=trip["id"])
    line = world.create(world.anna, "claim_line", claim_id=claim["id"], receipt_id=paper["id"], amount_minor=99)
    assert line["amount_minor"] == 58000
    assert world.update(world.anna, "claim_line", line, amount_minor=999999)["amount_minor"] == 58000
    world.update(world.anna, "claim", claim, status="submitted")
    line = world.now("claim_line", line["id"])
    assert (line["status"], codes(line)) == ("clear", [])
    assert world.decide(line, "approved")["approved_minor"] == 58000


def test_there_is_no_allowance_without_a_rate_or_outside_the_trip(world: World) -> None:
    trip = reported(world)
    with pytest.raises(Refused, match="allowance_no_rate") as refused:
        allowance(world, trip)
    assert refused.value.params == {"day": FIRST}
    world.limit("allowance_day", 10000)
    with pytest.raises(Refused, match="allowance_outside_trip"):
        allowance(world, trip, allowance_until=(LEFT + timedelta(1)).isoformat())
    with pytest.raises(Refused, match="allowance_days_wrong"):
        allowance(world, trip, allowance_until="")
    with pytest.raises(Refused, match="not_yours"):
        allowance(world, trip, world.bo)


def test_no_receipt_becomes_an_allowance_nor_the_other_way_round(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    meal, paper = world.receipt(trip, category="meal", allowance_until=LAST), allowance(world, trip)
    assert meal["allowance_until"] == ""
    with pytest.raises(Refused, match="allowance_stays"):
        world.update(world.anna, "receipt", meal, category="allowance", allowance_until=LAST)
    with pytest.raises(Refused, match="allowance_stays"):
        world.update(world.anna, "receipt", paper, category="meal")
    with pytest.raises(Refused, match="field_not_writable"):
        world.update(world.anna, "receipt", paper, allowance_days=[])
    with pytest.raises(Refused, match="allowance_no_tools"):
        world.tool(trip, paper)


def test_no_day_is_claimed_twice_over_any_trips(world: World) -> None:
    world.limit("allowance_day", 10000)
    one, two = reported(world), reported(world)
    world.claim(one, allowance(world, one))
    with pytest.raises(Refused, match="allowance_day_taken") as refused:
        world.claim(two, allowance(world, two, issued_on=LAST))
    assert refused.value.params == {"day": LAST}
    bos = reported(world, world.bo)
    world.claim(bos, allowance(world, bos, world.bo), owner=world.bo)


def test_days_of_an_allowance_are_not_moved_onto_those_of_another(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    early = allowance(world, trip, allowance_until=FIRST)
    claim = world.claim(trip, early, allowance(world, trip, issued_on=LAST))
    world.decide(world.lines(claim)[0], "returned", "Two days, was it not?")
    with pytest.raises(Refused, match="allowance_day_taken"):
        world.update(world.anna, "receipt", early, allowance_until=LAST)
    until = (ARRIVED + timedelta(1)).isoformat()
    world.update(world.anna, "receipt", early, allowance_until=until)
    assert [line["amount_minor"] for line in world.lines(claim)] == [20000, 10000]
    world.update(world.anna, "claim", claim, status="submitted")
    assert [line["status"] for line in world.lines(claim)] == ["clear", "clear"]


def test_a_refused_allowance_frees_its_days_and_comes_back_only_while_they_are_free(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    claim = world.claim(trip, allowance(world, trip))
    line = world.decide(world.lines(claim)[0], "refused", "Came home earlier")
    again = world.claim(trip, allowance(world, trip, allowance_until=FIRST))
    assert world.lines(again)[0]["status"] == "clear"
    with pytest.raises(Refused, match="allowance_day_taken"):
        world.decide(line, "submitted")


def test_whoever_claimed_a_refused_allowance_is_told_what_was_refused(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    world.decide(world.lines(world.claim(trip, allowance(world, trip)))[0], "refused", "You were at home")
    notice = world.engine.write(SYSTEM, lambda write: write.find("notice", kind="line_refused"))[0]
    days = f"{FIRST} to {LAST}"
    assert notice_words(notice, "en") == f"Refused: the daily allowance over ¥500.00 ({days}). You were at home"
    assert notice_words(notice, "zh-Hans") == f"{FIRST} 至 {LAST} 的出差补贴（¥500.00）未获批准：You were at home"


def test_no_notice_calls_an_allowance_a_receipt(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip, manager = world.trip(), world.manager
    line = world.lines(world.claim(trip, allowance(world, trip)))[0]
    asked = ask(world, line, finding_code="report_not_filed")
    world.update(manager, "waiver", asked, status="given", reason="On paper")
    (request,) = told(world, manager, "waiver_asked")
    (given,) = told(world, world.anna, "waiver_given")
    assert "waiver for the daily allowance over ¥500.00 (2026-11-09 to" in notice_words(request, "en")
    for language, own, never in (("en", "the daily allowance over", "receipt"), ("zh-Hans", "的出差补贴（", "票据")):
        texts = catalogue(language)
        kinds = {key.removeprefix("notice.") for key, text in texts.items() if "{line}" in text}
        assert kinds > {"line_refused", "line_clear", "waiver_given", "waiver_expired"}
        words = [notice_words(given | {"kind": kind}, language) for kind in kinds]
        assert [text for text in words if own not in text or never in text] == []
        assert [text for key, text in texts.items() if key.startswith("notice_kind.") and never in text] == []


def test_claims_of_one_day_at_one_moment_leave_one(world: World) -> None:
    world.limit("allowance_day", 10000)
    trips = [reported(world) for _ in range(6)]
    papers = [allowance(world, trip) for trip in trips]
    claims = [world.create(world.anna, "claim", trip_id=trip["id"]) for trip in trips]

    def take(number: int) -> None:
        fields = {"claim_id": claims[number]["id"], "receipt_id": papers[number]["id"], "amount_minor": 50000}
        world.engine.write(world.anna, lambda write: write.create("claim_line", fields))

    assert at_once(take, writers=6) == ["allowance_day_taken"] * 5 + ["done"]


def test_whole_claims_of_one_day_that_phones_send_at_one_moment_leave_one(world: World) -> None:
    world.limit("allowance_day", 10000)
    trips = [reported(world) for _ in range(6)]

    def send(number: int) -> None:
        def work(write: Transaction) -> Record:
            of = {"trip_id": trips[number]["id"]}
            days = {"issued_on": FIRST, "allowance_until": LAST}
            paper = write.create("receipt", of | days | {"category": "allowance", "amount_minor": 50000})
            claim = write.create("claim", of)
            line = {"claim_id": claim["id"], "receipt_id": paper["id"], "amount_minor": 50000}
            return write.create("claim_line", line)

        world.engine.write(world.anna, work)

    assert at_once(send, writers=6) == ["allowance_day_taken"] * 5 + ["done"]


def test_a_cancelled_trip_has_no_allowance_and_cuts_the_one_that_was_claimed(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    claim = world.claim(trip, allowance(world, trip))
    world.update(world.dispatcher, "trip", trip, status="cancelled")
    assert codes(world.lines(claim)[0]) == ["over_allowance"]
    with pytest.raises(Refused, match="allowance_outside_trip"):
        allowance(world, trip)


def test_a_trip_that_is_planned_shorter_cuts_the_allowance(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    claim = world.claim(trip, allowance(world, trip))
    stop = trip["stops"][0] | {"leave_on": (LEFT - timedelta(2)).isoformat()}
    world.update(world.dispatcher, "trip", trip, stops=[stop])
    line = world.lines(claim)[0]
    assert (line["status"], codes(line)) == ("needs_review", ["over_allowance"])
    assert line["findings"][0]["params"] == {"claimed": 50000, "limit": 30000, "over": 20000}
    with pytest.raises(Refused, match="over_limit"):
        world.decide(line, "approved", "All the same")
    assert world.decide(line, "approved", "Shorter", approved_minor=30000)["approved_minor"] == 30000


def test_days_to_come_and_a_report_that_is_missing_are_told(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = world.trip()
    stop = trip["stops"][0] | {"leave_on": "2099-01-01", "arrive_on": "2098-12-31"}
    trip = world.update(world.dispatcher, "trip", trip, stops=[stop])
    claim = world.claim(trip, allowance(world, trip, issued_on="2098-12-31", allowance_until="2099-01-01"))
    line = world.lines(claim)[0]
    assert (line["status"], codes(line)) == ("blocked", ["allowance_in_advance", "report_not_filed"])


@pytest.mark.parametrize("covers", [None, 1])
def test_a_meal_of_an_allowances_day_is_looked_at_where_the_allowance_pays_for_meals(
    world: World, covers: int | None
) -> None:
    world.limit("allowance_day", 10000)
    world.limit("allowance_meals", covers)
    trip = reported(world)
    day = (ARRIVED + timedelta(1)).isoformat()
    meal = world.receipt(trip, category="meal", amount_minor=4000, issued_on=day)
    own = world.claim(trip, meal)
    claim = world.claim(trip, allowance(world, trip))
    late = world.claim(trip, world.receipt(trip, category="meal", amount_minor=5000, issued_on=LAST))
    other = world.claim(trip, world.receipt(trip, category="other", amount_minor=6000, issued_on=LAST))
    found = [codes(world.lines(each)[0]) for each in (own, claim, late, other)]
    twice = [[], ["allowance_with_meals"], ["meal_in_allowance"], []]
    assert found == (twice if covers else [[], [], [], []])
    world.decide(world.lines(own)[0], "refused", "Private")
    assert codes(world.lines(claim)[0]) == []


def test_an_allowance_is_no_neighbour_of_any_receipt(world: World) -> None:
    world.limit("allowance_day", 5000)
    trip = reported(world)
    hotel = world.receipt(trip, amount_minor=25000, issued_on=FIRST)
    claim = world.claim(trip, hotel, allowance(world, trip))
    assert [codes(line) for line in world.lines(claim)] == [[], []]


def test_a_person_of_finance_does_not_approve_their_own_allowance_and_large_ones_take_two(world: World) -> None:
    world.limit("allowance_day", 10000)
    world.limit("approval", 20000)
    trip = reported(world)
    line = world.lines(world.claim(trip, allowance(world, trip)))[0]
    with pytest.raises(Refused, match="own_claim"):
        world.decide(line, "approved", by=Actor(world.anna.id, frozenset({"finance"}), world.anna.device_id))
    with pytest.raises(Refused, match="needs_second_approval"):
        world.decide(line, "approved")
    world.update(world.finance, "claim_line", line, endorsed_minor=50000)
    assert world.decide(line, "approved", by=world.manager)["approved_minor"] == 50000


def test_a_paid_allowance_that_is_taken_back_frees_its_days(world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    line = world.decide(world.lines(world.claim(trip, allowance(world, trip)))[0], "approved")
    with pytest.raises(Refused, match="allowance_day_taken"):
        world.claim(trip, allowance(world, trip, issued_on=LAST))
    paid = world.decide(line, "paid")
    reversal = world.reverse(paid, "Was at home")
    assert (reversal["approved_minor"], reversal["status"]) == (-50000, "approved")
    again = world.claim(trip, allowance(world, trip, issued_on=LAST))
    assert world.lines(again)[0]["status"] == "clear"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_manager_sets_the_rate_and_whether_it_pays_for_meals(desk: Desk, world: World) -> None:
    browser = desk("ming")
    form = form_of(browser.get("/finance/limits"), "/finance/limits")
    form["what"], form["value"], form["applies_from"] = "allowance_day:", "120", "2099-01-01"
    page = form.submit().follow()
    assert "¥120.00" in page.html.select_one('[data-limit="allowance_day:"]').get_text(" ", strip=True)
    form["what"], form["value"] = "allowance_day:1", "150.50"
    page = form.submit().follow()
    assert "¥150.50" in page.html.select_one('[data-limit="allowance_day:1"]').get_text(" ", strip=True)
    switch = [form for form in page.forms.values() if form.action == "/finance/limits"][2]
    switch["value"], switch["applies_from"] = "1", "2099-01-01"
    page = switch.submit().follow()
    assert "Yes" in page.html.select_one('[data-limit="allowance_meals:"]').get_text(" ", strip=True)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_desk_shows_an_allowance_without_a_picture(desk: Desk, world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    claim = world.claim(trip, allowance(world, trip))
    browser = desk("fei")
    page = browser.get(f"/finance/claims/{claim['id']}")
    rows = page.html.select('[data-testid="allowance"] tbody tr')
    assert [row.get_text(" ", strip=True).split()[0] for row in rows][::4] == [FIRST, LAST]
    assert "5 days, 2026-11-09 to 2026-11-13" in page
    assert "No picture" not in page
    form_of(page, f"/finance/lines/{world.lines(claim)[0]['id']}").submit("step", value="approve").follow()
    assert "No receipt needed" in browser.get("/finance/?status=all&category=allowance")
    for path in (f"/finance/claims/{claim['id']}/print", f"/finance/claims/{claim['id']}/trip", "/finance/dashboard"):
        assert browser.get(path).status_int == 200
    world.account(world.anna)
    assert "No receipt needed" in desk("pia").get("/payments/")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_paid_allowance_has_its_account_its_voucher_its_paper_and_no_original(desk: Desk, world: World) -> None:
    world.limit("allowance_day", 10000)
    trip = reported(world)
    claim = world.claim(trip, allowance(world, trip))
    line = world.decide(world.lines(claim)[0], "approved")
    world.account(world.anna)
    batch = world.export(world.batch(line))
    told = [(payment["reference"], "paid", "TX-1") for payment in batch["payments"]]
    world.create(world.payer, "payment_result", batch_id=batch["id"], rows=answers(batch, *told))
    browser = desk("fei")
    form = next(form for form in browser.get("/payments/outgoing").forms.values() if "debit_allowance" in form.fields)
    form["debit_allowance"] = "660107"
    form.submit().follow()
    row = table(browser.get(f"/payments/outgoing/vouchers.csv?batch={batch['id']}").body)[0]
    assert [row[name] for name in ("Debit account", "Category", "Amount")] == ["660107", "Daily allowance", "500.00"]
    with zipfile.ZipFile(
        io.BytesIO(browser.get(f"/payments/outgoing/archive.zip?batch={batch['id']}").body)
    ) as archive:
        entries = json.loads(archive.read("index.json"))["entries"]
        assert [entry["state"] for entry in entries] == ["none"]
        assert not [name for name in archive.namelist() if name.startswith("originals/")]
    words = "".join(text_of(browser.get(f"/payments/claims/{claim['id']}.pdf").body))
    assert all(told in words for told in ("Daily allowance", FIRST, LAST, "¥100.00", "¥500.00"))
    assert "No receipt needed" in browser.get(f"/payments/batches/{batch['id']}")
