"""Numbers, codes and QR texts of invoices."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hypothesis import given as example
from hypothesis import strategies as some

from server.places.divisions import full_name, same_prefecture
from server.receipts.fapiao import credit_code_error, parse_fapiao, registration_region
from server.receipts.qr import parse_qr
from tests.vectors import vectors


@vectors("credit_code")
def test_a_tax_id_is_checked_and_says_where_its_seller_is_registered(given: str, expected: dict[str, Any]) -> None:
    region = registration_region(given)
    assert {"error": credit_code_error(given), "region": list(region) if region else None} == expected


@vectors("fapiao")
def test_a_number_says_its_kind_identity_and_region(given: dict[str, str], expected: dict[str, Any] | None) -> None:
    fapiao = parse_fapiao(given["code"], given["number"])
    found = asdict(fapiao) | {"region": list(fapiao.region) if fapiao.region else None} if fapiao else None
    assert found == expected


@vectors("qr")
def test_a_qr_text_is_an_invoice_or_nothing(given: str, expected: dict[str, Any] | None) -> None:
    qr = parse_qr(given)
    assert (asdict(qr) if qr else None) == expected


@vectors("division")
def test_divisions_lie_in_one_prefecture_or_not(given: list[str], expected: bool) -> None:
    assert same_prefecture(given[0], given[1]) is expected
    assert same_prefecture(given[1], given[0]) is expected


@example(some.text(), some.text())
def test_no_text_breaks_the_readers(left: str, right: str) -> None:
    parse_fapiao(left, right)
    parse_qr(left)
    parse_qr(f"01,32,,{left},{right},20260101,,")
    credit_code_error(left)
    registration_region(left)


def test_a_text_of_a_million_characters_is_refused_quickly() -> None:
    assert parse_qr("01," * 400_000) is None
    assert parse_fapiao("", "1" * 1_000_000) is None


def test_a_division_is_named_from_the_province_down() -> None:
    assert full_name("330110", "zh-Hans") == "浙江省杭州市余杭区"
    assert full_name("330110", "en") == "Yuhang, Hangzhou, Zhejiang"
    assert full_name("110108", "en") == "Haidian, Beijing"
    assert full_name("999999", "en") == "999999"
