"""Approved lines become payments: who may pay what, what a batch holds, and what the bank is sent."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import pytest

from server.notices.queries import address_of
from server.payments.cells import csv_text, neutral
from server.payments.export import kept_file
from sync import journal
from sync.actor import SYSTEM, Actor
from sync.audit import verify
from sync.change import Record
from sync.errors import Refused
from tests.server.claims.test_races import at_once
from tests.server.world import SHENZHEN_SELLER, World, base_of, digital_number


def refusal(work: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value


def counter_entry(world: World, line: Record, amount: int) -> Record:
    """A mistake that was found after payment: the same line with a negative amount."""
    fields = {name: line[name] for name in ("claim_id", "receipt_id", "technician_id", "currency", "decided_by")}
    fields |= {"amount_minor": -amount, "approved_minor": -amount, "reverses": line["id"]}
    return world.as_system("create", "claim_line", **fields, status="approved")


def sent(world: World, batch: Record) -> bytes:
    return world.engine.write(SYSTEM, lambda write: kept_file(write, batch))


def test_a_batch_pays_each_person_once_and_fixes_what_the_bank_is_asked(world: World) -> None:
    annas = world.approved(30000, 12050)
    bos = world.approved(5000, owner=world.bo)
    world.account(world.anna)
    world.account(world.bo, "62220001")
    batch = world.batch(*annas, *bos)
    assert (batch["line_count"], batch["payment_count"], batch["control_total_minor"]) == (3, 2, 47050)
    assert batch["number"].endswith("-0001")
    head = world.engine.write(SYSTEM, lambda write: journal.head(write.connection))
    exported = world.export(batch)
    assert (exported["status"], exported["exported_by"]) == ("exported", world.payer.id)
    assert (exported["journal_seq"], exported["journal_hash"]) == (head.seq, head.hash)
    assert {line["payment_batch_id"] for line in world.lines({"id": annas[0]["claim_id"]})} == {batch["id"]}
    data = sent(world, exported)
    assert hashlib.sha256(data).hexdigest() == exported["file_sha256"]
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row[5] for row in rows[1:3]] == ["420.50", "50.00"]
    assert rows[1][2] == "6222021001116245702"
    assert rows[3] == ["合计", batch["number"], "2", "470.50", "CNY", f"{head.seq}:{head.hash}"]
    with world.engine.database.read() as connection:
        assert verify(connection, world.engine.registry) is None


def test_no_batch_pays_past_a_counter_entry_that_stands_in_another(world: World) -> None:
    first, second = world.approved(30000, 12000)
    reversal = counter_entry(world, world.decide(world.approved(5000)[0], "paid"), 5000)
    world.account(world.anna)
    draft = world.batch(first)
    assert draft["control_total_minor"] == 25000, "set off"
    refused = refusal(lambda: world.batch(second))
    assert (refused.code, refused.params["lines"]) == ("payment_counter_entry_open", "Anna Lakeside Hotel -50.00 CNY")
    world.update(world.payer, "payment_batch", draft, status="cancelled")
    assert set(world.batch(second)["line_ids"]) == {second["id"], reversal["id"]}


def test_nobody_pays_what_they_claimed_approved_or_waived(world: World) -> None:
    lines = world.approved(30000)
    world.account(world.anna)
    refused = refusal(lambda: world.batch(*lines, by=world.finance))
    assert refused.code == "payer_is_approver"
    assert refused.params["lines"] == "Anna Lakeside Hotel 300.00 CNY"
    other = Actor(world.anna.id, frozenset({"finance"}))
    assert refusal(lambda: world.batch(*lines, by=other)).code == "payer_is_claimant"
    third = world.person("tim", "finance")
    batch = world.batch(*lines, by=third)
    assert refusal(lambda: world.export(batch, by=world.finance)).code == "payer_is_approver"
    assert refusal(lambda: world.batch(*lines, by=world.manager)).code == "field_not_writable"
    assert world.export(batch, by=third)["status"] == "exported"


def test_who_gave_a_waiver_does_not_pay_the_line_in_another_role_either(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    line = world.lines(world.claim(trip, receipt))[0]
    world.finish_readings()
    code = world.now("claim_line", line["id"])["findings"][0]["code"]
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code=code, reason="Billed elsewhere")
    world.decide(line, "approved")
    once_manager = Actor(world.manager.id, frozenset({"finance"}))
    assert refusal(lambda: world.batch(line, by=once_manager)).code == "payer_gave_waiver"
    assert world.batch(line)["line_count"] == 1


def test_a_payer_does_not_send_money_to_an_account_that_they_entered(world: World) -> None:
    batch = world.batch(*world.approved(30000))
    assert refusal(lambda: world.export(batch)).code == "account_missing"
    fields = {"user_id": world.anna.id, "holder_name": "Anna", "bank_name": "B", "account_number": "62220001"}
    account = world.create(world.payer, "bank_account", **fields)
    world.update(world.anna, "bank_account", account, status="confirmed")
    refused = refusal(lambda: world.export(batch))
    assert (refused.code, refused.params) == ("payer_entered_account", {"people": "Anna"})
    assert world.export(batch, by=world.person("tim", "finance"))["payments"][0]["account_tail"] == "0001"


def test_no_money_goes_to_an_account_that_a_colleague_changed_before_it_is_confirmed(world: World) -> None:
    (line,), (other,) = world.approved(30000), world.approved(5000, owner=world.bo)
    tim = world.person("tim", "finance")
    account = world.account(world.anna)
    world.account(world.bo, "62220009")
    draft = world.batch(line)
    account = world.update(world.finance, "bank_account", account, account_number="99999999")
    refused = refusal(lambda: world.export(draft, by=tim))
    assert (refused.code, refused.params) == ("account_unconfirmed", {"people": "Anna"})
    world.update(world.payer, "payment_batch", draft, status="cancelled")
    assert world.batch(line, other)["line_ids"] == [other["id"]], "left out"
    (notice,) = world.engine.write(SYSTEM, lambda write: write.find("notice", kind="account_unconfirmed"))
    assert (notice["person_id"], notice["params"]) == (world.anna.id, {"name": "Fei", "tail": "9999"})
    for who in (world.finance, tim, world.bo, world.warehouse):
        assert (
            refusal(lambda who=who: world.update(who, "bank_account", account, status="confirmed")).code == "not_yours"
        )
    assert refusal(lambda: world.update(world.manager, "bank_account", account, status="confirmed")).code == (
        "reason_required"
    )
    world.update(world.anna, "bank_account", account, status="contested")
    world.update(world.finance, "bank_account", account, bank_name="Bank of Tim")
    seen = {"status": "confirmed"}
    stale = refusal(lambda: world.engine.write(world.anna, lambda write: write.update("bank_account", account, seen)))
    assert stale.code == "account_changed", "nobody confirms what they did not see"
    by = world.update(world.manager, "bank_account", account, status="confirmed", reason="Rang her up")["judged_by"]
    assert by == world.manager.id
    later = world.update(world.anna, "bank_account", account, status="confirmed", reason="Something else")
    assert later["reason"] == "Rang her up", "a reason is written with its confirmation only"
    assert world.export(world.batch(line), by=world.payer)["payments"][0]["account_tail"] == "9999"
    assert world.update(world.anna, "bank_account", account, account_number="62220010")["status"] == "confirmed"


def test_an_owner_confirms_no_number_that_they_did_not_see_by_changing_another_field(world: World) -> None:
    account = world.account(world.anna)
    world.update(world.finance, "bank_account", account, account_number="99999999")
    late = base_of("bank_account", account, bank_name="Bank of Ningbo")
    verdict = world.engine.push(world.anna, [late])[0]
    assert (verdict.status, verdict.code) == ("rejected", "account_changed")
    assert world.now("bank_account", account["id"])["status"] == "unconfirmed"


def test_one_account_of_two_people_is_confirmed_by_a_manager_who_is_neither(world: World) -> None:
    (line,) = world.approved(30000)
    world.account(world.anna)
    world.account(world.payer)
    mine = world.account(world.manager, "62220007")
    assert world.now("bank_account", mine["id"])["status"] == "confirmed"
    (shared,) = world.engine.write(SYSTEM, lambda write: write.find("bank_account", user_id=world.payer.id))
    assert shared["status"] == "unconfirmed"
    assert (
        refusal(lambda: world.update(world.payer, "bank_account", shared, status="confirmed")).code == "account_shared"
    )
    boss = world.person("bea", "manager")
    world.update(boss, "bank_account", shared, status="confirmed", reason="Married")
    with pytest.raises(Refused, match="payer_shares_account"):
        world.batch(line)
    with pytest.raises(Refused, match="own_account"):
        world.decide(line, "paid", by=world.payer)
    assert world.batch(line, by=world.person("tim", "finance"))["line_ids"] == [line["id"]]
    taken = world.update(world.finance, "bank_account", shared, account_number="62220007")
    refused = refusal(lambda: world.update(world.manager, "bank_account", taken, status="confirmed", reason="Mine"))
    assert refused.code == "account_shared", "nobody confirms for another what is their own"


def test_who_shares_an_account_decides_nothing_on_its_lines(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    line = world.lines(world.claim(trip, world.receipt(trip)))[0]
    world.account(world.anna)
    world.account(world.finance)
    for status in ("approved", "refused", "returned"):
        with pytest.raises(Refused, match="own_account"):
            world.decide(line, status, "Mine")
    read = {"receipt_id": line["receipt_id"], "division_code": "330106", "note": "stamp"}
    with pytest.raises(Refused, match="own_account"):
        world.create(world.finance, "evidence", **read)
    with pytest.raises(Refused, match="own_account"):
        world.advance(trip, 100)
    world.account(world.warehouse)
    tool = world.tool(trip, world.receipt(trip, category="tool"))
    with pytest.raises(Refused, match="own_account"):
        world.stock_in(tool)
    assert world.decide(line, "approved", by=world.payer)["status"] == "approved"


def test_two_who_give_one_number_at_one_moment_are_not_both_confirmed(world: World) -> None:
    people = [world.person(f"p{number}", "technician") for number in range(4)]
    at_once(lambda which: world.account(people[which]), 4)
    accounts = world.engine.write(SYSTEM, lambda write: write.find("bank_account"))
    assert sorted(account["status"] for account in accounts) == ["confirmed", *["unconfirmed"] * 3]


def test_a_contested_account_is_told_to_finance_and_the_managers_and_a_confirmation_to_its_owner(world: World) -> None:
    told = [world.finance.id, world.payer.id, world.manager.id]
    about = {"holder_name": "Anna", "bank_name": "B", "account_number": "62220001"}
    account = world.create(world.finance, "bank_account", user_id=world.anna.id, **about)
    world.update(world.anna, "bank_account", account, status="contested")
    notices = world.engine.write(SYSTEM, lambda write: write.find("notice", kind="account_contested"))
    assert sorted(notice["person_id"] for notice in notices) == sorted(told)
    said = {"name": "Fei", "person": "Anna", "owner": world.anna.id, "tail": "0001"}
    assert notices[0]["params"] == said
    assert address_of(notices[0], "finance") == f"/payments/accounts/{world.anna.id}"
    world.update(world.finance, "bank_account", account, account_number="62220002")
    world.update(world.manager, "bank_account", account, status="confirmed", reason="Rang her up")
    (notice,) = world.engine.write(SYSTEM, lambda write: write.find("notice", kind="account_confirmed"))
    assert (notice["person_id"], notice["params"]) == (
        world.anna.id,
        {"name": "Ming", "tail": "0002", "reason": "Rang her up"},
    )


def test_a_persons_counter_entries_reduce_what_they_get(world: World) -> None:
    annas, bos = world.approved(30000), world.approved(5000, owner=world.bo)
    counter_entry(world, annas[0], 10000)
    counter_entry(world, bos[0], 5000)
    world.account(world.anna)
    batch = world.batch(*annas, *bos)
    assert (batch["line_count"], batch["payment_count"], batch["control_total_minor"]) == (2, 1, 20000)
    assert world.now("claim_line", bos[0]["id"])["payment_batch_id"] is None
    assert refusal(lambda: world.batch(*bos)).code == "batch_empty"
    assert world.export(batch)["payments"][0]["amount_minor"] == 20000


def test_a_counter_entry_that_comes_later_stops_the_export(world: World) -> None:
    lines = world.approved(30000)
    world.account(world.anna)
    batch = world.batch(*lines)
    counter_entry(world, lines[0], 10000)
    assert refusal(lambda: world.export(batch)).code == "batch_changed"


def test_a_line_is_in_one_living_batch_and_free_after_it_was_cancelled(world: World) -> None:
    lines = world.approved(30000)
    batch = world.batch(*lines)
    assert refusal(lambda: world.batch(*lines)).code == "payment_line_taken"
    assert refusal(lambda: world.decide(lines[0], "paid")).code == "line_in_batch"
    world.update(world.payer, "payment_batch", batch, status="cancelled")
    world.account(world.anna)
    again = world.export(world.batch(*lines))
    assert again["number"].endswith("-0002")
    assert refusal(lambda: world.update(world.payer, "payment_batch", again, status="cancelled")).code == (
        "batch_reason_required"
    )
    world.update(world.payer, "payment_batch", again, status="cancelled", reason="The bank refused the file")
    assert world.now("claim_line", lines[0]["id"])["payment_batch_id"] is None


def test_an_approval_that_goes_away_leaves_a_draft_but_not_what_the_bank_was_asked(world: World) -> None:
    lines = world.approved(30000, 5000)
    world.account(world.anna)
    batch = world.batch(*lines)
    world.decide(lines[1], "submitted")
    left = world.now("payment_batch", batch["id"])
    assert (left["line_ids"], left["control_total_minor"]) == ([lines[0]["id"]], 30000)
    assert world.now("claim_line", lines[1]["id"])["payment_batch_id"] is None
    world.export(left)
    assert refusal(lambda: world.decide(lines[0], "submitted")).code == "line_in_batch"
    trip = world.now("trip", world.now("claim", lines[0]["claim_id"])["trip_id"])
    elsewhere = [trip["stops"][0] | {"division_code": "110000", "site_id": None}]
    world.update(world.dispatcher, "trip", trip, stops=elsewhere)
    held = world.now("claim_line", lines[0]["id"])
    assert (held["status"], held["findings"][0]["severity"]) == ("approved", "block")


def test_an_advance_that_is_recorded_meanwhile_makes_a_draft_smaller(world: World) -> None:
    annas, bos = world.approved(30000, 12000), world.approved(5000, owner=world.bo)
    world.account(world.anna)
    batch = world.batch(*annas, *bos)
    for line, amount in ((annas[0], 10000), (bos[0], 9000)):
        given = {"trip_id": world.now("claim", line["claim_id"])["trip_id"], "amount_minor": amount}
        world.create(world.finance, "advance", **given, paid_on="2026-11-08")
    left = world.now("payment_batch", batch["id"])
    assert (left["payment_count"], left["line_count"], left["control_total_minor"]) == (1, 2, 32000)
    assert world.now("claim_line", bos[0]["id"])["payment_batch_id"] is None
    assert world.export(left)["payments"][0]["amount_minor"] == 32000


def test_a_draft_gives_lines_back_and_takes_none(world: World) -> None:
    annas, bos = world.approved(30000), world.approved(5000, owner=world.bo)
    batch = world.batch(*annas)
    more = [annas[0]["id"], bos[0]["id"]]
    assert refusal(lambda: world.update(world.payer, "payment_batch", batch, line_ids=more)).code == "batch_not_draft"
    emptied = world.update(world.payer, "payment_batch", batch, line_ids=[])
    assert emptied["control_total_minor"] == 0
    assert world.now("claim_line", annas[0]["id"])["payment_batch_id"] is None
    assert refusal(lambda: world.export(batch)).code == "batch_empty"


def test_nothing_is_paid_before_its_documents_are_read(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, world.receipt(trip))
    line = world.decide(world.lines(claim)[0], "approved")
    assert refusal(lambda: world.batch(line)).code == "payment_reading_pending"


def test_an_account_is_seen_and_changed_by_its_owner_and_finance_only(world: World) -> None:
    account = world.account(world.anna)
    for other in (world.bo, world.manager, world.warehouse):
        assert (
            refusal(lambda who=other: world.update(who, "bank_account", account, bank_name="Mine")).code == "not_yours"
        )
    fields = {"holder_name": "Bo", "bank_name": "B", "account_number": "62220001"}
    assert refusal(lambda: world.create(world.bo, "bank_account", user_id=world.anna.id, **fields)).code == "not_yours"
    assert refusal(lambda: world.account(world.anna)).code == "account_exists"
    bad = refusal(lambda: world.update(world.anna, "bank_account", account, account_number="=1+1"))
    assert bad.errors == {"account_number": ["bad_format"]}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠", "  ="])
def test_no_text_of_an_export_is_a_formula(start: str) -> None:
    cell = next(csv.reader(io.StringIO(csv_text([[f"{start}cmd|' /C calc'!A0", -5]]), newline="")))
    assert cell[0].startswith("'")
    assert "\0" not in cell[0]
    assert cell[1] == "-5"
    assert neutral("安娜 - Anna") == "安娜 - Anna"


@pytest.mark.parametrize("answer", ["cancelled", "failed"])
def test_what_was_found_while_the_bank_was_asked_counts_before_the_line_is_paid_again(
    world: World, answer: str
) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip)
    claim = world.claim(trip, receipt)
    world.finish_readings()
    line = world.decide(world.lines(claim)[0], "approved")
    world.account(world.anna)
    batch = world.export(world.batch(line))
    by = world.person("lea", "finance")
    world.create(by, "evidence", receipt_id=receipt["id"], division_code="440305", note="stamp: Nanshan")
    assert world.now("claim_line", line["id"])["status"] == "approved", "the bank was asked already"
    if answer == "cancelled":
        world.update(world.payer, "payment_batch", batch, status="cancelled", reason="Wrong account")
    else:
        payment = batch["payments"][0]
        row = {"reference": payment["reference"], "amount_minor": payment["amount_minor"]}
        row |= {"outcome": "failed", "reason": "Closed"}
        world.create(world.payer, "payment_result", batch_id=batch["id"], rows=[row])
    now = world.now("claim_line", line["id"])
    assert (now["status"], now["approved_minor"], now["payment_batch_id"]) == ("blocked", 0, None)
    with pytest.raises(Refused, match="payment_line_not_approved"):
        world.batch(now)


def test_a_tool_for_which_the_bank_was_asked_is_not_cancelled_and_sold_again(world: World) -> None:
    """REG-A12"""
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    unit = world.stock_in(world.tool(trip, receipt), "SN-1")
    claim = world.claim(trip, receipt)
    world.finish_readings()
    world.account(world.anna)
    batch = world.export(world.batch(world.decide(world.lines(claim)[0], "approved")))
    cancelled = {"status": "cancelled", "reason": "Wrong tool"}
    with pytest.raises(Refused, match="unit_already_paid"):
        world.update(world.warehouse, "tool_unit", unit, **cancelled)
    world.update(world.payer, "payment_batch", batch, status="cancelled", reason="Wrong account")
    world.update(world.warehouse, "tool_unit", unit, **cancelled)
    assert world.lines(claim)[0]["status"] == "blocked"


def test_a_doubt_that_came_while_the_bank_was_asked_goes_to_a_person_before_the_line_is_paid_again(
    world: World,
) -> None:
    world.limit("meal_day", 10000)
    trip = world.trip()
    world.report(trip)
    meals = [world.receipt(trip, category="meal", amount_minor=9000) for _ in range(2)]
    claim = world.claim(trip, *meals)
    world.finish_readings()
    first, second = world.lines(claim)
    world.account(world.anna)
    batch = world.export(world.batch(world.decide(first, "approved")))
    excuse = {"claim_line_id": second["id"], "finding_code": "over_day_limit", "reason": "Guests"}
    world.create(world.manager, "waiver", **excuse)
    world.decide(second, "approved")
    assert world.now("claim_line", first["id"])["status"] == "approved"
    world.update(world.payer, "payment_batch", batch, status="cancelled", reason="Wrong account")
    assert world.now("claim_line", first["id"])["status"] == "needs_review"
