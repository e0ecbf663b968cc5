"""The sounds of the station names that are drawn, as tickets print them below the characters."""

from __future__ import annotations

from server.places.divisions import all_divisions
from tests.documents.places import CITIES

_SIDES = {"东": "dong", "西": "xi", "南": "nan", "北": "bei"}
_OTHERS = {"上海虹桥": "Shanghaihongqiao", "北京丰台": "Beijingfengtai", "汉口": "Hankou"}


def pinyin(station: str) -> str:
    """杭州东 gives Hangzhoudong."""
    if station in _OTHERS:
        return _OTHERS[station]
    side = _SIDES.get(station[-1], "") if len(station) > 2 else ""
    stem = station[:-1] if side else station
    return _english(stem) + side


def _english(stem: str) -> str:
    codes = [city.code for city in CITIES if city.short == stem]
    codes += [code for code, known in all_divisions().items() if known.zh == f"{stem}市"]
    return all_divisions()[codes[0]].en.replace(" ", "").replace("'", "").capitalize() if codes else stem
