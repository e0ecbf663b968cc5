"""The fraud controls, each on its own: what it finds and which honest cases it lets pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from server.claims import rules
from server.claims.rules.facts import Facts, Receipt
from server.claims.rules.others import Day, Journey, Other, SerialElsewhere, Sighting
from server.claims.working_days import BadCalendar, day_of, read_own_days
from server.places.divisions import distance_km
from server.places.position import centre_of, divisions_at
from server.receipts.fapiao import identities_near, series_of
from tests.server.claims.test_rules import GOOD, codes
from tests.vectors import vectors

BLOCKING = {"serial_bought_before", "serial_returned_for_other"}
NOTES = {"slips_in_a_row", "rest_day_maybe", "many_round_amounts", "unusual_digits"}


def facts_of(given: dict[str, Any]) -> Facts:
    receipt = Receipt(**_with_ways(given.pop("receipt")))
    others = [Other(receipt_id=str(at), **_with_ways(item)) for at, item in enumerate(given.pop("others"))]
    serials = [SerialElsewhere(**item) for item in given.pop("serials_elsewhere", ())]
    day = Day(**given.pop("day", {"is_rest": False}))
    return replace(GOOD, receipt=receipt, others=tuple(others), serials_elsewhere=tuple(serials), day=day, **given)


def _with_ways(item: dict[str, Any]) -> dict[str, Any]:
    sightings = tuple(Sighting(**seen) for seen in item.get("sightings", ()))
    return item | {"sightings": sightings, "journeys": tuple(Journey(**leg) for leg in item.get("journeys", ()))}


@vectors("fraud")
def test_a_control_finds_its_fraud_and_lets_honest_cases_pass(given: dict[str, Any], expected: list[str]) -> None:
    rule = next(rule for rule in rules.ALL_RULES if rule.__name__ == given["rule"])
    found = rule(facts_of({name: value for name, value in given.items() if name != "rule"}))
    assert codes(found) == expected
    assert {finding.article for finding in found} <= {"REG-D3", "REG-A12"}
    for finding in found:
        usual = "block" if finding.code in BLOCKING else "info" if finding.code in NOTES else "review"
        assert finding.severity in {usual, "review"}


def test_every_control_has_vectors_of_both_kinds() -> None:
    marks = vectors("fraud").args[1]
    seen = {(case.values[0]["rule"], bool(case.values[1])) for case in marks}
    names = {name for name, _ in seen}
    assert names >= {"sold_once", "numbers_in_a_row", "purchase_not_split", "rest_day_planned", "travel_possible"}
    assert seen == {(name, is_found) for name in names for is_found in (True, False)}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-01", Day(True, "National Day")),
        ("2026-10-10", Day(False)),  # a Saturday that makes up for the holiday
        ("2026-10-11", Day(True)),
        ("2026-10-12", Day(False)),
        ("2099-01-03", Day(True, is_known=False)),
        ("2099-01-05", Day(False, is_known=False)),
    ],
)
def test_the_calendar_knows_holidays_and_the_weekends_that_are_worked(day: str, expected: Day) -> None:
    assert day_of(date.fromisoformat(day), {}) == expected


def test_a_company_adds_days_of_its_own(tmp_path: Path) -> None:
    assert read_own_days(tmp_path) == {}
    (tmp_path / "working-days.json").write_text('{"2099-01-01": "New Year", "2099-01-03": "work", "2099-01-02": ""}')
    own = read_own_days(tmp_path)
    assert day_of(date(2099, 1, 1), own) == Day(True, "New Year")
    assert day_of(date(2099, 1, 2), own) == Day(True)
    assert day_of(date(2099, 1, 3), own) == Day(False)
    assert day_of(date(2099, 1, 4), own) == Day(True)  # with its holidays told, the year is known
    for wrong in ("[]", '{"tomorrow": "work"}', "{"):
        (tmp_path / "working-days.json").write_text(wrong)
        with pytest.raises(BadCalendar, match="working-days"):
            read_own_days(tmp_path)


def test_numbers_near_another_keep_their_series_and_their_width() -> None:
    assert series_of("E26332000000000000003") == ("E26332", 3)
    assert identities_near("E26332000000000000001", 2) == [
        "E26332000000000000000",
        "E26332000000000000002",
        "E26332000000000000003",
    ]
    assert identities_near("C13301157015199999999", 1) == ["C13301157015199999998"]
    assert identities_near("", 5) == []


def test_the_centre_of_a_prefecture_lies_in_it() -> None:
    for code in ("330100", "440300", "110000", "429004"):
        centre = centre_of(code)
        assert centre
        assert divisions_at(centre["lat"], centre["lon"])[0] == code
    assert centre_of("330000") is None
    hangzhou, shenzhen = centre_of("330100"), centre_of("440300")
    assert hangzhou
    assert shenzhen
    assert 900 < distance_km(hangzhou, shenzhen) < 1200
