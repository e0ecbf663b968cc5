"""Stations by the names that tickets print."""

from __future__ import annotations

import pytest

from server.places.divisions import division, prefecture_of
from server.places.stations import _stations, station_division


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("杭州东", "330100"),
        ("杭州东站", "330100"),
        (" 杭州 东 站 ", "330100"),
        ("北京南", "110000"),
        ("上海虹桥", "310000"),
        ("重庆北", "500000"),
        ("昆山南", "320500"),
        ("义乌", "330700"),
        ("吉林", "220200"),
        ("长春西", "220100"),
        ("海口东", "460100"),
        ("三亚", "460200"),
        ("琼海", "469002"),
        ("陵水", "469028"),
        ("仙桃西", "429004"),
        ("石河子", "659001"),
        ("阿拉尔", "659002"),
        ("恩施", "422800"),
        ("延吉西", "222400"),
        ("门源", "632200"),
        ("辽宁朝阳", "211300"),
        ("北京朝阳", "110000"),
        ("沙县", "350400"),
        ("莱芜西", "370100"),
        ("香港西九龙", "810000"),
    ],
)
def test_a_station_lies_in_its_prefecture(name: str, code: str) -> None:
    assert station_division(name) == code


@pytest.mark.parametrize("name", ["", "站", "不存在", "万象", "万年", "杭州东北"])
def test_an_unknown_station_is_not_guessed(name: str) -> None:
    assert station_division(name) is None


def test_every_code_is_a_division_of_prefecture_level() -> None:
    codes = set(_stations().values())
    assert len(_stations()) > 3_380
    assert all(division(code) and prefecture_of(code) == code for code in codes)
