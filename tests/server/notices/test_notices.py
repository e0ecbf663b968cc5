"""Notices: who is told of what, once; and the bell at the desk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.notices.forgetting import forget_old
from server.notices.outbox import notice_mail
from server.notices.queries import address_of
from server.notices.reminders import remind
from server.notices.words import notice_words
from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.audit import verify
from sync.change import Record
from sync.errors import Refused
from tests.server.api import Device, signed_in
from tests.server.desk import Desk, form_of
from tests.server.notices.test_mail import asks, later, wants
from tests.server.payments.test_results import rows
from tests.server.world import World


def told(world: World, person: Actor, kind: str = "") -> list[Record]:
    """What a person was told, in order."""
    found = world.engine.write(SYSTEM, lambda write: write.find("notice", person_id=person.id))
    return [notice for notice in found if not kind or notice["kind"] == kind]


def a_claim(world: World, amounts: tuple[int, ...] = (30000,)) -> Record:
    trip = world.trip()
    world.report(trip)
    claim = world.claim(trip, *(world.receipt(trip, amount_minor=amount) for amount in amounts))
    world.finish_readings()
    return claim


def test_the_claimant_is_told_once_of_what_became_of_a_claim(world: World) -> None:
    claim = a_claim(world, (30000, 20000, 10000))
    assert told(world, world.anna) == []
    first, second, third = world.lines(claim)
    world.decide(first, "returned", "The picture is dark")
    world.decide(second, "returned", "This one too")
    world.decide(third, "refused", "Not for the company")
    returned, refused = told(world, world.anna)
    assert (returned["kind"], returned["params"]["reason"]) == ("claim_returned", "The picture is dark")
    assert (refused["kind"], refused["params"]["total"]) == ("line_refused", 10000)
    assert (returned["target_entity"], returned["target_id"]) == ("claim", claim["id"])


def test_one_payment_is_one_notice_for_each_claim(world: World) -> None:
    world.account(world.anna)
    lines = world.approved(30000, 20000)
    batch = world.export(world.batch(*lines))
    (payment,) = batch["payments"]
    answers = rows(batch, (payment["reference"], "paid", "TX-1"))
    world.create(world.payer, "payment_result", batch_id=batch["id"], rows=answers)
    (paid,) = told(world, world.anna, "claim_paid")
    assert (paid["params"]["total"], batch["id"] in paid["cause"]) == (50000, True)


def test_a_line_that_waited_for_its_tool_tells_when_nothing_blocks_it(world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt)
    claim = world.claim(trip, receipt)
    world.finish_readings()
    assert world.lines(claim)[0]["status"] == "blocked"
    world.stock_in(purchase)
    assert [notice["kind"] for notice in told(world, world.anna)] == ["line_clear"]


def test_a_comment_tells_those_it_names_and_the_claimant(world: World) -> None:
    claim, ming = a_claim(world), world.manager
    world.create(world.finance, "comment", claim_id=claim["id"], text="@ming look, and @fei too")
    world.create(world.anna, "comment", claim_id=claim["id"], text="It is mine")
    assert [notice["kind"] for notice in told(world, ming)] == ["mentioned"]
    assert told(world, world.finance) == []
    (notice,) = told(world, world.anna)
    assert (notice["kind"], notice["params"]["writer"]) == ("commented", "Fei")
    with pytest.raises(Refused, match="not_yours"):
        world.update(world.bo, "notice", notice, is_read=True)
    with pytest.raises(Refused, match="field_not_writable"):
        world.update(world.anna, "notice", notice, kind="mentioned")
    read = world.update(world.anna, "notice", notice, is_read=True)
    assert read["is_read"]
    assert read["read_at"]
    assert world.update(world.anna, "notice", notice, is_read=True)["version"] == read["version"]


def test_time_reminds_of_a_tool_once_a_day_until_it_is_back(world: World, services: Services) -> None:
    unit = world.create(world.warehouse, "tool_unit", origin="owned", name="Gauge", shelf="A-1")
    out = {"tool_unit_id": unit["id"], "technician_id": world.anna.id, "due_on": "2090-03-10"}
    issue = world.create(world.warehouse, "tool_issue", **out)

    def on(day: int) -> int:
        services.engine.clock = lambda: datetime(2090, 3, day, 2, tzinfo=UTC)
        return remind(services)

    assert [on(8), on(9), on(9), on(10), on(10)] == [0, 1, 0, 1, 0]
    assert [on(11), on(11), on(12)] == [2, 0, 2]
    assert [notice["kind"] for notice in told(world, world.anna)] == ["tool_due"] * 2 + ["tool_overdue"] * 2
    assert [notice["params"]["days"] for notice in told(world, world.warehouse)] == [1, 2]
    world.update(world.warehouse, "tool_issue", issue, status="returned", returned_shelf="A-1")
    assert all(notice["is_read"] for notice in told(world, world.anna))
    assert on(13) == 0


@pytest.mark.parametrize(
    ("language", "words", "all_read"),
    [
        ("en", "Anna mentions you: ", "Mark all as read"),
        ("zh-Hans", "Anna 提到了您：", "全部标为已读"),
    ],
)
def test_the_bell_counts_and_the_list_leads_to_the_claim(
    desk: Desk, world: World, language: str, words: str, all_read: str
) -> None:
    claim = a_claim(world)
    browser = desk("fei")
    if language != "en":
        browser.get("/finance/").forms[0].submit("language", value=language, status=303)
    assert not browser.get("/finance/").html.select(".bell .count")
    assert browser.get("/notices").html.select_one(".empty")
    for text in ("@fei <b>first</b>", "@fei second", "@fei third"):
        world.create(world.anna, "comment", claim_id=claim["id"], text=text)
    page = browser.get("/notices")
    assert page.html.select_one(".bell .count").text == "3"
    shown = [item.text for item in page.html.select("[data-testid=notice] .words")]
    assert "third" in shown[0]
    assert words in shown[0]
    assert "<b>first</b>" not in page.text
    newest = told(world, world.finance)[-1]
    opened = form_of(page, f"/notices/{newest['id']}/open").submit(status=303)
    assert opened.location.endswith(f"/finance/claims/{claim['id']}")
    page = browser.get("/notices")
    assert page.html.select_one(".bell .count").text == "2"
    assert all_read in page
    page = form_of(page, "/notices/read").submit().follow()
    assert not page.html.select(".bell .count")
    assert all(notice["is_read"] for notice in told(world, world.finance))
    anothers = {"csrf_token": page.forms[0]["csrf_token"].value}
    world.create(world.finance, "comment", claim_id=claim["id"], text="Thanks")
    strange = told(world, world.anna)[0]
    assert browser.post(f"/notices/{strange['id']}/open", anothers, status=303).location.endswith("/notices")
    assert not told(world, world.anna)[0]["is_read"]


def test_what_is_long_past_is_forgotten_on_phones_too(app: Flask, world: World, services: Services) -> None:
    wants(world, world.anna, "anna@example.com", "commented")
    anna = signed_in(app, world.anna, "anna")
    asks(world)
    (old,) = told(world, world.anna)
    cursor = anna.ask("GET", "/api/sync/pull").json["cursor"]
    later(services, days=179)
    anna = signed_in_again(anna)
    asks(world)
    assert forget_old(services) == 0
    later(services, days=2)
    assert (forget_old(services), forget_old(services)) == (1, 0)
    anna = signed_in_again(anna)
    assert [notice["id"] != old["id"] for notice in told(world, world.anna)] == [True]
    changes = anna.ask("GET", f"/api/sync/pull?cursor={cursor}&limit=1000").json["changes"]
    assert [change["op"] for change in changes if change["id"] == old["id"]] == ["remove"]
    with services.engine.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(notice_mail)) == 1
        assert verify(connection, services.engine.registry) is None


def signed_in_again(device: Device) -> Device:
    assert device.log_in("anna").status_code == 200
    return device


def above_the_limit(world: World, owner: Actor | None = None) -> Record:
    """A line that one person of finance may not approve alone, in a company that has a manager."""
    world.limit("approval", 20000)
    assert world.manager
    owner = owner or world.anna
    trip = world.trip(owner)
    world.report(trip, owner)
    line = world.lines(world.claim(trip, world.receipt(trip, owner), owner=owner))[0]
    world.finish_readings()
    return world.now("claim_line", line["id"])


def stand_in(world: World, person: Actor) -> Record:
    """A person who gives the second approval in the manager's place."""
    given = {"from_user": world.manager.id, "to_user": person.id, "right": "second", "reason": "Away"}
    days = {"from_date": "2026-01-01", "to_date": "2099-01-01"}
    return world.create(world.manager, "delegation", **given, **days)


