"""From a file that arrives to a line that is judged: what the worker reads becomes the receipt's evidence."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from server.receipts.reader_process import ReaderProcess
from server.receipts.readers import Unreadable
from server.receipts.records import readings
from server.receipts.worker import read_waiting, renew_all, work
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Record, new_id
from sync.errors import Refused
from tests.server.receipts.documents import arrive, bring, coach, digital_xml, item, send
from tests.server.world import HANGZHOU_SELLER, World, codes


@pytest.fixture(scope="module")
def process() -> Iterator[ReaderProcess]:
    with ReaderProcess() as process:
        yield process


def logged(world: World, trip: Record, *sha256s: str, **fields: Any) -> Record:
    """A receipt without a QR whose typed values are those of the XML, unless said otherwise."""
    good = {"number": "26332000000012345678", "issued_on": "2026-11-11", "qr_text": "", "attachments": list(sha256s)}
    return world.receipt(trip, **{**good, **fields})


def claimed(world: World, trip: Record, receipt: Record) -> Record:
    """The judged line of a claim over one receipt."""
    world.report(trip)
    return world.lines(world.claim(trip, receipt))[0]


def test_a_file_proves_what_was_only_typed(world: World, services: Services, process: ReaderProcess) -> None:
    trip = world.trip()
    receipt = logged(world, trip, bring(services, world.anna, digital_xml()))
    line = claimed(world, trip, receipt)
    assert (receipt["reading_status"], codes(line)) == ("pending", ["place_unproven"])
    assert read_waiting(services, process) == 1
    receipt = world.now("receipt", receipt["id"])
    assert receipt["reading_status"] == "read"
    assert {"seller_registration", "amount_total", "buyer_tax_id"} <= {item["kind"] for item in receipt["evidence"]}
    assert world.now("claim_line", line["id"])["status"] == "clear"


def test_a_receipt_with_two_tools_is_divided_by_the_lines_of_its_document(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()
    world.report(trip)
    items = item("*工具*扭力扳手", "221.24", "28.76") + item("*工具*塞尺", "44.25", "5.75")
    data = digital_xml(net="265.49", tax="34.51", items=items)
    claims = []
    for number, prices in (("26332000000012345678", (25000, 5000)), ("26332000000012345679", (1, 29999))):
        xml = data.replace(b"26332000000012345678", number.encode())
        receipt = logged(world, trip, bring(services, world.anna, xml), category="tool", number=number)
        kept, cheap = (world.tool(trip, receipt, price=price) for price in prices)
        claims.append(world.claim(trip, receipt))
        world.stock_in(cheap)
        assert [line["status"] for line in world.lines(claims[-1])] == ["blocked"], "not read yet"
    read_waiting(services, process)
    assert [(line["status"], line["amount_minor"]) for line in world.lines(claims[0])] == [
        ("clear", 5000),
        ("blocked", 25000),
    ]
    assert [(line["status"], line["amount_minor"]) for line in world.lines(claims[1])] == [("blocked", 30000)]
    assert codes(world.lines(claims[1])[0])[:2] == ["tool_not_returned", "tool_prices_unproven"]
    world.stock_in(kept)
    assert [(line["status"], line["amount_minor"]) for line in world.lines(claims[1])] == [("clear", 30000)]


def test_a_file_may_come_before_its_receipt_or_after_it(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()
    sha256 = send(services, digital_xml())
    receipt = logged(world, trip, sha256)
    assert read_waiting(services, process) == 0
    world.create(world.anna, "attachment", sha256=sha256, media_type="application/xml", size=1)
    arrive(services, world.anna, sha256)
    assert read_waiting(services, process) == 1
    assert world.now("receipt", receipt["id"])["reading_status"] == "read"


@pytest.mark.parametrize(
    ("says", "typed", "expected"),
    [
        ({"total": "80.00", "net": "75.47", "tax": "4.53"}, {}, "document_contradicts_typed"),
        ({"number": "26332000000099999999"}, {}, "document_contradicts_typed"),
        ({"issued": "2026-11-12"}, {}, "document_contradicts_typed"),
        ({"total": "-300.00", "net": "-283.02", "tax": "-16.98"}, {}, "credit_note"),
        ({"net": "290.00"}, {}, "amounts_do_not_add"),
        ({"buyer_id": HANGZHOU_SELLER, "buyer": "Other Co."}, {}, "buyer_not_company"),
        ({"buyer_id": "", "buyer": "个人"}, {}, "buyer_not_company"),
        ({"seller_id": "914403001922038216"}, {"seller_tax_id": ""}, "place_mismatch"),
    ],
)
def test_what_the_file_says_blocks(
    world: World,
    services: Services,
    process: ReaderProcess,
    says: dict[str, str],
    typed: dict[str, Any],
    expected: str,
) -> None:
    trip = world.trip()
    receipt = logged(world, trip, bring(services, world.anna, digital_xml(**says)), **typed)
    line = claimed(world, trip, receipt)
    read_waiting(services, process)
    line = world.now("claim_line", line["id"])
    assert line["status"] == "blocked"
    assert expected in codes(line)


def test_one_invoice_as_file_and_as_photo_is_one(world: World, services: Services, process: ReaderProcess) -> None:
    """Even where the second one's number was left out, or another was typed."""
    trip = world.trip()
    first = logged(world, trip, world.photo(world.anna))
    second = logged(world, trip, bring(services, world.anna, digital_xml()), number="26332000000000000001")
    line = claimed(world, trip, second)
    assert second["identity"] != first["identity"]
    read_waiting(services, process)
    assert world.now("receipt", second["id"])["identity"] == first["identity"]
    assert "receipt_duplicate" in codes(world.now("claim_line", line["id"]))


