"""The archive of e-invoices: each original byte for byte, and an index that names what it paid."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

from server.services import Services
from tests.server.desk import Desk
from tests.server.payments.test_results import rows as answers
from tests.server.receipts.documents import bring, digital_xml
from tests.server.world import World


def test_the_archive_holds_each_original_byte_for_byte_and_says_what_it_paid(
    desk: Desk, world: World, services: Services
) -> None:
    invoice = digital_xml()
    kept, lost = bring(services, world.anna, invoice), bring(services, world.anna, digital_xml(seller="=甲酒店"))
    trip = world.trip()
    world.report(trip)
    receipts = [world.receipt(trip, attachments=[kept, world.photo(world.anna)])]
    receipts += [world.receipt(trip, attachments=[lost], seller_name="=1+1"), world.receipt(trip)]
    claim = world.claim(trip, *receipts)
    world.finish_readings()
    lines = [world.decide(line, "approved", "Looked at") for line in world.lines(claim)]
    world.account(world.anna)
    batch = world.export(world.batch(*lines))
    reference = batch["payments"][0]["reference"]
    world.create(world.payer, "payment_result", batch_id=batch["id"], rows=answers(batch, (reference, "paid", "TX-1")))
    services.files.path(lost).write_bytes(b"altered")
    browser = desk("fei")
    data = browser.get(f"/payments/outgoing/archive.zip?batch={batch['id']}").body
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"originals/{kept}.xml") == invoice
        sums = archive.read("SHA256SUMS").decode().splitlines()
        index = json.loads(archive.read("index.json"))
        table = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"), newline="")))
        readme = archive.read("README.txt").decode("utf-8-sig")
        for name in sums:
            sha256, _, path = name.partition("  ")
            assert hashlib.sha256(archive.read(path)).hexdigest() == sha256
    assert [name.partition("  ")[0] for name in sums] == [kept]
    assert (index["scope"], index["made_by"], index["format"]) == (batch["number"], "Fei", 1)
    found = {entry["sha256"]: entry for entry in index["entries"]}
    assert {sha256: entry["state"] for sha256, entry in found.items()} == {kept: "whole", lost: "damaged", "": "paper"}
    assert (
        found[kept] | {"amount_minor": 30000, "voucher_number": reference, "payment_reference": "TX-1"} == found[kept]
    )
    assert found[kept]["size"] == len(invoice)
    assert {row["Seller"][:1] for row in table if row["State"] == "damaged"} == {"'"}
    assert "不能证明" in readme
    assert "What is not proved" in readme
    assert index["journal_head"] in readme
    month = index["entries"][0]["dated"][:7]
    of_month = browser.get(f"/payments/outgoing/archive.zip?month={month}").body
    with zipfile.ZipFile(io.BytesIO(of_month)) as archive:
        assert json.loads(archive.read("index.json"))["entries"] == index["entries"]
    with zipfile.ZipFile(io.BytesIO(browser.get("/payments/outgoing/archive.zip?month=2001-01").body)) as archive:
        assert json.loads(archive.read("index.json"))["entries"] == []
