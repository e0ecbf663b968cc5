"""The payment desk, through its real forms and without JavaScript."""

from __future__ import annotations

import csv
import io

from tests.server.desk import Desk, form_of
from tests.server.world import World


def test_finance_pays_from_the_approved_lines_to_the_banks_file(desk: Desk, world: World) -> None:
    browser = desk("pia")
    assert "Nothing is waiting to be paid" in browser.get("/payments/")
    assert "no batches yet" in browser.get("/payments/batches")
    lines = world.approved(30000, 5000)
    assert "No bank account" in browser.get("/payments/")
    form = form_of(browser.get(f"/payments/accounts/{world.anna.id}"), world.anna.id)
    for name, value in {
        "holder_name": "=Anna",
        "bank_name": "Bank",
        "account_number": "6222 0001",
        "again": "62220002",
    }.items():
        form[name] = value
    assert "The two account numbers differ" in form.submit().follow()
    world.account(world.anna)
    page = browser.get("/payments/")
    form = form_of(page, "/payments/batches")
    assert [box.checked for box in form.fields["line"]] == [True, True]
    form.fields["line"][1].checked = False
    page = form.submit().follow()
    assert page.html.find(attrs={"data-testid": "control-total"}).text == "¥300.00"
    address = page.request.path
    assert "Draft" in page
    stale = form_of(page, "/export")
    page = form_of(page, "/export").submit().follow()
    assert world.now("claim_line", lines[0]["id"])["payment_batch_id"] in page.request.path
    assert "is no longer a draft (Pia)" in stale.submit().follow()
    first = form_of(page, "/file").submit()
    second = form_of(browser.get(address), "/file").submit()
    assert "-copy-1.csv" in second.headers["Content-Disposition"]
    assert "copy" not in first.headers["Content-Disposition"]
    assert first.body == second.body
    assert next(csv.reader(io.StringIO(first.body.decode("utf-8-sig"))))[0] == "序号"
    assert "Download a copy" in browser.get(address)
    account = world.now("bank_account", page_account(world))
    world.update(world.anna, "bank_account", account, account_number="99999999")
    assert "The account was changed after the file was sent" in browser.get(address)
    form = form_of(browser.get(address), "/cancel")
    form["reason"] = "The bank refused the file"
    assert "The bank refused the file" in form.submit().follow()
    browser.get(address).forms[0].submit("language", value="zh-Hans", status=303)
    assert "已取消" in browser.get(address)


def page_account(world: World) -> str:
    found = world.engine.write(world.anna, lambda write: write.find("bank_account", user_id=world.anna.id))
    return str(found[0]["id"])


def test_an_approver_sees_why_they_cannot_pay_and_a_manager_only_looks(desk: Desk, world: World) -> None:
    line = world.approved(30000)[0]
    world.account(world.anna)
    browser = desk("fei")
    page = browser.get("/payments/")
    assert "approved by you" in page
    assert page.html.find("input", {"name": "line"}).has_attr("disabled")
    chosen = {"line": line["id"], "currency": "CNY", "csrf_token": page.forms[0]["csrf_token"].value}
    assert "You approved these lines" in browser.post("/payments/batches", chosen).follow()
    manager = desk("ming")
    assert "Anna" in manager.get("/payments/")
    manager.get("/payments/accounts", status=403)
    token = manager.get("/payments/").forms[0]["csrf_token"].value
    manager.post("/payments/batches", chosen | {"csrf_token": token}, status=403)


def test_a_person_is_taken_out_of_a_draft(desk: Desk, world: World) -> None:
    batch = world.batch(*world.approved(30000), *world.approved(5000, owner=world.bo))
    page = desk("pia").get(f"/payments/batches/{batch['id']}")
    form = next(
        form for form in page.forms.values() if "user_id" in form.fields and form["user_id"].value == world.bo.id
    )
    assert "¥300.00" in form.submit().follow().html.find(attrs={"data-testid": "control-total"}).text


def test_the_banks_file_is_as_the_bank_wants_it(desk: Desk, world: World) -> None:
    browser = desk("pia")
    form = form_of(browser.get("/payments/layout"), "/payments/layout")
    form["separator"], form["encoding"], form["amount_format"], form["summary"] = "bar", "gb18030", "fen", "none"
    for place, (holds, header) in enumerate(
        (("account_number", "账号"), ("amount", "金额(分)"), ("holder_name", "户名"))
    ):
        form.fields["holds"][place].value, form.fields["header"][place].value = holds, header
    for place in range(3, 13):
        form.fields["holds"][place].value = ""
    assert "Saved" in form.submit().follow()
    world.account(world.anna)
    exported = world.export(world.batch(*world.approved(30000)))
    data = form_of(browser.get(f"/payments/batches/{exported['id']}"), "/file").submit().body
    assert data.decode("gb18030") == "账号|金额(分)|户名\r\n6222021001116245702|30000|Anna Li\r\n"
    form = form_of(browser.get("/payments/layout"), "/payments/layout")
    form.fields["holds"][0].value = "purpose"
    assert "at least a column for the account number" in form.submit().follow()


def test_a_technician_enters_their_own_account(desk: Desk, world: World) -> None:
    browser = desk("anna")
    form = form_of(browser.get("/payments/account"), "/payments/account")
    values = {"holder_name": "Anna", "bank_name": "Bank", "account_number": "6222-0001", "again": "6222 0001"}
    for name, value in values.items():
        form[name] = value
    page = form.submit().follow()
    assert "Saved." in page
    assert "Anna" in page.html.find("li").text
    browser.get("/payments/", status=403)


def test_an_owner_sees_and_confirms_what_finance_entered(desk: Desk, world: World) -> None:
    world.approved(30000)
    account = world.account(world.anna)
    world.update(world.finance, "bank_account", account, account_number="99998888")
    world.update(world.anna, "user", world.now("user", world.anna.id), language="en")
    pia, anna, ming = desk("pia"), desk("anna"), desk("ming")
    page = pia.get("/payments/")
    assert "ending in 8888 was entered by Fei" in page
    assert not page.html.find("input", {"name": "line"}).has_attr("checked")
    form_of(page, "/payments/batches").submit().follow()
    assert "confirm-account" in ming.get("/payments/")
    assert "This is my account" in anna.get("/payments/account")
    assert (
        "contested" in form_of(anna.get("/payments/account"), "/judgement").submit("status", value="contested").follow()
    )
    assert "The owner contests" in pia.get("/payments/")
    form = form_of(anna.get("/payments/account"), "/judgement")
    assert "The account is confirmed" in form.submit("status", value="confirmed").follow()
    assert pia.get("/payments/").html.find("input", {"name": "line"}).has_attr("checked")
