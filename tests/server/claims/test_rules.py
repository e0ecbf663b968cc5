"""The rules, on vectors that the phone shares, and on what only the server judges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.claims.rules import judge
from server.claims.rules.documents_present import documents_present
from server.claims.rules.facts import Attachment, Evidence, Facts, Leg, Purchase, Receipt, Stop, Trip, Twin
from server.claims.rules.place_matches_trip import place_matches_trip
from server.claims.rules.receipt_in_trip_dates import receipt_in_trip_dates
from server.claims.rules.receipt_is_new import receipt_is_new
from server.claims.rules.receipt_is_valid import receipt_is_valid
from server.claims.rules.tool_prices import is_divisible, tool_prices
from server.claims.rules.tool_returned import reimbursable_minor, tool_returned
from server.receipts.evidence import read_evidence
from server.receipts.readers.fact import Fact
from server.receipts.readers.places import with_places
from tests.vectors import vectors

GOOD = Facts(
    trip=Trip("310000", (Stop("330100", "2026-11-09", "2026-11-13"),)),
    receipt=Receipt("lodging", 30000, "2026-11-10"),
    claimed_minor=30000,
    today="2026-11-24",
    attachments=(Attachment("a" * 64, "stored"),),
    is_report_filed=True,
    company_name="Northern Pumps Co.",
    company_tax_id="91110000802100433B",
)


def codes(findings: list[Any]) -> list[str]:
    return [finding.code for finding in findings]


def facts_of(given: dict[str, Any]) -> Facts:
    receipt = {
        "typed_division": None,
        "seller_tax_id": "",
        "fapiao_code": "",
        "fapiao_number": "",
        "qr_text": "",
    }
    receipt |= given["receipt"]
    evidence = (*read_evidence(receipt), *receipt.pop("evidence", ()))
    receipt.pop("typed_division")
    stops = tuple(Stop(**{**stop, "neighbours": tuple(stop.get("neighbours", ()))}) for stop in given["stops"])
    trip = Trip(given["home_division"], stops, tuple(Leg(*leg) for leg in given.get("legs", ())))
    return replace(GOOD, trip=trip, receipt=Receipt(**receipt, evidence=evidence))


@vectors("place")
def test_a_receipt_matches_its_trips_place_or_not(given: dict[str, Any], expected: list[str]) -> None:
    """T25"""
    assert codes(place_matches_trip(facts_of(given))) == expected


@pytest.mark.parametrize(
    ("trip_to", "address", "number", "expected"),
    [
        ("350102", "鼓楼区软件大道1号", "26352000000000000001", []),
        ("350102", "鼓楼区软件大道1号", "", ["place_unproven"]),
        ("350102", "鼓楼区软件大道1号", "26322000000000000001", ["place_other_province"]),
        ("350102", "南京市鼓楼区软件大道1号", "", ["place_mismatch"]),
        ("350102", "南京市鼓楼区软件大道1号", "26352000000000000001", ["place_mismatch"]),
        ("320106", "南京市鼓楼区软件大道1号", "26322000000000000001", []),
        ("320302", "南京市鼓楼区软件大道1号", "26322000000000000001", ["place_mismatch"]),
    ],
)
def test_a_countys_name_in_two_provinces_is_the_one_that_the_document_means(
    trip_to: str, address: str, number: str, expected: list[str]
) -> None:
    """T25"""
    facts = [Fact("seller_address", address, "xml"), *([Fact("fapiao_number", number, "xml")] if number else [])]
    read = tuple({**fact.to_wire(), "attachment": "a" * 64} for fact in with_places(facts))
    trip = Trip("310000", (Stop(trip_to, "2026-11-09", "2026-11-13"),))
    receipt = Receipt("lodging", 30000, "2026-11-10", fapiao_number=number, evidence=read)
    assert codes(place_matches_trip(replace(GOOD, trip=trip, receipt=receipt))) == expected


@vectors("dates")
def test_a_receipt_lies_in_its_trips_days_or_not(given: dict[str, Any], expected: list[str]) -> None:
    stop = Stop("330100", given["arrive_on"], given["leave_on"])
    receipt = Receipt(given["category"], 1, given["issued_on"], qr_text=given["qr_text"])
    facts = replace(GOOD, trip=Trip("310000", (stop,)), receipt=receipt)
    assert codes(receipt_in_trip_dates(facts)) == expected


@vectors("qr_amount")
def test_a_typed_amount_can_be_the_codes_or_not(given: dict[str, Any], expected: bool) -> None:
    is_digital = given["type"] == "32"
    code, number = ("", "23442000000014209621") if is_digital else ("033002000211", "83089647")
    qr = f"01,{given['type']},{code},{number},{given['amount']},20201110,,0941,"
    named = {"fapiao_code": code, "fapiao_number": number, "qr_text": qr}
    receipt = Receipt("lodging", given["typed_minor"], "2020-11-10", **named)
    found = receipt_is_valid(replace(GOOD, receipt=receipt))
    differs = [("qr_contradicts_typed", "block", "REG-D3", ["amount_minor"])]
    told = [(finding.code, finding.severity, finding.article, finding.params["fields"]) for finding in found]
    assert told == ([] if expected else differs)


QR = "01,32,,23442000000014209621,300.00,20261110,,74AE,"
VALID = Receipt("lodging", 30000, "2026-11-10", fapiao_number="23442000000014209621", qr_text=QR)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"fapiao_number": "23442000000014209622"}, ["qr_contradicts_typed"]),
        ({"amount_minor": 30001}, ["qr_contradicts_typed"]),
        ({"amount_minor": 29999}, ["qr_contradicts_typed"]),
        ({"issued_on": "2026-11-11"}, ["qr_contradicts_typed"]),
        ({"qr_text": "", "fapiao_number": "123"}, ["fapiao_number_invalid"]),
        ({"qr_text": "", "fapiao_code": "9", "fapiao_number": "12345678"}, ["fapiao_code_invalid"]),
        ({"qr_text": "", "amount_minor": 0}, ["amount_invalid"]),
        ({"qr_text": "", "amount_minor": -1}, ["amount_invalid"]),
        ({"qr_text": "", "issued_on": "2026-11-25"}, ["date_in_future"]),
        ({"seller_tax_id": "91330100799655058C"}, ["seller_tax_id_invalid"]),
        ({"qr_text": "https://example.invalid/pay"}, []),
    ],
)
def test_a_receipt_is_valid_or_says_what_is_wrong(change: dict[str, Any], expected: list[str]) -> None:
    assert codes(receipt_is_valid(replace(GOOD, receipt=replace(VALID, **change)))) == expected


def test_the_amount_in_an_older_qr_is_without_tax() -> None:
    qr = "01,10,033002000211,83089647,510.68,20200723,16197833567414507415,0941,"
    receipt = Receipt("meal", 52600, "2020-07-23", fapiao_code="033002000211", fapiao_number="83089647", qr_text=qr)
    assert receipt_is_valid(replace(GOOD, receipt=receipt)) == []
    assert codes(receipt_is_valid(replace(GOOD, receipt=replace(receipt, amount_minor=51067)))) == [
        "qr_contradicts_typed"
    ]


@pytest.mark.parametrize(
    ("purchases", "expected", "money"),
    [
        ([], [], 1000),
        ([Purchase("Wrench", 1, 1, 1000)], [], 1000),
        ([Purchase("Wrench", 1, 0, 1000)], ["tool_not_returned"], 0),
        ([Purchase("Wrench", 2, 1, 500)], ["tool_not_returned"], 500),
        ([Purchase("Wrench", 3, 1, 333)], ["tool_not_returned"], 333),
        ([Purchase("Wrench", 3, 2, 333)], ["tool_not_returned"], 666),
        ([Purchase("Wrench", 1, 1, 900), Purchase("Gauge", 1, 0, 100)], ["tool_not_returned"], 900),
        ([Purchase("Gift", 2, 1, 0)], ["tool_not_returned"], 500),
    ],
)
def test_only_what_came_back_is_paid(purchases: list[Purchase], expected: list[str], money: int) -> None:
    assert codes(tool_returned(replace(GOOD, purchases=tuple(purchases)))) == expected
    assert reimbursable_minor(1000, purchases) == money


def lines(*amounts: int) -> tuple[Evidence, ...]:
    """What an e-invoice says of its lines."""
    about = {"source": "xml", "attachment": "a" * 64}
    net = [{"kind": "item_net", "value": str(round(amount / 1.13)), **about} for amount in amounts]
    return (*({"kind": "item_total", "value": str(amount), **about} for amount in amounts), *net)


@pytest.mark.parametrize(
    ("prices", "evidence", "divides"),
    [
        ((1, 99999), (), False),
        ((1, 99999), lines(95000, 5000), False),
        ((95000, 5000), lines(5000, 95000), True),
        ((84071, 4425), lines(95000, 5000), True),
        ((95000, 4425), lines(95000, 5000), False),
        ((4000, 1000), lines(95000, 4000, 1000), False),
        ((94000, 5000), lines(95000, -1000, 5000), True),
        ((95000, 5000), tuple(item | {"confidence": 0.5} for item in lines(95000, 5000)), False),
    ],
)
def test_money_is_divided_among_tools_only_by_prices_that_the_document_bears_out(
    prices: tuple[int, int], evidence: tuple[Evidence, ...], divides: bool
) -> None:
    dear, cheap = (Purchase(name, 1, back, price) for name, back, price in zip("DC", (0, 1), prices, strict=True))
    assert is_divisible((dear, cheap), evidence, "") is divides
    receipt = replace(GOOD.receipt, category="tool", evidence=evidence)
    found = codes(tool_prices(replace(GOOD, receipt=receipt, purchases=(dear, cheap))))
    assert ("tool_prices_unproven" in found) is not divides
    assert ("tool_line_not_logged" in found) is (len(evidence) == 6 and not divides)
    assert reimbursable_minor(100000, (dear, cheap), is_divisible=False) == 0
    assert reimbursable_minor(100000, (replace(dear, stocked_in=1), cheap), is_divisible=False) == 100000


def test_a_tool_receipt_needs_its_tool() -> None:
    receipt = replace(GOOD.receipt, category="tool")
    assert codes(tool_returned(replace(GOOD, receipt=receipt))) == ["tool_purchase_missing"]


def test_a_receipt_is_new_unless_another_stands_before_it() -> None:
    later = Twin("id", "2026-11-10", is_own=False, is_earlier=False, is_decided=False)
    assert receipt_is_new(replace(GOOD, same_identity=(later,))) == []
    for twin in (replace(later, is_earlier=True), replace(later, is_decided=True)):
        found = receipt_is_new(replace(GOOD, same_identity=(twin,), same_file=(twin,), similar_picture=(twin,)))
        assert [(item.code, item.severity) for item in found] == [
            ("receipt_duplicate", "block"),
            ("same_file", "block"),
            ("similar_picture", "review"),
        ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"attachments": ()}, ["attachment_missing"]),
        ({"attachments": (Attachment("a", "pending"),)}, ["attachment_not_arrived"]),
        (
            {"attachments": (Attachment("a", "stored"), Attachment("b", "unknown"))},
            ["attachment_not_arrived"],
        ),
        ({"attachments": (Attachment("a", "quarantined"),)}, ["attachment_refused"]),
        ({"claimed_minor": 30001}, ["amount_over_receipt"]),
        ({"is_report_filed": False}, ["report_not_filed"]),
    ],
)
def test_papers_are_complete_or_say_what_is_missing(change: dict[str, Any], expected: list[str]) -> None:
    assert codes(documents_present(replace(GOOD, **change))) == expected


def test_every_finding_names_its_article() -> None:
    findings = judge(replace(GOOD, attachments=(), is_report_filed=False, purchases=(Purchase("Wrench", 1, 0, 1),)))
    assert {finding.article for finding in findings} == {"REG-D3", "REG-A12", "REG-C7"}


def paper(file: str, number: str, **places: str) -> list[dict[str, Any]]:
    """What was read from one file: its number, and where it says it is from."""
    facts = [{"kind": "fapiao_number", "value": number}]
    facts += [{"kind": kind, "value": "", "division": code} for kind, code in places.items()]
    return [{"source": "xml", "confidence": 1.0, "attachment": file * 64} | fact for fact in facts]


def test_another_paper_beside_the_receipt_proves_nothing_of_its_place_or_day() -> None:
    own = paper("a", "26112000000000000001", seller_registration="110108", seller_address="110108")
    beside = paper("b", "26332000000000000002", seller_registration="330106")
    ride = [{"kind": "travel_on", "value": "2026-11-10", "source": "xml", "confidence": 1.0, "attachment": "c" * 64}]
    receipt = Receipt(
        "meal", 30000, "2026-05-10", fapiao_number="26112000000000000001", evidence=(*own, *beside, *ride)
    )
    facts = replace(GOOD, receipt=receipt)
    assert codes(place_matches_trip(facts)) == ["place_mismatch"]
    assert codes(receipt_in_trip_dates(facts)) == ["outside_trip_dates"]
