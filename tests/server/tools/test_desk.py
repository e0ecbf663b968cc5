"""The warehouse's desk through its real forms, without JavaScript."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import zxingcpp
from webtest import TestApp, Upload

from server.tools.naming import purchase_code
from sync.actor import SYSTEM
from sync.change import Record
from tests.server.attachments.files import picture
from tests.server.desk import Desk, form_of
from tests.server.tools.test_units import bought, issue, line_of, take
from tests.server.world import World


def units_of(world: World, **equals: Any) -> list[Record]:
    return world.engine.write(SYSTEM, lambda write: write.find("tool_unit", **equals))


def scan(page: Any, *codes: str) -> Any:
    """Scan codes one after the other, as a browser without JavaScript sends them."""
    for code in codes:
        form = page.forms["counter"]
        form["code"] = code
        page = form.submit("step", value="scan")
    return page


def said(page: Any) -> str:
    return str(page.html.find(id="said").get_text(" ", strip=True))


def refused_by(page: Any) -> str:
    return str(page.html.select_one(".flash.refused").text)


def open_page(browser: TestApp, unit: Record) -> Any:
    return browser.get(f"/warehouse/units/{unit['id']}")


def test_a_list_is_scanned_confirmed_once_and_undone_whole(desk: Desk, world: World) -> None:
    pair = bought(world, 3)
    named = bought(world, name="Bearing puller", serial_numbers=["BP-9"])
    own = take(world, None, origin="owned", name="Gauge", serial_number="G-1", shelf="A-1")
    out = issue(world, own)
    browser = desk("wen")
    page = scan(browser.get("/warehouse/"), purchase_code(pair["id"]), purchase_code(pair["id"]).lower(), "bp 9")
    assert "Bearing puller of Anna" in said(page)
    page = scan(page, own["label"])
    assert "is with Anna: take it back" in said(page)
    page = scan(page, "G-1")
    assert "on the list already" in said(page)
    assert units_of(world, tool_purchase_id=pair["id"]) == []
    form = page.forms["counter"]
    assert form["quantity-0"].value == "2"
    form["shelf-0"], form["shelf-1"], form["shelf-2"], form["condition-2"] = "B-1", "B-2", "B-3", "worn"
    form["photo-0"] = [Upload("two.jpg", picture(), "image/jpeg")]
    done = form.submit("step", value="confirm")
    again = form.submit("step", value="confirm")
    assert "Done: 4" in done.follow()
    assert len(units_of(world, status="stocked_in")) == 4
    assert again.status_int == 303
    assert [unit["shelf"] for unit in units_of(world, tool_purchase_id=pair["id"])] == ["B-1", "B-1"]
    assert all(len(unit["attachments"]) == 1 for unit in units_of(world, tool_purchase_id=pair["id"]))
    assert line_of(world, named)["status"] == "clear"
    assert (world.now("tool_unit", own["id"])["condition"], world.now("tool_issue", out["id"])["status"]) == (
        "worn",
        "returned",
    )
    assert "Undone: 4" in form_of(done.follow(), "/undo").submit().follow()
    assert world.now("tool_purchase", pair["id"])["stocked_in_quantity"] == 0
    assert line_of(world, named)["status"] == "blocked"
    assert world.now("tool_unit", own["id"])["holder_id"] == world.anna.id


def test_a_row_that_is_refused_stops_no_other_and_says_why(desk: Desk, world: World) -> None:
    first, second = bought(world), bought(world)
    page = scan(desk("wen").get("/warehouse/"), purchase_code(first["id"]), purchase_code(second["id"]), "WHAT-IS-IT")
    assert "WHAT-IS-IT is unknown" in said(page)
    form = page.forms["counter"]
    form["serial_number-0"] = form["serial_number-1"] = "SAME-1"
    form["action-2"], form["name-2"] = "found_tool", "Torch"
    left = form.submit("step", value="confirm")
    assert "2 done, 1 refused" in said(left)
    assert "SAME-1 is stocked in already" in refused_by(left)
    assert [unit["origin"] for unit in units_of(world, name="Torch")] == ["found"]
    form = left.forms["counter"]
    form["action-0"], form["reason-0"] = "refuse", "It is the other one again"
    form.submit("step", value="confirm").follow()
    assert [unit["status"] for unit in units_of(world, tool_purchase_id=second["id"])] == ["refused"]


def test_a_photo_that_is_none_is_told_at_its_row_and_nothing_is_written(desk: Desk, world: World) -> None:
    purchase = bought(world)
    form = scan(desk("wen").get("/warehouse/"), purchase_code(purchase["id"])).forms["counter"]
    form["photo-0"] = [Upload("photo.jpg", b"MZ" + b"\0" * 400, "image/jpeg")]
    assert "This kind of file cannot be used" in refused_by(form.submit("step", value="confirm"))
    assert units_of(world) == []


def test_a_hostile_list_is_no_list(desk: Desk, world: World) -> None:
    browser = desk("wen")
    token = browser.get("/warehouse/").forms["counter"]["csrf_token"].value
    hostile = {"id-0": "../../x", "code-0": "<script>", "step": "confirm", "csrf_token": token}
    assert browser.post("/warehouse/", hostile).status_int in (200, 303)
    hostile |= {"id-0": world.anna.id[:-1] + "0", "action-0": "stock_in", "quantity-0": "9" * 30, "purchase_id-0": "x"}
    assert "Quantity" in refused_by(browser.post("/warehouse/", hostile))
    page = browser.post("/warehouse/", {"code": "<script>alert(1)</script>", "step": "scan", "csrf_token": token})
    assert "<script>alert(1)" not in page.text
    assert units_of(world) == []


def test_a_tool_is_issued_extended_and_taken_back_and_its_page_tells_it_all(desk: Desk, world: World) -> None:
    unit = take(world, None, origin="owned", name="Gauge", shelf="A-1")
    trip = world.trip()
    browser = desk("wen")
    form = form_of(open_page(browser, unit), "/issue")
    form["trip_id"], form["due_on"] = trip["id"], "2000-01-01"
    assert "Due back: is out of range" in refused_by(form.submit().follow())
    form["due_on"] = "2098-01-01"
    page = form.submit().follow()
    assert "Anna" in page
    extend = [form for form in page.forms.values() if "/issues/" in form.action][1]
    extend["due_on"] = "2098-03-01"
    extend.submit("step", value="extend")
    listed = browser.get("/warehouse/issues")
    assert "2098-03-01" in listed
    assert "Nothing is overdue" in browser.get("/warehouse/issues?show=overdue")
    assert (
        "Taken back"
        in form_of(listed, world.engine.write(SYSTEM, lambda w: w.find("tool_issue"))[0]["id"])
        .submit("step", value="returned")
        .follow()
    )
    told = open_page(browser, unit).html.find_all("table")[-1].get_text(" ")
    for word in ("Wen", "Issued", "2098-03-01", "With: Anna", "Returned", "System (Wen)"):
        assert word in told, word


def test_a_tool_is_repaired_lost_and_written_off_by_the_manager(desk: Desk, world: World) -> None:
    purchase = bought(world)
    unit = take(world, purchase, serial_number="TW-7")
    browser = desk("wen")
    repair = form_of(open_page(browser, unit), "/steps/repair")
    repair["reason"] = "Ratchet slips"
    assert "Sent to repair" in repair.submit().follow()
    lost = form_of(open_page(browser, unit), "/steps/lost")
    lost["reason"] = "Never came back from the workshop"
    assert "Reported lost" in lost.submit().follow()
    assert "write_off" not in open_page(browser, unit)
    manager = desk("ming")
    form = form_of(manager.get("/warehouse/units?status=lost").click(unit["label"]), "/steps/write_off")
    form["decision_reason"] = "The workshop pays"
    assert "Reimbursement: is required" in refused_by(form.submit().follow())
    form["reimbursement"] = "not_reimbursed"
    assert "Written off" in form.submit().follow()
    assert line_of(world, purchase)["status"] == "blocked"
    assert "write-off is taken back" in form_of(open_page(manager, unit), "/undo_write_off").submit().follow()
    assert line_of(world, purchase)["status"] == "clear"


def test_what_was_issued_is_lost_or_never_went_out_and_what_was_lost_is_found(desk: Desk, world: World) -> None:
    lost, kept = (take(world, None, origin="owned", name=name, shelf="A-1") for name in ("Gauge", "Lamp"))
    outs = {unit["id"]: issue(world, unit) for unit in (lost, kept)}
    browser = desk("wen")
    page = open_page(browser, lost)
    form = [form for form in page.forms.values() if form.action.endswith(outs[lost["id"]]["id"])][2]
    assert "Note: is required" in refused_by(form.submit("step", value="lost").follow())
    form["note"] = "Fell into the sea"
    page = form.submit("step", value="lost").follow()
    assert "A manager decides what follows" in page
    back = form_of(page, "/steps/back")
    back["shelf"], back["condition"] = "b-2", "damaged"
    assert "Back on the shelf" in back.submit().follow()
    found = world.now("tool_unit", lost["id"])
    assert (found["status"], found["shelf"], found["condition"]) == ("stocked_in", "B-2", "damaged")
    page = open_page(browser, kept)
    form = [form for form in page.forms.values() if form.action.endswith(outs[kept["id"]]["id"])][3]
    assert "The issue is cancelled" in form.submit("step", value="cancelled").follow()
    assert world.now("tool_unit", kept["id"])["status"] == "stocked_in"


def test_calibration_is_kept_and_listed(desk: Desk, world: World) -> None:
    unit = take(world, None, origin="owned", name="Gauge", shelf="A-1")
    browser = desk("wen")
    assert "No calibration is due" in browser.get("/warehouse/calibration")
    form = form_of(open_page(browser, unit), f"/units/{unit['id']}")
    form["calibrated_on"], form["calibration_days"], form["shelf"] = "2025-01-01", "365", "c-9"
    form["photo"] = [Upload("gauge.jpg", picture(), "image/jpeg")]
    page = form.submit().follow()
    assert "C-9" in page
    assert page.html.select(".thumbs img")
    assert "2026-01-01" in browser.get("/warehouse/calibration")
    form = form_of(page, "/issue")
    form["technician_id"], form["due_on"] = world.anna.id, "2098-01-01"
    assert "calibration ran out on 2026-01-01" in refused_by(form.submit().follow())


def test_a_shelf_is_counted_and_each_difference_settled(desk: Desk, world: World) -> None:
    here = take(world, None, origin="owned", name="Gauge", shelf="A-1", serial_number="G-1")
    gone = take(world, None, origin="owned", name="Lamp", shelf="A-1")
    browser = desk("wen")
    form = form_of(browser.get("/warehouse/counts"), "/counts")
    form["shelf"] = "a-1"
    page = form.submit().follow()
    for code in ("G-1", "TYPO", "G-1"):
        scanner = next(item for item in page.forms.values() if "/counts/" in item.action)
        scanner["code"] = code
        page = scanner.submit("step", value="scan").follow()
    remove = next(item for item in page.forms.values() if "code" in item.fields and item["code"].value == "TYPO")
    page = remove.submit("step", value="remove").follow()
    close = next(item for item in page.forms.values() if "difference" in item.fields)
    assert "Settle each difference" in refused_by(close.submit("step", value="close").follow())
    close["adjust"], close["reason"] = "lost", "Searched twice"
    page = close.submit("step", value="close").follow()
    assert "Searched twice" in page
    assert (world.now("tool_unit", gone["id"])["status"], world.now("tool_unit", here["id"])["status"]) == (
        "lost",
        "stocked_in",
    )
    form = form_of(browser.get("/warehouse/counts"), "/counts")
    form["shelf"] = "A-1"
    page = form.submit().follow()
    assert "already" in refused_by(form.submit().follow())
    given_up = next(item for item in page.forms.values() if "note" in item.fields)
    assert "given up" in given_up.submit("step", value="cancel").follow()
    assert "A-1" in desk("ming").get("/warehouse/counts")


def test_units_are_found_by_their_address(desk: Desk, world: World) -> None:
    unit = take(world, bought(world), serial_number="TW-70", shelf="A-1")
    take(world, None, origin="owned", name="Gauge", shelf="B-1")
    browser = desk("wen")
    for query in ("q=tw70", f"q={unit['label']}", "q=TORQUE", "shelf=A-1"):
        page = browser.get(f"/warehouse/units?{query}")
        assert (unit["label"] in page, "Gauge" in page) == (True, False), query
    assert "Gauge" in browser.get("/warehouse/units?status=owned")
    assert "Nothing was found" in browser.get("/warehouse/units?status=lost")
    assert "Nothing was found" in browser.get("/warehouse/units?q=%25_'--&after=x")
    for name in ("q", "status", "shelf", "after"):
        assert unit["label"] in browser.get(f"/warehouse/units?{name}=%00"), "what no database holds is not looked for"


def test_labels_are_printed_one_or_many_and_can_be_scanned(desk: Desk, world: World) -> None:
    units = [take(world, None, origin="owned", name="数字式扭力扳手 " * 4, serial_number=f"X{n}") for n in range(3)]
    browser = desk("wen")
    address = "/warehouse/labels.pdf?" + "&".join(f"unit={unit['id']}" for unit in units)
    single = pypdfium2.PdfDocument(browser.get(f"{address}&form=single").body)
    assert len(single) == 3
    assert [round(side / 72 * 25.4) for side in single[0].get_size()] == [50, 30]
    sheet = pypdfium2.PdfDocument(browser.get(f"{address}&form=sheet&skip=23").body)
    assert len(sheet) == 2
    assert units[0]["label"] in single[0].get_textpage().get_text_bounded()
    for document in (single, sheet):
        image = document[0].render(scale=4).to_pil()
        assert {code.text for code in zxingcpp.read_barcodes(image)} == {units[0]["label"]}
    text = sheet[1].get_textpage().get_text_bounded()
    assert units[1]["label"] in text
    for wrong in ("form=x", "form=single&skip=-1"):
        browser.get(f"{address}&{wrong}", status=400)
    browser.get("/warehouse/labels.pdf?form=single&unit=x", status=400)
    assert io.BytesIO(browser.get(address).body).read(5) == b"%PDF-"
