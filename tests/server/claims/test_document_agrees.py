"""What was typed against what the document says, and the document against itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.claims.rules.document_agrees import document_agrees
from server.claims.rules.facts import Evidence, Facts, Receipt, Stop, Trip

COMPANY_ID, OTHER_ID = "91110000802100433B", "91330100799655058B"
NUMBER = "26332000000012345678"
TYPED = Receipt("lodging", 30000, "2026-11-11", seller_tax_id=OTHER_ID, fapiao_number=NUMBER)


def says(kind: str, value: str, source: str = "xml", confidence: float = 1.0, file: str = "a") -> Evidence:
    return {"kind": kind, "value": value, "source": source, "confidence": confidence, "attachment": file * 64}


GOOD = (
    says("fapiao_number", NUMBER),
    says("issued_on", "2026-11-11"),
    says("amount_net", "28302"),
    says("amount_tax", "1698"),
    says("amount_total", "30000"),
    says("buyer_tax_id", COMPANY_ID),
    says("buyer_name", "Northern Pumps Co."),
    says("seller_tax_id", OTHER_ID),
)


def found(*more: Evidence, without: str = "", typed: Receipt = TYPED, **facts: Any) -> list[tuple[str, str]]:
    evidence = (*(item for item in GOOD if item["kind"] != without), *more)
    stop = Stop("330100", "2026-11-09", "2026-11-13")
    company = {"company_name": "Northern Pumps Co.", "company_tax_id": COMPANY_ID}
    given = Facts(Trip("310000", (stop,)), replace(typed, evidence=evidence), 30000, "2026-11-24", **company, **facts)
    return [(finding.code, finding.severity) for finding in document_agrees(given)]


def test_a_document_that_agrees_says_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"amount_minor": 80000}, "amount_minor"),
        ({"fapiao_number": "26332000000012345679"}, "fapiao_number"),
        ({"issued_on": "2026-11-12"}, "issued_on"),
        ({"seller_tax_id": COMPANY_ID}, "seller_tax_id"),
    ],
)
def test_what_was_typed_otherwise_blocks(typed: dict[str, Any], fields: str) -> None:
    assert fields
    assert found(typed=replace(TYPED, **typed)) == [("document_contradicts_typed", "block")]


def test_print_that_differs_from_what_was_typed_asks_for_a_person() -> None:
    evidence = says("amount_total", "80000", "ocr", 0.97)
    assert found(evidence, without="amount_total") == [("print_contradicts_typed", "review")]


def test_print_that_is_not_sure_says_nothing() -> None:
    assert found(says("amount_total", "80000", "ocr", 0.6), without="amount_total") == []


def test_a_pdf_whose_text_was_edited_while_its_code_was_not() -> None:
    edited = [says("amount_total", "90000", "pdf"), says("amount_total", "30000", "qr")]
    codes = found(*edited, without="amount_total")
    assert ("document_contradicts_itself", "block") in codes


def test_print_that_differs_from_the_code_asks_for_a_person() -> None:
    assert found(says("issued_on", "2026-11-17", "ocr", 0.93)) == [("document_contradicts_itself", "review")]


def test_the_same_number_in_two_files_that_differ() -> None:
    copy = [says("fapiao_number", NUMBER, "pdf", file="b"), says("amount_total", "90000", "pdf", file="b")]
    assert found(*copy) == [("document_contradicts_itself", "block")]


def test_another_paper_beside_the_invoice_may_say_other_things() -> None:
    """A list of rides has sums of its own."""
    beside = [says("amount_total", "12000", "pdf", file="b"), says("issued_on", "2026-11-10", "pdf", file="b")]
    assert found(*beside) == []


def test_amounts_that_do_not_add_up() -> None:
    assert found(says("amount_net", "20000"), without="amount_net") == [("amounts_do_not_add", "block")]


def test_an_older_code_holds_the_amount_without_tax() -> None:
    document = [says("fapiao_number", NUMBER, "qr"), says("amount_net", "28302", "qr")]
    evidence = tuple(document)
    assert [f.code for f in _of(evidence, TYPED)] == []
    for typed in (20000, 283020):
        found = _of(evidence, replace(TYPED, amount_minor=typed))
        told = [(finding.code, finding.severity, finding.article, finding.params["fields"]) for finding in found]
        assert told == [("document_contradicts_typed", "block", "REG-D3", ["amount_minor"])]


def test_a_net_amount_that_is_only_printed_asks_for_a_person() -> None:
    evidence = (says("fapiao_number", NUMBER, "ocr", 0.97), says("amount_net", "2830", "ocr", 0.97))
    assert [finding.code for finding in _of(evidence, TYPED)] == ["print_contradicts_typed"]


def test_a_total_that_is_stated_holds_whatever_the_net_amount_may_become() -> None:
    differs = [("document_contradicts_typed", "block")]
    assert found(typed=replace(TYPED, amount_minor=30001)) == differs


def test_a_credit_note_takes_an_invoice_back() -> None:
    negative = [says("amount_total", "-30000"), says("amount_net", "-28302"), says("amount_tax", "-1698")]
    evidence = (*(item for item in GOOD if not item["kind"].startswith("amount")), *negative)
    assert "credit_note" in [finding.code for finding in _of(evidence, TYPED)]


def test_a_ticket_that_was_given_back() -> None:
    assert found(says("document", "rail_refund")) == [("ticket_refunded", "review")]


@pytest.mark.parametrize(
    ("tax_id", "name", "expected"),
    [
        (says("buyer_tax_id", OTHER_ID), None, [("buyer_not_company", "block")]),
        (says("buyer_tax_id", OTHER_ID, "ocr", 0.97), None, [("buyer_not_company", "block")]),
        (says("buyer_tax_id", OTHER_ID, "ocr", 0.6), None, []),
        (None, says("buyer_name", "Another Co."), [("buyer_not_company", "block")]),
        (None, says("buyer_name", "Another Co.", "ocr", 0.93), [("buyer_name_differs", "review")]),
        (None, says("buyer_name", "个人", "ocr", 0.93), [("buyer_not_company", "block")]),
        (says("buyer_tax_id", COMPANY_ID), says("buyer_name", "Another Co."), [("buyer_name_differs", "review")]),
        (None, says("buyer_name", "NORTHERN  PUMPS Co."), []),
    ],
)
def test_the_buyer_must_be_our_company(
    tax_id: Evidence | None, name: Evidence | None, expected: list[tuple[str, str]]
) -> None:
    evidence = [item for item in GOOD if not item["kind"].startswith("buyer")]
    evidence += [item for item in (tax_id, name) if item]
    assert [(finding.code, finding.severity) for finding in _of(tuple(evidence), TYPED)] == expected


def test_a_ticket_of_another_person_asks_for_a_person() -> None:
    assert found(says("passenger", "李四"), technician_name="张三") == [("passenger_not_technician", "review")]
    assert found(says("passenger", "张 三"), technician_name="张三") == []
    assert found(says("passenger", "李四")) == []


def test_an_altered_seal_blocks() -> None:
    assert found(says("altered", "Doc_0/Pages/Page_0/Content.xml")) == [("document_altered", "block")]


def test_an_older_file_without_a_seal_asks_for_a_person() -> None:
    assert found(says("unsealed", "OFD")) == [("document_unsealed", "review")]


def test_two_invoices_on_one_receipt_ask_for_a_person() -> None:
    assert found(says("fapiao_number", "26332000000000000002", file="b")) == [("several_invoices", "review")]


def test_a_code_that_no_reader_finds_asks_for_a_person() -> None:
    typed = replace(TYPED, qr_text=f"01,32,,{NUMBER},300.00,20261111,,74AE,", is_read=True)
    assert found(typed=typed) == []
    assert found(without="fapiao_number", typed=typed) == [("code_not_on_document", "review")]
    assert found(without="fapiao_number", typed=replace(typed, is_read=False)) == []


def test_a_phone_that_sends_another_code_than_the_picture_shows() -> None:
    sent = f"01,32,,{NUMBER},300.00,20261111,,74AE,"
    shown = "01,32,,26332000000099999999,300.00,20261111,,74AE,"
    typed = replace(TYPED, qr_text=sent)
    assert found(says("qr_text", shown, "qr"), typed=typed) == [("document_contradicts_typed", "block")]
    assert found(says("qr_text", sent, "qr"), typed=typed) == []


def _of(evidence: tuple[Evidence, ...], typed: Receipt) -> list[Any]:
    stop = Stop("330100", "2026-11-09", "2026-11-13")
    receipt = replace(typed, evidence=evidence)
    facts = Facts(Trip("310000", (stop,)), receipt, 30000, "2026-11-24", company_tax_id=COMPANY_ID)
    return document_agrees(replace(facts, company_name="Northern Pumps Co."))
