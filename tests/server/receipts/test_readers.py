"""Readers: what they find in each kind of document, and what they make of documents that are none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from server.i18n import catalogue
from server.receipts.reader_process import ReaderProcess
from server.receipts.readers import Reading, Unreadable, read_by, readers_of
from server.receipts.readers.capitals import minor_of_capitals
from server.receipts.readers.invoice_xml import qr_facts
from server.receipts.readers.values import day_of, is_personal_id, minor_of
from tests.documents import hostile, make
from tests.documents.sample import Sample
from tests.server.receipts.documents import SAMPLES, coach, digital_xml

FILES = ("digital-xml", "digital-ofd", "digital-pdf", "vat-ofd", "vat-pdf")
TICKETS = ("rail-xml", "rail-ofd", "rail-pdf", "air-ofd", "coach-xml")
READERS = {"application/xml": "xml", "application/ofd": "ofd", "application/pdf": "pdf"}


@pytest.fixture(scope="module")
def process() -> Iterator[ReaderProcess]:
    with ReaderProcess() as process:
        yield process


def read_file(sample: Sample) -> Reading:
    reading = read_by(READERS[sample.media_type], sample.data, sample.media_type)
    assert reading
    return reading


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [*FILES, *TICKETS, "toll-xml", "ride-xml"])
def test_a_file_gives_its_number_day_and_amount(kind: str, seed: int) -> None:
    sample = make(kind, seed)
    reading, truth = read_file(sample), sample.truth
    found = {name: reading.value(name) for name in ("fapiao_code", "fapiao_number", "issued_on", "amount_total")}
    assert found == {
        "fapiao_code": truth.fapiao_code,
        "fapiao_number": truth.fapiao_number,
        "issued_on": truth.issued_on,
        "amount_total": str(truth.amount_minor),
    }
    assert all(fact.confidence == 1 for fact in reading.facts if fact.kind in found)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", FILES)
def test_a_file_names_who_sold_and_who_bought(kind: str, seed: int) -> None:
    sample = make(kind, seed)
    reading, truth = read_file(sample), sample.truth
    assert reading.value("seller_tax_id") == truth.seller_tax_id
    assert reading.value("buyer_tax_id") == truth.buyer_tax_id
    registered = next(fact for fact in reading.facts if fact.kind == "seller_registration")
    assert registered.division == truth.seller_tax_id[2:8]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", TICKETS)
def test_a_ticket_names_the_ends_of_the_way_and_the_day(kind: str, seed: int) -> None:
    sample = make(kind, seed)
    facts = read_file(sample).facts
    for number, leg in enumerate(sample.truth.legs):
        ends = {fact.kind: fact for fact in facts if fact.leg == number}
        assert ends["travel_on"].value == leg.travel_on
        assert ends["departure"].division[:4] == leg.from_division[:4]
        assert ends["destination"].division[:4] == leg.to_division[:4]


def test_a_ticket_names_who_travelled_and_keeps_no_identity_number() -> None:
    sample = make("rail-pdf", 1)
    reading = read_file(sample)
    assert reading.value("passenger") == "赵志强"
    assert "****" not in repr(reading)


def test_the_older_sample_says_all_that_its_attachment_holds() -> None:
    data = (SAMPLES / "vat-electronic-2020-zhejiang.ofd").read_bytes()
    reading = read_by("ofd", data, "application/ofd")
    assert reading
    expected = {
        "document": "vat",
        "fapiao_code": "033002000211",
        "fapiao_number": "83089647",
        "issued_on": "2020-07-23",
        "amount_net": "51068",
        "amount_tax": "1532",
        "amount_total": "52600",
        "seller_name": "兰溪市悦济舫餐厅",
        "seller_tax_id": "92330781MA2EDMFU50",
        "seller_address": "兰溪市丹溪大道1055号",
        "buyer_name": "江苏示例新材料有限公司",
        "buyer_tax_id": "91320115MA202UKD7X",
        "item": "*餐饮服务*餐费",
        "qr_type": "10",
    }
    assert {name: reading.value(name) for name in expected} == expected
    divisions = {fact.kind: fact.division for fact in reading.facts if fact.division}
    assert divisions["seller_address"] == "330781"
    assert divisions["seller_registration"] == "330781"
    assert divisions["fapiao_region"] == "330000"


def test_a_sealed_document_that_was_altered_says_which_part() -> None:
    data = (SAMPLES / "vat-electronic-2020-zhejiang.ofd").read_bytes()
    reading = read_by("ofd", data, "application/ofd")
    assert reading
    altered = [fact.value for fact in reading.facts if fact.kind == "altered"]
    assert altered == ["Doc_0/Attachs/original_invoice.xml", "Doc_0/Pages/Page_0/Content.xml"]


def test_the_newer_sample_says_what_stands_on_its_page() -> None:
    data = (SAMPLES / "fully-digital-2024-beijing.ofd").read_bytes()
    reading = read_by("ofd", data, "application/ofd")
    assert reading
    expected = {
        "fapiao_number": "24112000000048542163",
        "issued_on": "2024-05-28",
        "amount_net": "419717",
        "amount_tax": "25183",
        "amount_total": "444900",
        "seller_name": "北京互联三六五科技有限公司",
        "buyer_name": "海南麒麟云服科技有限公司",
        "item": "*信息技术服务*技术服务费",
    }
    assert {name: reading.value(name) for name in expected} == expected
    assert next(fact.division for fact in reading.facts if fact.kind == "seller_registration") == "110108"


def test_a_remark_tells_the_hotel_and_not_the_buyers_bank() -> None:
    remark = "入住酒店: 杭州市西湖区示例酒店; 购买方开户行: 深圳银行; 收货地址: 北京市海淀区"
    reading = read_by("xml", digital_xml(remark=remark), "application/xml")
    assert reading
    assert [fact.division for fact in reading.facts if fact.kind == "service_place"] == ["330106"]


def test_a_branch_stands_where_the_branch_is() -> None:
    reading = read_by("xml", digital_xml(seller="上海示例酒店管理有限公司杭州分公司"), "application/xml")
    assert reading
    assert next(fact.division for fact in reading.facts if fact.kind == "seller_name") == "330100"


def test_a_remark_of_a_project_names_no_hotel() -> None:
    reading = read_by("xml", digital_xml(remark="项目:杭州地铁项目出差"), "application/xml")
    assert reading
    assert not [fact for fact in reading.facts if fact.kind == "service_place"]


def test_identity_and_telephone_numbers_in_a_remark_are_not_kept() -> None:
    remark = "入住人:张三 身份证330102199001011234 电话13800138000"
    reading = read_by("xml", digital_xml(remark=remark), "application/xml")
    assert reading
    assert "张三" in reading.value("remark")
    assert "19900101" not in repr(reading)
    assert "13800138000" not in repr(reading)


def test_a_picture_with_text_that_nobody_sees_is_read_as_it_is_seen() -> None:
    """Copiers lay recognised text under the picture, and so could somebody who wants another city read."""
    data = io.BytesIO()
    canvas = Canvas(data)
    text = canvas.beginText(50, 700)
    text.setTextRenderMode(3)
    for line in ("26332000000012345678", "91330100799655058B", "invisible words to fill the page"):
        text.textLine(line)
    canvas.drawText(text)
    canvas.save()
    reading = read_by("pdf", data.getvalue(), "application/pdf")
    assert reading
    assert reading.facts == ()


@pytest.mark.parametrize(
    ("kind", "fact"), [("08", "amount_net"), ("10", "amount_net"), ("32", "amount_total"), ("11", "")]
)
def test_an_amount_in_a_code_is_net_or_total_by_its_kind(kind: str, fact: str) -> None:
    number = "12345678" if kind in ("08", "10", "11") else "26332000000012345678"
    code = "011002000111" if len(number) == 8 else ""
    facts = list(qr_facts(f"01,{kind},{code},{number},94.34,20261110,,74AE,"))
    assert [item.kind for item in facts if item.kind.startswith("amount")] == ([fact] if fact else [])


def test_an_unknown_station_is_not_guessed() -> None:
    special = coach("无此地名", "杭州市", "2026-11-09")
    reading = read_by("xml", digital_xml(special=special), "application/xml")
    assert reading
    ends = {fact.kind: fact.division for fact in reading.facts if fact.kind in ("departure", "destination")}
    assert ends == {"departure": "", "destination": "330100"}


def test_a_persons_identity_number_is_not_kept() -> None:
    reading = read_by("xml", digital_xml(seller_id="320404198001011234"), "application/xml")
    assert reading
    assert reading.value("seller_tax_id") == ""
    assert "19800101" not in repr(reading)


@pytest.mark.parametrize("kind", ["digital-picture", "vat-picture", "rail-picture"])
def test_a_photo_gives_what_its_code_says(kind: str) -> None:
    sample = make(kind, 2, camera=True)
    reading = read_by("picture", sample.data, sample.media_type)
    assert reading
    assert reading.value("fapiao_number") == sample.truth.fapiao_number
    assert reading.value("issued_on") == sample.truth.issued_on
    amount = "amount_net" if kind == "vat-picture" else "amount_total"
    minor = sample.truth.net_minor if kind == "vat-picture" else sample.truth.amount_minor
    assert reading.value(amount) == str(minor)


@pytest.mark.parametrize("kind", ["digital-picture-noqr", "taxi-picture", "rail-picture"])
def test_print_is_recognised_with_its_place_in_the_picture(kind: str) -> None:
    sample = make(kind, 1)
    reading = read_by("print", sample.data, sample.media_type)
    assert reading
    number = reading.best("fapiao_number")
    assert number
    assert number.value == sample.truth.fapiao_number
    assert number.box
    left, top, right, bottom = number.box
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert reading.value("amount_total") == str(sample.truth.amount_minor)


@pytest.mark.parametrize(
    ("reader", "media_type", "data", "code"),
    [
        ("xml", "application/xml", hostile.xml_of_entities(), "document_not_allowed"),
        ("xml", "application/xml", hostile.xml_with_file(), "document_not_allowed"),
        ("xml", "application/xml", b"<?xml version='1.0'?><EInvoice>", "document_broken"),
        ("xml", "application/xml", b"<?xml version='1.0'?><EInvoice/>", "document_unknown"),
        ("xml", "application/xml", b"", "document_broken"),
        ("ofd", "application/ofd", b"PK\x03\x04", "document_broken"),
        ("ofd", "application/ofd", hostile.ofd_of_many(), "document_too_large"),
        ("ofd", "application/ofd", hostile.ofd_with_paths(), "document_not_allowed"),
        ("ofd", "application/ofd", hostile.ofd_bomb(), "document_too_large"),
        ("pdf", "application/pdf", hostile.encrypted_pdf(), "document_locked"),
        ("pdf", "application/pdf", hostile.long_pdf(), "document_too_large"),
        ("pdf", "application/pdf", b"%PDF-1.7\n", "document_broken"),
        ("picture", "image/png", hostile.vast_picture(), "picture_too_large"),
        ("print", "image/png", hostile.vast_picture(), "picture_too_large"),
        ("picture", "image/jpeg", b"\xff\xd8\xff\xe0", "picture_broken"),
        ("print", "image/png", hostile.blank(), "no_text_found"),
        ("print", "image/jpeg", hostile.cat(), "no_text_found"),
    ],
)
def test_bad_input_is_refused_with_a_reason(reader: str, media_type: str, data: bytes, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        read_by(reader, data, media_type)


@pytest.mark.parametrize("kind", ["digital-xml", "digital-ofd", "digital-pdf", "digital-picture"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused_or_read_never_half(kind: str, share: float) -> None:
    """Where the half still reads, as a picture may, no number comes out other than the true one."""
    sample = make(kind, 3)
    reader = READERS.get(sample.media_type, "picture")
    try:
        reading = read_by(reader, sample.data[: int(len(sample.data) * share)], sample.media_type)
    except Unreadable:
        return
    assert reading
    assert reading.value("fapiao_number") in ("", sample.truth.fapiao_number)


@pytest.mark.parametrize("name", hostile.QR_TEXTS)
def test_a_hostile_code_says_nothing_but_a_number_of_the_right_form(name: str) -> None:
    reading = read_by("picture", hostile.qr_picture(name), "image/png")
    assert reading
    assert reading.value("fapiao_number") in ("", "26332000000000000001")
    assert reading.value("amount_total") in ("", "30000")
    if name in ("html", "long", "sql", "link", "formula"):
        assert reading.facts == ()


@pytest.mark.parametrize("name", hostile.ALL)
def test_no_hostile_file_gives_more_than_a_reason_or_facts(name: str, process: ReaderProcess, tmp_path: Path) -> None:
    """Read as the worker reads: in a process that outlives every one of them."""
    media_type, data = hostile.ALL[name]
    path = tmp_path / "file"
    path.write_bytes(data())
    # Note: recognition takes seconds; it is asked about the pictures that differ from an ordinary one.
    is_odd = name.startswith(("cat", "blank", "vast", "empty", "mistyped"))
    codes = [
        _code(process, reader.name, path, media_type)
        for reader in readers_of(media_type)
        if reader.name != "print" or is_odd
    ]
    assert all(not code or f"reading.{code}" in catalogue("en") for code in codes)
    assert "could_not_be_read" not in codes


def _code(process: ReaderProcess, reader: str, path: Path, media_type: str) -> str:
    try:
        process.ask(reader, path, media_type)
    except Unreadable as unreadable:
        return unreadable.code
    return ""


def test_a_file_beside_the_data_is_never_followed() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("OFD.xml", "<OFD/>")
        archive.writestr("Doc_0/Attachs/original_invoice.xml", digital_xml().decode())
        archive.writestr("Doc_0/Signs/Sign_0/Signature.xml", "<broken")
    reading = read_by("ofd", packed.getvalue(), "application/ofd")
    assert reading
    assert reading.value("fapiao_number") == "26332000000012345678"


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("¥1,250.30", "125030"),
        ("￥ 80", "8000"),
        ("-300.00", "-30000"),
        ("¥-300.00", "-30000"),
        ("***", ""),
        ("12.345", ""),
        ("1.2.3", ""),
        ("١٢", ""),
    ],
)
def test_amounts_as_documents_write_them(text: str, minor: str) -> None:
    assert minor_of(text) == minor


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020年07月23日", "2020-07-23"),
        ("2020年⽉", ""),
        ("2024-05-28 10:20:30", "2024-05-28"),
        ("20260227172851000", "2026-02-27"),
        ("2026.1.5", "2026-01-05"),
        ("2026年02月30日", ""),
        ("26-01-05", ""),
    ],
)
def test_days_as_documents_write_them(text: str, day: str) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("肆仟肆佰肆拾玖圆整", "444900"),
        ("伍佰贰拾陆圆整", "52600"),
        ("壹万零伍拾圆零柒分", "1005007"),
        ("贰佰零贰圆玖角肆分", "20294"),
        ("负叁佰圆整", "-30000"),
        ("拾圆整", "1000"),
        ("价税合计", ""),
    ],
)
def test_capitals_as_figures(text: str, minor: str) -> None:
    assert minor_of_capitals(text) == minor


def test_personal_ids_are_told_from_companies() -> None:
    found: dict[str, Any] = {code: is_personal_id(code) for code in ("320404198001011234", "92330781MA2EDMFU50")}
    assert found == {"320404198001011234": True, "92330781MA2EDMFU50": False}
