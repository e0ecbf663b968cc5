"""What moves money asks for the second factor again, loses nothing that was typed, and has no other way in."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from server.accounts.step_up import GUARDED
from sync.change import Record, new_id
from tests.server.accounts.test_second_factor import Clock, NewPerson, Person, clock, config, person
from tests.server.api import PASSWORD, Device
from tests.server.desk import form_of
from tests.server.world import SHENZHEN_SELLER, World, digital_number

__all__ = ["clock", "config", "person"]
MONEY = ("/payments", "/finance", "/admin", "/warehouse/units")
ASK_NOTHING = {
    "payments.reconciled": "says that somebody has compared, and pays nothing",
    "payments.make_batch": "a draft",
    "payments.remove": "a draft",
    "payments.cancel": "pays nothing",
    "payment_results.preview": "writes nothing",
    "outgoing.save_codes": "the accounting's codes",
    "approvals.revoke": "takes a right away",
    "comments.write_comment": "words",
    "comments.see": "writes nothing but that they were seen",
    "queue.keep_filter": "a filter",
    "queue.forget_filter": "a filter",
    "tool_issues.give": "a tool goes out",
    "finance.read_off": "what a person read; the rules judge it, and it is approved by somebody",
    "admin.revoke": "shuts a phone out, the sooner the better",
    "warehouse.keep": "where a unit lies",
}
SOMETIMES = {"finance.decide", "finance.approve_clear", "bulk.approve", "waivers.decide", "warehouse.take_step"}
"""Forms that ask for some of what they do, as the next test says."""


def forms(app: Flask) -> dict[str, str]:
    """Every form by which money moves: the name of its view, and its address."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return {rule.endpoint: rule.rule for rule in rules if rule.rule.startswith(MONEY)}


def test_every_form_that_moves_money_asks_for_a_fresh_proof(
    app: Flask, person: NewPerson, clock: Clock, world: World
) -> None:
    found = forms(app)
    asking = {name for name in found if getattr(app.view_functions[name], "asks_for_proof", False)}
    assert set(found) - asking == set(ASK_NOTHING), "a new form asks, or says here why it need not"
    assert len(asking) == 24
    people = {"fei": person(), "ming": person("ming", "manager"), "ada": person("ada", "admin")}
    for name in ("fei", "ming"):
        people[name].enrol()
    set_up_own(people["ada"])
    clock.move(5 * 60)
    for name in sorted(asking - SOMETIMES):
        who = {"limits": "ming", "admin": "ada"}.get(name.partition(".")[0], "fei")
        address = found[name]
        for part in ("<batch_id>", "<user_id>", "<limit_id>", "<line_id>", "<advance_id>"):
            address = address.replace(part, new_id())
        page = send(people[who], address)
        assert (page.status_int, 'name="proof_code"' in page) == (403, True), name
    pays = send(people["fei"], f"/finance/lines/{new_id()}", step="pay")
    assert (pays.status_int, 'name="proof_code"' in pays) == (403, True)
    assert send(people["fei"], f"/finance/lines/{new_id()}", step="refuse").status_int == 404


def test_what_is_done_dozens_of_times_a_day_does_not_ask_and_what_makes_an_exception_does(
    person: NewPerson, clock: Clock, world: World
) -> None:
    world.limit("approval", 20000)
    fei, ming = person(), person("ming", "manager")
    for who in (fei, ming):
        who.enrol()
    trip = world.trip()
    world.report(trip)
    small, large = (world.receipt(trip, category="other", amount_minor=amount) for amount in (9000, 30000))
    elsewhere = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    claim = world.claim(trip, small, large, elsewhere)
    lines = {line["receipt_id"]: line["id"] for line in world.lines(claim)}
    clock.move(6 * 60)

    def asks(who: Person, address: str, *receipts: Record, **fields: Any) -> bool:
        now = {receipt["id"]: world.now("claim_line", lines[receipt["id"]]) for receipt in receipts}
        seen = {key: world.seen(line) for key, line in now.items()}
        if "approve" in address:
            fields["line"] = [
                f"{lines[key]}:{now[key]['version'] if 'claims' not in address else seen[key]}" for key in now
            ]
        elif seen:
            (fields["seen"],) = seen.values()
            address = address.replace("<line>", lines[receipts[0]["id"]])
        page = send(who, address, **fields)
        assert page.status_int in (200, 303, 403), page
        return page.status_int == 403 and 'name="proof_code"' in page

    assert not asks(fei, "/finance/lines/<line>", small, step="approve")
    assert world.now("claim_line", lines[small["id"]])["status"] == "approved"
    assert not asks(fei, "/finance/lines/<line>", small, step="undo")
    assert not asks(fei, f"/finance/claims/{claim['id']}/approve-clear", small)
    assert asks(fei, f"/finance/claims/{claim['id']}/approve-clear", large)
    assert asks(fei, "/finance/lines/<line>", large, step="approve")
    world.update(world.people["fei"], "claim_line", {"id": lines[large["id"]]}, endorsed_minor=30000)
    assert asks(ming, "/finance/lines/<line>", large, step="approve")
    assert asks(ming, "/finance/approve", large)
    assert not asks(fei, "/finance/lines/<line>", large, step="disown")
    assert asks(ming, "/finance/lines/<line>/waiver", elsewhere, finding_code="place_mismatch", reason="Head office")
    why = {"finding_code": "place_mismatch", "request": "The head office bills"}
    asked = world.create(world.anna, "waiver", claim_line_id=lines[elsewhere["id"]], **why)
    waiver = f"/finance/waivers/{asked['id']}"
    assert asks(ming, waiver, elsewhere, step="give", reason="Head office")
    assert not asks(ming, waiver, elsewhere, step="refuse", reason="Ask the hotel")
    assert world.now("waiver", asked["id"])["status"] == "refused"
    tool = world.receipt(trip, category="tool")
    unit = world.stock_in(world.tool(trip, tool))
    step = f"/warehouse/units/{unit['id']}/steps"
    assert asks(ming, f"{step}/write_off", reimbursement="not_reimbursed", decision_reason="Broken")
    assert world.now("tool_unit", unit["id"])["status"] == "stocked_in"