def test_whoever_may_give_the_second_approval_is_told_until_it_is_decided(world: World) -> None:
    other = world.person("other-manager", "manager")
    stand_in(world, world.payer)
    stand_in(world, world.finance)  # who endorses it: not told
    line = above_the_limit(world)
    assert told(world, world.manager, "approval_asked") == []
    line = world.update(world.finance, "claim_line", line, endorsed_minor=30000)
    for person, role in ((world.manager, "manager"), (other, "manager"), (world.payer, "finance")):
        (notice,) = told(world, person, "approval_asked")
        assert (notice["params"]["total"], notice["is_read"]) == (30000, False)
        assert address_of(notice, role) == f"/finance/claims/{line['claim_id']}"
    for person in (world.finance, world.anna, world.dispatcher, world.warehouse):
        assert told(world, person, "approval_asked") == []
    world.decide(line, "approved", by=world.manager)
    for person in (world.manager, other, world.payer):
        (notice,) = told(world, person, "approval_asked")
        assert notice["is_read"]


@pytest.mark.parametrize("end", ["taken back", "refused", "returned", "a new doubt"])
def test_a_line_that_no_longer_waits_for_the_manager_is_read_and_told_anew_when_it_waits_again(
    world: World, end: str
) -> None:
    line = world.update(world.finance, "claim_line", above_the_limit(world), endorsed_minor=30000)
    if end == "taken back":
        world.update(world.payer, "claim_line", line, endorsed_minor=0)
    elif end == "a new doubt":
        read = {"receipt_id": line["receipt_id"], "division_code": "440305", "note": "stamp: Nanshan"}
        world.create(world.payer, "evidence", **read)
    else:
        world.decide(line, end, "Not for the company", by=world.manager)
    assert [notice["is_read"] for notice in told(world, world.manager, "approval_asked")] == [True]
    if end == "taken back":
        world.update(world.payer, "claim_line", world.now("claim_line", line["id"]), endorsed_minor=30000)
        assert [notice["is_read"] for notice in told(world, world.manager, "approval_asked")] == [True, False]


