"""The generator itself: the same seed gives the same document, and its numbers hold."""

from __future__ import annotations

import pytest

from server.places.divisions import all_divisions
from server.receipts.fapiao import credit_code_error, parse_fapiao, registration_region
from tests.documents import KINDS, make
from tests.documents.capitals import in_capitals
from tests.documents.places import CITIES


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_document_again(kind: str) -> None:
    assert make(kind, 3) == make(kind, 3)
    assert make(kind, 3).data != make(kind, 4).data


def test_a_photo_is_the_same_again() -> None:
    assert make("taxi-picture", 5, camera=True) == make("taxi-picture", 5, camera=True)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "picture" not in kind])
def test_its_numbers_hold(kind: str) -> None:
    for seed in range(30):
        truth = make(kind, seed).truth
        assert parse_fapiao(truth.fapiao_code, truth.fapiao_number) is not None
        assert truth.net_minor is None or truth.net_minor + (truth.tax_minor or 0) == truth.amount_minor
        for tax_id in filter(None, (truth.seller_tax_id, truth.buyer_tax_id)):
            assert credit_code_error(tax_id) is None
        if truth.seller_tax_id:
            region = registration_region(truth.seller_tax_id)
            assert region is not None
            assert region[0] == truth.seller_division


def test_every_division_is_known() -> None:
    codes = {code for city in CITIES for code in (city.code, *city.counties)}
    assert codes <= set(all_divisions())
    assert {city.code[:2] for city in CITIES} == {code[:2] for code in all_divisions()} - {"71", "81", "82"}


@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (52600, "伍佰贰拾陆圆整"),
        (444900, "肆仟肆佰肆拾玖圆整"),
        (19047, "壹佰玖拾圆肆角柒分"),
        (27007, "贰佰柒拾圆零柒分"),
        (50, "伍角整"),
        (7, "柒分"),
        (1007, "壹拾圆零柒分"),
        (1010000, "壹万零壹佰圆整"),
        (10000100, "壹拾万零壹圆整"),
        (100000000, "壹佰万圆整"),
        (0, "零圆整"),
    ],
)
def test_an_amount_in_capitals(minor: int, text: str) -> None:
    assert in_capitals(minor) == text
