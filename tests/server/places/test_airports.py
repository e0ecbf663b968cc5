"""Airports by the names that itineraries print, and by IATA code."""

from __future__ import annotations

import pytest

from server.places.airports import _airports, airport_division, airport_divisions, is_abroad
from server.places.divisions import division, prefecture_of


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("杭州萧山", "330100"),
        ("杭州萧山国际机场", "330100"),
        ("萧山国际机场", "330100"),
        ("萧山机场T3航站楼", "330100"),
        ("杭州", "330100"),
        ("HGH", "330100"),
        ("hgh", "330100"),
        ("杭州(HGH)", "330100"),
        ("HGH 杭州萧山", "330100"),
        ("北京首都", "110000"),
        ("北京大兴", "110000"),
        ("PEK", "110000"),
        ("上海虹桥T2", "310000"),
        ("上海 浦东", "310000"),
        ("西安咸阳", "610100"),
        ("重庆江北", "500000"),
        ("成都天府", "510100"),
        ("吉林", "220200"),
        ("三沙永兴", "460300"),
        ("神农架红坪", "429021"),
        ("香港", "810000"),
        ("HKG", "810000"),
        ("台北桃园", "710000"),
        ("绥芬河", "231000"),
    ],
)
def test_an_airport_belongs_to_its_city(name: str, code: str) -> None:
    assert airport_division(name) == code


@pytest.mark.parametrize("name", ["", "机场", "T2", "东京成田", "NRT", "XQZ", "凤凰机场", "东山", "黄金", "苏州"])
def test_an_unknown_airport_is_not_guessed(name: str) -> None:
    assert airport_division(name) is None


def test_an_airport_of_two_cities_names_both() -> None:
    assert airport_divisions("西安咸阳国际机场") == ("610100", "610400")
    assert airport_divisions("扬州泰州") == ("321000", "321200")


def test_abroad_is_known_by_the_code() -> None:
    assert is_abroad("NRT")
    assert is_abroad(" jfk ")
    assert not is_abroad("HGH")
    assert not is_abroad("HKG")
    assert not is_abroad("???")


def test_every_code_is_a_division_of_prefecture_level_and_no_airport_is_abroad_too() -> None:
    by_iata = _airports()[0]
    assert all(division(code) and prefecture_of(code) == code for codes in by_iata.values() for code in codes)
    assert not any(is_abroad(iata) for iata in by_iata)
