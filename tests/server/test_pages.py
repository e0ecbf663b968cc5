"""The desks, through their real forms and without JavaScript."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from webtest import TestApp

from server.receipts.reader_process import ReaderProcess
from server.receipts.worker import read_waiting
from server.services import Services
from tests.documents import make
from tests.server.api import PASSWORD, give_password
from tests.server.desk import Desk, form_of, signed_in_browser
from tests.server.receipts.documents import bring, digital_xml
from tests.server.world import SHENZHEN_SELLER, World, codes, digital_number


def a_claim(world: World, **receipt: Any) -> dict[str, Any]:
    trip = world.trip()
    world.report(trip)
    return world.claim(trip, world.receipt(trip, **receipt))


def blocked(world: World) -> dict[str, Any]:
    return a_claim(world, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))


def test_a_stranger_is_sent_to_sign_in_and_comes_back(app: Flask, world: World) -> None:
    give_password(app.extensions["fieldclaim"], world.finance)
    browser = TestApp(app)
    answer = browser.get("/finance/?show=all", status=302)
    form = answer.follow().forms[1]
    form["username"], form["password"] = "fei", PASSWORD
    assert form.submit(status=303).headers["Location"] == "/finance/?show=all"


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_away(app: Flask, world: World, wanted: str) -> None:
    give_password(app.extensions["fieldclaim"], world.finance)
    form = TestApp(app).get("/login", {"next": wanted}).forms[1]
    form["username"], form["password"] = "fei", PASSWORD
    assert form.submit(status=303).headers["Location"] == "/finance/"


def test_a_wrong_password_is_told_in_a_sentence(app: Flask, world: World) -> None:
    form = TestApp(app, extra_environ={"HTTP_ACCEPT_LANGUAGE": "en"}).get("/login").forms[1]
    form["username"], form["password"] = "fei", "wrong horse 7"
    page = form.submit(status=401)
    assert "The name or the password is wrong" in page
    assert page.forms[1]["username"].value == "fei"


ALLOWED = {
    "/finance/": {"fei", "ming"},
    "/payments/": {"fei", "ming"},
    "/payments/batches": {"fei", "ming"},
    "/payments/outgoing": {"fei", "ming"},
    "/payments/layout": {"fei", "ming"},
    "/payments/accounts": {"fei"},
    "/warehouse/": {"wen"},
    "/warehouse/expected": {"wen"},
    "/warehouse/units": {"wen", "ming"},
    "/warehouse/issues": {"wen", "ming"},
    "/warehouse/calibration": {"wen", "ming"},
    "/warehouse/counts": {"wen", "ming"},
    "/dispatch/": {"dan", "ming"},
    "/dispatch/customers": {"dan", "ming"},
    "/dispatch/reports": {"dan", "ming"},
    "/dispatch/trips/new": {"dan", "ming"},
    "/admin/": {"ada"},
}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["anna", "fei", "wen", "dan", "ming", "ada"])
def test_each_role_opens_its_own_desk_and_no_other(desk: Desk, name: str) -> None:
    browser = desk(name)
    for path, allowed in ALLOWED.items():
        assert browser.get(path, expect_errors=True).status_int == (200 if name in allowed else 403), path


def test_finance_approves_all_clear_lines_with_one_button(desk: Desk, world: World) -> None:
    claim = a_claim(world)
    browser = desk("fei")
    page = browser.get("/finance/").click("Anna", href="/finance/claims/")
    assert "Nothing was found" in page
    done = form_of(page, "/approve-clear").submit().follow()
    assert "1 lines approved" in done
    assert world.lines(claim)[0]["status"] == "approved"


def test_finance_approves_less_another_pays_it_and_a_third_takes_it_back(desk: Desk, world: World) -> None:
    claim = a_claim(world)
    world.finish_readings()
    line = world.lines(claim)[0]
    browser, colleague = desk("fei"), desk("pia")
    path, action = f"/finance/claims/{claim['id']}", f"/finance/lines/{line['id']}"
    form_of(browser.get(path), action).submit("step", value="approve")
    form_of(browser.get(path), action).submit("step", value="undo")
    assert world.lines(claim)[0]["status"] == "clear"
    form = form_of(browser.get(path), action)
    form["approved"] = "two hundred"
    assert "Approved amount" in form.submit("step", value="approve").follow()
    form = form_of(browser.get(path), action)
    form["approved"], form["note"] = "200.50", "Minibar is private"
    assert "¥200.50" in form.submit("step", value="approve").follow()
    refused = form_of(browser.get(path), action).submit("step", value="pay").follow()
    assert "Whoever approved the line cannot pay it" in refused
    form = form_of(colleague.get(path), action)
    form["reference"] = "PV-2026-11"
    form.submit("step", value="pay")
    paid = world.lines(claim)[0]
    assert (paid["status"], paid["payment_reference"], paid["paid_by"]) == ("paid", "PV-2026-11", world.payer.id)
    form = form_of(desk("ming").get(path), "/reversal")
    form["note"] = "Paid by the company card already"
    page = form.submit().follow()
    assert "Taken back by a counter-entry" in page
    assert "-¥200.50" in page
    assert [item["status"] for item in world.lines(claim)] == ["paid", "approved"]


def test_finance_returns_a_line_with_a_reason(desk: Desk, world: World) -> None:
    claim = blocked(world)
    line = world.lines(claim)[0]
    browser = desk("fei")
    path, action = f"/finance/claims/{claim['id']}", f"/finance/lines/{line['id']}"
    assert "Give a reason" in form_of(browser.get(path), action).submit("step", value="return").follow()
    form = form_of(browser.get(path), action)
    form["note"] = "Photograph the whole invoice"
    page = form.submit("step", value="return").follow()
    assert "Photograph the whole invoice" in page
    assert world.now("claim", claim["id"])["status"] == "returned"


def test_a_refusal_needs_a_reason_which_both_languages_frame(desk: Desk, world: World) -> None:
    claim = a_claim(world)
    world.finish_readings()
    line = world.lines(claim)[0]
    browser = desk("fei")
    path, action = f"/finance/claims/{claim['id']}", f"/finance/lines/{line['id']}"
    assert "Give a reason" in form_of(browser.get(path), action).submit("step", value="refuse").follow()
    form = form_of(browser.get(path), action)
    form["note"] = "The picture cannot be read"
    assert "The picture cannot be read" in form.submit("step", value="refuse").follow()
    browser.get(path).forms[0].submit("language", value="zh-Hans", status=303)
    assert "已拒绝" in browser.get(path)


def test_a_reason_changes_on_the_page_as_soon_as_its_cause_does(desk: Desk, world: World) -> None:
    """T22"""
    trip = world.trip()
    claim = world.claim(trip, world.receipt(trip))
    browser = desk("fei")
    assert "service report of this trip is not filed" in browser.get(f"/finance/claims/{claim['id']}")
    world.report(trip)
    assert "Nothing was found" in browser.get(f"/finance/claims/{claim['id']}")


def test_finance_records_what_it_read_off_the_picture(desk: Desk, world: World) -> None:
    claim = a_claim(world, seller_tax_id="")
    browser = desk("fei")
    form = form_of(browser.get(f"/finance/claims/{claim['id']}"), "/reading")
    form["division_code"], form["note"] = "330100", "The stamp says Hangzhou"
    assert "The stamp says Hangzhou" in form.submit().follow()
    assert world.lines(claim)[0]["status"] == "clear"


def test_a_manager_waives_and_finance_then_approves(desk: Desk, world: World) -> None:
    claim = blocked(world)
    form = form_of(desk("ming").get(f"/finance/claims/{claim['id']}"), "/waiver")
    form["reason"] = "Billed by the head office"
    assert "Waived by Ming: Billed by the head office" in form.submit().follow()
    form_of(desk("fei").get(f"/finance/claims/{claim['id']}"), "/approve-clear").submit()
    assert world.lines(claim)[0]["status"] == "approved"


def test_a_claim_prints_with_its_findings_and_decisions(desk: Desk, world: World) -> None:
    claim = blocked(world)
    page = desk("fei").get(f"/finance/claims/{claim['id']}/print")
    assert "REG-D3" in page
    assert "¥300.00" in page


def test_the_warehouse_stocks_in_prints_a_label_and_cancels(desk: Desk, world: World) -> None:
    trip = world.trip()
    receipt = world.receipt(trip, category="tool")
    purchase = world.tool(trip, receipt, quantity=2, price=15000)
    browser = desk("wen")
    form = form_of(browser.get("/warehouse/expected", {"q": "torque"}), f"/{purchase['id']}/units")
    form["serial_number"], form["shelf"] = "TW-1", "A-03"
    label = form.submit("step", value="take").follow()
    assert "FC-" in label
    assert "<svg" in label
    assert "1 of 2 stocked in" in browser.get("/warehouse/expected")
    cancel = form_of(label, "/steps/cancel")
    cancel["reason"] = "Not this tool"
    assert "Cancelled" in cancel.submit().follow()
    assert world.now("tool_purchase", purchase["id"])["stocked_in_quantity"] == 0


def test_the_warehouse_refuses_a_unit_with_a_reason(desk: Desk, world: World) -> None:
    trip = world.trip()
    purchase = world.tool(trip, world.receipt(trip, category="tool"))
    browser = desk("wen")
    page = browser.get("/warehouse/expected")
    form = [form for form in page.forms.values() if form.action.endswith(f"/{purchase['id']}/units")][1]
    form["reason"] = "Another tool than was bought"
    assert "Refused; the technician will see why" in form.submit("step", value="refuse").follow()
    assert "Another tool than was bought" in browser.get("/warehouse/units").click("FC-")


def test_the_dispatcher_plans_from_a_customer_to_a_trip(desk: Desk, world: World) -> None:
    anna = world.anna
    browser = desk("dan")
    form = [item for item in browser.get("/dispatch/customers").forms.values() if item.method.upper() == "POST"][-1]
    form["name"] = "Qiantang Pumps"
    page = form.submit().follow()
    form = form_of(page, "/dispatch/sites")
    form["name"], form["division_code"] = "Pump house", "330110"
    page = form.submit().follow()
    assert "Yuhang, Hangzhou" in page
    form = form_of(browser.get("/dispatch/"), "/dispatch/orders")
    form["number"], form["problem"], form["technician_id"] = "WO-1", "Leaks", anna.id
    form.submit().follow()
    form = form_of(browser.get("/dispatch/trips/new"), "/dispatch/trips")
    form["technician_id"], form["purpose"], form["home_division"] = anna.id, "Repair", "310000"
    form["place_0"] = form["place_0"].options[1][0]
    form["arrive_on_0"], form["leave_on_0"] = "2026-11-12", "2026-11-10"
    refused = form.submit(status=422)
    assert "leaves before it arrives" in refused
    form = form_of(refused, "/dispatch/trips")
    assert form["purpose"].value == "Repair"
    form["leave_on_0"] = "2026-11-13"
    assert "Repair" in form.submit(status=303).follow()


def test_a_trip_begins_and_goes_to_another_technician(desk: Desk, world: World) -> None:
    trip, other = world.trip(), world.bo
    browser = desk("dan")
    form = form_of(browser.get("/dispatch/"), f"/dispatch/trips/{trip['id']}")
    form["status"], form["technician_id"] = "active", other.id
    row = form.submit(status=303).follow().html.select_one("tbody tr")
    assert "Bo" in row.select_one("td").text
    now = world.now("trip", trip["id"])
    assert (now["status"], now["technician_id"]) == ("active", other.id)
    assert browser.post(f"/dispatch/trips/{trip['id']}", {"status": "cancelled"}, status=400)
    assert world.now("trip", trip["id"])["status"] == "active", "a form without its token changes nothing"


def test_a_work_order_goes_to_another_technician(desk: Desk, world: World) -> None:
    order = world.now("work_order", world.report(world.trip())["work_order_id"])
    other = world.bo
    form = form_of(desk("dan").get("/dispatch/"), f"/dispatch/orders/{order['id']}")
    form["technician_id"] = other.id
    page = form.submit(status=303).follow()
    again = form_of(page, f"/dispatch/orders/{order['id']}")
    assert again["technician_id"].value == world.now("work_order", order["id"])["technician_id"] == other.id
    assert order["technician_id"] == world.anna.id


def test_the_dispatcher_adds_a_machine_which_a_work_order_then_names(desk: Desk, world: World) -> None:
    site = world.now("site", world.trip()["stops"][0]["site_id"])
    browser = desk("dan")
    form = form_of(browser.get("/dispatch/customers"), "/dispatch/equipment")
    form["name"] = "Pump 3"
    assert "Serial number" in form.submit(status=303).follow(), "it says what is missing"
    assert world.engine.write(world.dispatcher, lambda write: write.find("equipment")) == []
    form = form_of(browser.get("/dispatch/customers"), "/dispatch/equipment")
    form["name"], form["model"], form["serial_number"] = "Pump 3", "QP-50", "QP50-0117"
    assert "Pump 3 QP-50 · QP50-0117" in form.submit(status=303).follow()
    (machine,) = world.engine.write(world.dispatcher, lambda write: write.find("equipment"))
    assert (machine["site_id"], machine["customer_id"]) == (site["id"], site["customer_id"])
    order = form_of(browser.get("/dispatch/"), "/dispatch/orders")
    order["number"], order["problem"], order["technician_id"] = "WO-7", "Leaks", world.anna.id
    order["equipment_id"] = machine["id"]
    order.submit(status=303)
    (made,) = world.engine.write(world.dispatcher, lambda write: write.find("work_order"))
    assert made["equipment_id"] == machine["id"]


def test_the_administrator_adds_and_disables(app: Flask, desk: Desk, world: World) -> None:
    browser = desk("ada")
    form = form_of(browser.get("/admin/").click(href="/admin/users/new"), "/admin/users")
    form["username"], form["display_name"], form["role"] = "Lin", "Lin", "warehouse"
    password = form.submit().html.find("output").text
    newcomer = TestApp(app)
    assert sign_in(newcomer, "lin", password, status=303).headers["Location"] == "/warehouse/"
    user = next(item for item in world.engine.write(world.anna, lambda write: write.find("user", username="lin")))
    change = form_of(browser.get(f"/admin/users/{user['id']}"), f"/admin/users/{user['id']}")
    change["status"] = "disabled"
    change.submit()
    assert newcomer.get("/warehouse/", status=302).headers["Location"].startswith("/login")


def test_the_administrator_resets_a_password_which_ends_every_session(app: Flask, desk: Desk, world: World) -> None:
    theirs, browser = desk("wen"), desk("ada")
    assert theirs.get("/warehouse/", status=200)
    page = f"/admin/users/{world.warehouse.id}"
    shown = form_of(browser.get(page), "/password").submit(status=200)
    password = shown.html.find("output").text
    assert password not in browser.get(page), "it is shown once"
    assert theirs.get("/warehouse/", status=302).headers["Location"].startswith("/login")
    assert sign_in(TestApp(app), "wen", PASSWORD, status=401)
    assert sign_in(TestApp(app), "wen", password, status=303).headers["Location"] == "/warehouse/"


def test_the_administrator_shuts_out_one_lost_device(app: Flask, desk: Desk, world: World) -> None:
    lost, kept = desk("wen"), signed_in_browser(app, "wen")
    browser = desk("ada")
    page = browser.get(f"/admin/users/{world.warehouse.id}")
    forms = [form for form in page.forms.values() if form.action.endswith("/revoke")]
    assert len(forms) == 2
    page = forms[-1].submit(status=303).follow()
    assert len([form for form in page.forms.values() if form.action.endswith("/revoke")]) == 1
    assert lost.get("/warehouse/", status=302).headers["Location"].startswith("/login")
    assert kept.get("/warehouse/", status=200)


def sign_in(browser: TestApp, name: str, password: str, status: int) -> Any:
    form = browser.get("/login").forms[1]
    form["username"], form["password"] = name, password
    return form.submit(status=status)


@pytest.mark.parametrize("path", ["/finance/claims/x", "/warehouse/units/x", "/dispatch/reports/x", "/nothing"])
def test_an_address_that_leads_nowhere_says_so(desk: Desk, path: str) -> None:
    page = desk("fei" if "finance" in path or "reports" in path else "wen").get(path, status=404)
    assert "Traceback" not in page


def test_an_address_with_what_no_database_holds_leads_nowhere(app: Flask, desk: Desk) -> None:
    browser = desk("ming")
    token = browser.get("/finance/limits").forms[0]["csrf_token"].value
    rules = [rule for rule in app.url_map.iter_rules() if rule.arguments]
    assert len(rules) > 40
    for rule in rules:
        path = re.sub("<[^>]*>", "a%00b", rule.rule)
        if "GET" in (rule.methods or ()):
            browser.get(path, status=404)
        if "POST" in (rule.methods or ()):
            browser.post(path, {"csrf_token": token, "step": "approve"}, status=404)


def test_hostile_text_is_shown_as_text(desk: Desk, world: World) -> None:
    claim = a_claim(world, seller_name="<script>alert(1)</script>", note="{{ 7 * 7 }}")
    page = desk("fei").get(f"/finance/claims/{claim['id']}")
    assert "<script>alert(1)</script>" not in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert codes(world.lines(claim)[0]) == []


def test_the_desk_shows_what_was_read_beside_what_was_typed(desk: Desk, world: World, services: Services) -> None:
    trip = world.trip()
    world.report(trip)
    sha256 = bring(services, world.anna, digital_xml(total="80.00", net="75.47", tax="4.53"))
    receipt = world.receipt(trip, number="26332000000012345678", qr_text="", attachments=[sha256])
    with ReaderProcess() as process:
        read_waiting(services, process)
    page = desk("fei").get(f"/finance/claims/{world.claim(trip, receipt)['id']}")
    rows = {row["data-kind"]: row.get_text(" ", strip=True) for row in page.html.select(".reading tbody tr")}
    assert "≠ ¥300.00" in rows["amount_total"]
    assert "¥80.00" in rows["amount_total"]
    assert "≠" not in rows["fapiao_number"]
    assert page.html.select("tr.differs")


def test_a_part_of_a_picture_is_shown(desk: Desk, world: World, services: Services) -> None:
    sample = make("digital-picture-noqr", 1)
    sha256 = bring(services, world.anna, sample.data, sample.media_type)
    browser = desk("fei")
    part = Image.open(io.BytesIO(browser.get(f"/api/attachments/{sha256}?view=1&box=0.5,0.1,0.9,0.2").body))
    assert part.width > 2 * part.height
    for box in ("0.5,0.1,0.4,0.2", "1,2,3,4", "a", "0,0,1,1,1"):
        assert browser.get(f"/api/attachments/{sha256}?view=1&box={box}", status=400)


def test_a_pdf_is_shown_as_a_picture(desk: Desk, world: World, services: Services) -> None:
    sample = make("digital-pdf", 1)
    sha256 = bring(services, world.anna, sample.data, sample.media_type)
    shown = desk("fei").get(f"/api/attachments/{sha256}?view=1")
    assert shown.content_type == "image/jpeg"
    assert Image.open(io.BytesIO(shown.body)).width > 800