def test_tickets_of_a_journey_with_a_change_bear_each_other_out(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()

    def ticket(start: str, end: str, number: str) -> Record:
        data = digital_xml(special=coach(start, end, "2026-11-09"), number=number)
        sha256 = bring(services, world.anna, data)
        return logged(world, trip, sha256, number=number, category="transport", issued_on="2026-11-09")

    first = ticket("广东省深圳市", "江西省南昌市", "26442000000012345678")
    line = claimed(world, trip, first)
    read_waiting(services, process)
    assert codes(world.now("claim_line", line["id"])) == ["leg_without_connection"]
    ticket("江西省南昌市", "浙江省杭州市", "26362000000012345678")
    read_waiting(services, process)
    assert codes(world.now("claim_line", line["id"])) == []


def test_a_newer_reader_adds_its_reading_and_the_old_one_stays(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()
    sha256 = send(services, digital_xml())
    old = {"sha256": sha256, "owner_id": world.anna.id, "media_type": "application/xml", "reader": "xml"}
    fact = {"kind": "seller_name", "value": "misread", "source": "xml", "confidence": 1.0}
    world.as_system("create", "reading", **old, reader_version="0", status="read", facts=[fact])
    receipt = logged(world, trip, sha256)
    world.create(world.anna, "attachment", sha256=sha256, media_type="application/xml", size=1)
    arrive(services, world.anna, sha256)
    renew_all(services)
    assert read_waiting(services, process) == 1
    readings = services.engine.write(SYSTEM, lambda write: write.find("reading", sha256=sha256))
    assert sorted((item["reader_version"], item["status"]) for item in readings) == [("0", "read"), ("2", "read")]
    names = [item["value"] for item in world.now("receipt", receipt["id"])["evidence"] if item["kind"] == "seller_name"]
    assert names == ["湖滨示例酒店"]


def test_what_cannot_be_read_goes_to_a_person(world: World, services: Services, process: ReaderProcess) -> None:
    trip = world.trip()
    receipt = logged(world, trip, bring(services, world.anna, b"<?xml version='1.0'?><letter>Dear all</letter>"))
    line = claimed(world, trip, receipt)
    read_waiting(services, process)
    assert world.now("receipt", receipt["id"])["reading_status"] == "unreadable"
    assert codes(world.now("claim_line", line["id"])) == ["place_unproven", "reading_failed"]


def test_nobody_writes_a_reading_but_the_server(world: World) -> None:
    with pytest.raises(Exception, match="field_not_writable"):
        world.create(world.anna, "reading", sha256="a" * 64, owner_id=world.anna.id, reader="xml", reader_version="9")


def test_a_reader_that_takes_too_long_costs_only_its_own_document(tmp_path: Path) -> None:
    document = tmp_path / "document"
    document.write_bytes(digital_xml())
    with ReaderProcess(seconds=0.001) as process, pytest.raises(Unreadable, match="could_not_be_read"):
        process.ask("xml", document, "application/xml")
    with ReaderProcess() as process:
        assert process.ask("xml", document, "application/xml")


def test_a_reader_that_wants_too_much_memory_costs_only_its_own_document(tmp_path: Path) -> None:
    document = tmp_path / "document"
    document.write_bytes(digital_xml())
    with ReaderProcess(memory=20 * 1024 * 1024) as process, pytest.raises(Unreadable, match="could_not_be_read"):
        process.ask("xml", document, "application/xml")


def test_a_reader_that_is_killed_is_started_again(tmp_path: Path) -> None:
    document = tmp_path / "document"
    document.write_bytes(digital_xml())
    with ReaderProcess() as process:
        assert process.ask("xml", document, "application/xml")
        assert process._process
        process._process.kill()
        process._process.wait()
        assert process.ask("xml", document, "application/xml")


def test_the_worker_reads_until_it_is_told_to_stop(world: World, services: Services) -> None:
    trip = world.trip()
    receipt = logged(world, trip, bring(services, world.anna, digital_xml(number=f"2633200000{new_id()[-10:]}")))
    ends = threading.Event()
    worker = threading.Thread(target=work, args=(services, ends))
    worker.start()
    deadline = time.monotonic() + 30
    while world.now("receipt", receipt["id"])["reading_status"] == "pending" and time.monotonic() < deadline:
        time.sleep(0.05)
    ends.set()
    worker.join()
    assert world.now("receipt", receipt["id"])["reading_status"] != "pending"


def test_nothing_is_paid_before_its_documents_are_read(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()
    world.report(trip)
    sha256 = bring(services, world.anna, digital_xml())
    line = world.lines(world.claim(trip, logged(world, trip, sha256)))[0]
    line = world.decide(line, "approved", "looked at")
    with pytest.raises(Refused, match="reading_pending"):
        world.update(world.payer, "claim_line", line, status="paid")
    read_waiting(services, process)
    assert world.update(world.payer, "claim_line", line, status="paid")["status"] == "paid"


def test_receipts_from_before_there_were_readers_are_read_too(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = logged(world, trip, bring(services, world.anna, digital_xml()))
    line = world.decide(world.lines(world.claim(trip, receipt))[0], "approved", "looked at")
    with services.engine.database.write() as connection:
        connection.execute(delete(readings))
    with pytest.raises(Refused, match="reading_pending"):
        world.update(world.payer, "claim_line", line, status="paid")
    assert renew_all(services) > 0
    assert read_waiting(services, process) == 1
    assert world.now("receipt", receipt["id"])["reading_status"] == "read"


def test_an_approval_gives_way_to_a_doubt_that_came_after_it(
    world: World, services: Services, process: ReaderProcess
) -> None:
    trip = world.trip()
    world.report(trip)
    receipt = logged(world, trip, bring(services, world.anna, digital_xml(buyer_id="", buyer="")))
    line = world.decide(world.lines(world.claim(trip, receipt))[0], "approved", "seen the picture")
    about = {"sha256": "b" * 64, "owner_id": world.anna.id, "media_type": "image/jpeg", "reader": "print"}
    about |= {"reader_version": "1", "status": "read"}
    name = {"kind": "buyer_name", "value": "别家公司", "source": "ocr", "confidence": 0.93}
    read_waiting(services, process)
    assert world.now("claim_line", line["id"])["status"] == "approved"
    world.as_system("create", "reading", **(about | {"sha256": receipt["attachments"][0]}), facts=[name])
    line = world.now("claim_line", line["id"])
    assert (line["status"], line["decided_by"]) == ("needs_review", None)
    assert "buyer_name_differs" in codes(line)


def test_what_a_person_read_does_not_hold_for_other_pictures(world: World) -> None:
    trip = world.trip()
    receipt = world.receipt(trip, qr_text="", seller_tax_id="")
    line = world.lines(world.claim(trip, receipt))[0]
    assert codes(line) == ["place_unproven", "report_not_filed"]
    reading = {"receipt_id": receipt["id"], "division_code": "330100", "note": "the stamp"}
    world.create(world.finance, "evidence", **reading)
    assert codes(world.now("claim_line", line["id"])) == ["report_not_filed"]
    world.update(world.anna, "receipt", receipt, attachments=[world.photo(world.anna)])
    assert codes(world.now("claim_line", line["id"])) == ["place_unproven", "report_not_filed"]