def test_who_claims_or_shares_the_account_or_stands_in_no_longer_is_not_asked(world: World) -> None:
    """Whatever their role is by now."""
    other, away = world.person("other-manager", "manager"), world.person("away-manager", "manager")
    world.update(world.manager, "delegation", stand_in(world, world.payer), status="revoked")
    line = above_the_limit(world)
    world.update(SYSTEM, "user", {"id": world.anna.id}, role="manager")
    world.update(SYSTEM, "user", {"id": away.id}, status="disabled")
    for person in (world.anna, other):
        world.account(person)
    world.update(world.finance, "claim_line", line, endorsed_minor=30000)
    asked = world.engine.write(SYSTEM, lambda write: write.find("notice", kind="approval_asked"))
    assert [notice["person_id"] for notice in asked] == [world.manager.id]


def test_a_second_approval_is_asked_for_by_mail_and_in_both_languages(world: World) -> None:
    wants(world, world.manager, "manager@example.com", "approval_asked")
    world.update(world.finance, "claim_line", above_the_limit(world), endorsed_minor=30000)
    (notice,) = told(world, world.manager, "approval_asked")
    assert notice_words(notice, "en").startswith("Fei has approved the receipt of ")
    assert notice_words(notice, "en").endswith(
        "over ¥300.00, claimed by Anna. It is above the limit and needs your approval, too."
    )
    assert notice_words(notice, "zh-Hans").endswith("（¥300.00），金额超过单人审批限额，还需您审批。")
    with world.engine.database.read() as connection:
        assert connection.execute(select(notice_mail.c.notice_id)).scalars().all() == [notice["id"]]