@pytest.mark.parametrize(
    ("language", "title", "wrong"),
    [("en", "Show your second factor again", "The code is wrong"), ("zh-Hans", "请再次验证身份", "验证码不正确")],
)
def test_what_was_typed_goes_on_with_the_code(
    person: NewPerson, clock: Clock, world: World, language: str, title: str, wrong: str
) -> None:
    ming = person("ming", "manager", language)
    ming.enrol()
    clock.move(6 * 60)
    typed = {"value": "450", "applies_from": "2026-12-01", "note": '涨价 <b>"up"</b>'}
    limits = ming.browser.get("/finance/limits")
    typed["what"] = with_field(limits, "what")["what"].options[0][0]
    page = send(ming, "/finance/limits", **typed)
    assert title in page
    form = with_field(page, "proof_code")
    form["proof_code"] = "000000"
    page = form.submit(status=401)
    assert (title in page, wrong in page) == (True, True)
    form = with_field(page, "proof_code")
    assert {name: form[name].value for name in typed} == typed
    form["proof_code"] = ming.code()
    assert form.submit(status=303).headers["Location"] == "/finance/limits"
    (limit,) = world.engine.write(world.people["ming"], lambda write: write.find("limit"))
    assert (limit["applies_from"], limit["note"], limit["value"]) == ("2026-12-01", typed["note"], 45000)
    clock.move(4 * 60)
    assert send(ming, "/finance/limits", **typed | {"applies_from": "2027-01-01"}).status_int == 303
    assert len(world.engine.write(world.people["ming"], lambda write: write.find("limit"))) == 2


def test_a_desks_token_moves_no_money_by_the_api(app: Flask, person: NewPerson, clock: Clock, world: World) -> None:
    fei = person()
    fei.enrol()
    token = fei.browser.cookies["fieldclaim_access"]
    device = Device(app, access=token)
    about = world.engine.write(world.people["fei"], lambda write: write.find("device", user_id=world.people["fei"].id))
    device.id = about[0]["id"]
    clock.move(6 * 60)
    changes: list[dict[str, Any]] = [
        {"entity": name, "op": "create", "fields": {field: None}}
        for name, fields in GUARDED.items()
        for field in fields or ("note",)
    ]
    changes += [{"entity": "claim_line", "op": "update", "fields": {"status": to}} for to in ("approved", "paid")]
    for change in changes:
        answer = device.push(change)
        assert (answer.status_code, answer.json["code"]) == (403, "proof_needed"), change
    others = [{"entity": "comment", "op": "create", "fields": {}}, None, "?"]
    others += [{"entity": "user", "op": "update", "fields": {"language": "en"}}]
    assert device.push(*others).status_code == 200
    assert device.push({"entity": ["claim_line"], "op": "update", "fields": {"status": "paid"}}).status_code == 200


def set_up_own(ada: Person) -> None:
    """An administrator sets up a second factor of their own accord."""
    form = ada.browser.get("/login").forms[1]
    form["username"], form["password"] = "ada", PASSWORD
    form.submit(status=303)
    page = ada.browser.get("/account/second-factor")
    ada.confirm(form_of(page, "/set-up").submit(status=303).follow())


def with_field(page: Any, name: str) -> Any:
    return next(form for form in page.forms.values() if name in form.fields)


def send(who: Person, address: str, **fields: Any) -> Any:
    token = who.browser.get("/account/second-factor").forms[0]["csrf_token"].value
    return who.browser.post(address, fields | {"csrf_token": token}, expect_errors=True)
