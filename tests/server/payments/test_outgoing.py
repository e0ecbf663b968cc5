"""What accounting gets: each paid line once, with its accounts, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any
from xml.etree import ElementTree

from sync.actor import SYSTEM
from sync.change import Record
from sync.transaction import Transaction
from tests.server.desk import Desk
from tests.server.payments.test_batches import counter_entry
from tests.server.payments.test_results import rows as answers
from tests.server.world import World

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = '=HYPERLINK("http://evil.example","x")'


def paid(world: World, seller: str = "Lakeside Hotel") -> Record:
    """A batch of two lines for Anna and one for Bo that the bank has paid."""
    lines = [*world.approved(30000, 10600, seller_name=seller), *world.approved(5000, owner=world.bo)]
    counter_entry(world, lines[0], 1000)
    world.account(world.anna)
    world.account(world.bo, "62220001")
    batch = world.export(world.batch(*lines))
    told = [(payment["reference"], "paid", f"TX-{at}") for at, payment in enumerate(batch["payments"])]
    world.create(world.payer, "payment_result", batch_id=batch["id"], rows=answers(batch, *told))
    return batch


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def cells(data: bytes) -> list[list[tuple[str, str]]]:
    """The cells of the first sheet, each with its type."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    return [[_cell(cell) for cell in row.iter(f"{_SHEET}c")] for row in sheet.iter(f"{_SHEET}row")]


def _cell(cell: Any) -> tuple[str, str]:
    assert cell.find(f"{_SHEET}f") is None, "a formula"
    return cell.get("t", "n"), "".join(text for text in cell.itertext())


def test_accounting_gets_one_row_for_each_line_with_its_accounts(desk: Desk, world: World) -> None:
    batch = paid(world)
    browser = desk("fei")
    page = browser.get("/payments/outgoing")
    form = next(form for form in page.forms.values() if "debit_lodging" in form.fields)
    form["debit_lodging"], form["credit_payable"] = "660103", "224102"
    assert "Saved" in form.submit().follow()
    found = table(browser.get(f"/payments/outgoing/vouchers.csv?batch={batch['id']}").body)
    assert [row["Amount"] for row in found] == ["300.00", "106.00", "-10.00", "50.00"]
    assert {row["Debit account"] for row in found} == {"660103"}
    assert {row["Credit account"] for row in found} == {"224102"}
    one, two = (payment["reference"] for payment in batch["payments"])
    assert [row["Voucher number"] for row in found] == [one, one, one, two]
    assert [row["Bank's reference"] for row in found] == ["TX-0", "TX-0", "TX-0", "TX-1"]
    month = found[0]["Date"][:7]
    assert table(browser.get(f"/payments/outgoing/vouchers.csv?month={month}").body) == found
    assert table(browser.get("/payments/outgoing/vouchers.csv?month=2001-01").body) == []
    assert "4 lines were paid" in browser.get(f"/payments/outgoing?month={month}")
    for query in ("month=2026-13", "month=", "x=1", "batch=1"):
        browser.get(f"/payments/outgoing/vouchers.csv?{query}", status="4*")
    browser.get(f"/payments/outgoing/vouchers.exe?month={month}", status=404)


def test_tax_that_was_read_stands_beside_the_amount(desk: Desk, world: World) -> None:
    batch = paid(world)
    line = world.now("claim_line", batch["line_ids"][1])
    receipt = world.now("receipt", line["receipt_id"])
    fact = {"kind": "amount_tax", "value": "600", "source": "xml", "confidence": 1.0}

    def read(write: Transaction) -> None:
        for reading in write.find_any("reading", "sha256", receipt["attachments"]):
            write.update("reading", reading, {"facts": [*reading["facts"], fact]})

    world.engine.write(SYSTEM, read)
    row = table(desk("fei").get(f"/payments/outgoing/vouchers.csv?batch={batch['id']}").body)[1]
    assert (row["Tax account"], row["Tax read"], row["Amount without tax"]) == ("2221", "6.00", "100.00")


def test_what_an_advance_paid_already_is_booked_against_it(desk: Desk, world: World) -> None:
    line = world.approved(30000)[0]
    given = {"trip_id": world.now("claim", line["claim_id"])["trip_id"], "amount_minor": 10000}
    world.create(world.finance, "advance", **given, paid_on="2026-11-08")
    world.account(world.anna)
    batch = world.export(world.batch(line))
    row = table(desk("fei").get(f"/payments/outgoing/vouchers.csv?batch={batch['id']}").body)[0]
    names = ("Amount", "Credit account", "Paid out", "Account of advances", "Set off against the advance")
    assert [row[name] for name in names] == ["300.00", "2241", "200.00", "1221", "100.00"]


def test_no_cell_of_a_voucher_is_a_formula(desk: Desk, world: World) -> None:
    batch = paid(world, seller=HOSTILE)
    browser = desk("fei")
    sheet = cells(browser.get(f"/payments/outgoing/vouchers.xlsx?batch={batch['id']}").body)
    assert len(sheet) == 5
    assert sheet[1][15] == ("inlineStr", f"'{HOSTILE}")
    assert [row[4] for row in sheet[1:]] == [("n", "300.00"), ("n", "106.00"), ("n", "-10.00"), ("n", "50.00")]
    assert all(kind == "n" or not text.startswith(("=", "+", "-", "@")) for row in sheet for kind, text in row)
    found = table(browser.get(f"/payments/outgoing/vouchers.csv?batch={batch['id']}").body)
    assert found[0]["Seller"] == f"'{HOSTILE}"
