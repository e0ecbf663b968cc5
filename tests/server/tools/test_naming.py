"""Serial numbers, kinds, shelves and codes: the server and the phone read them alike."""

from __future__ import annotations

import re

import pytest

from server.tools.naming import kind_key, label_in, label_of, normal_shelf, purchase_code, serial_key
from tests.vectors import vectors


@pytest.fixture
def backend() -> str:
    """Nothing here asks the database."""
    return "sqlite"


@vectors("tool_serial")
def test_a_serial_number_is_compared_by_what_it_says(given: str, expected: str) -> None:
    assert serial_key(given) == expected


@vectors("tool_kind")
def test_a_kind_is_compared_by_name_and_model(given: list[str], expected: str) -> None:
    assert kind_key(*given) == expected


@vectors("tool_shelf")
def test_a_shelf_has_one_spelling(given: str, expected: str) -> None:
    assert normal_shelf(given) == expected


@vectors("tool_code")
def test_an_id_gives_its_label_and_its_code(given: str, expected: dict[str, str]) -> None:
    assert {"label": label_of(given), "purchase": purchase_code(given)} == expected


@vectors("tool_scan")
def test_a_scanned_label_is_known_however_it_is_written(given: str, expected: str) -> None:
    assert label_in(given) == (expected if re.match("FC-", expected) else "")
