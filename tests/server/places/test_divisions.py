"""Divisions: what stands at prefecture level, and their names."""

from __future__ import annotations

import pytest

from server.places.divisions import all_divisions, division, full_name, prefecture_of, same_prefecture
from server.places.short_names import short_name


@pytest.mark.parametrize(
    ("code", "english"),
    [
        ("110105", "Chaoyang"),
        ("220104", "Chaoyang"),
        ("500000", "Chongqing"),
        ("310105", "Changning"),
        ("310112", "Minhang"),
        ("350200", "Xiamen"),
        ("340300", "Bengbu"),
        ("341500", "Lu'an"),
        ("320116", "Luhe"),
        ("411100", "Luohe"),
        ("522701", "Duyun"),
        ("140428", "Zhangzi"),
        ("140400", "Changzhi"),
        ("371522", "Shenxian"),
        ("410621", "Xunxian"),
        ("440113", "Panyu"),
        ("331000", "Taizhou"),
        ("141100", "Lüliang"),
        ("530800", "Pu'er"),
        ("150000", "Inner Mongolia"),
    ],
)
def test_english_names_read_their_characters_as_the_place_does(code: str, english: str) -> None:
    assert all_divisions()[code].en == english


def test_no_name_reads_a_capital_as_all() -> None:
    assert not [known for known in all_divisions().values() if "都" in known.zh and "dou" in known.en.lower()]


@pytest.mark.parametrize(
    "code", ["330113", "330114", "460300", "659001", "659004", "659011", "659012", "110103", "330103"]
)
def test_new_and_former_divisions_are_known(code: str) -> None:
    assert division(code)


def test_what_stands_for_itself_at_prefecture_level() -> None:
    assert prefecture_of("310115") == "310000"
    assert prefecture_of("429004") == "429004"
    assert prefecture_of("659012") == "659012"
    assert [prefecture_of(code) for code in ("810000", "820000", "710000")] == ["810000", "820000", "710000"]
    assert not same_prefecture("659001", "659004")
    assert full_name("659001", "zh-Hans") == "新疆维吾尔自治区石河子市"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("浙江省", "浙江"),
        ("内蒙古自治区", "内蒙古"),
        ("恩施土家族苗族自治州", "恩施"),
        ("巴音郭楞蒙古自治州", "巴音郭楞"),
        ("浦东新区", "浦东"),
        ("唐县", "唐县"),
        ("东乡族自治县", "东乡"),
    ],
)
def test_the_short_name_leaves_the_ending_out(name: str, short: str) -> None:
    assert short_name(name) == short
