"""Administrative divisions (GB/T 2260): names, levels, and whether two codes lie in the same prefecture.

What stands at prefecture level, besides the prefectures: each municipality (110000); each county or city directly under
its province (`xx90xx`: 429004 仙桃, 469023 澄迈), among them the cities of the Xinjiang corps (659001 石河子 to
659012 白杨); and Hong Kong, Macao and Taiwan (810000, 820000, 710000), each one unit without parts. A place abroad has
no division: None. Former codes stand beside today's, because documents carry them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Granularity = Literal["province", "prefecture", "county"]

MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
"""Provinces that are one city."""
SPECIAL_REGIONS = frozenset({"71", "81", "82"})
PLANNED_CITIES = frozenset({"2102", "3302", "3502", "3702", "4403"})
"""Cities with their own plan (计划单列市): Dalian, Ningbo, Xiamen, Qingdao, Shenzhen. Their tax bureaux stand beside
the province's."""
_EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Division:
    """One division with its names."""

    code: str
    zh: str
    en: str

    def name(self, language: str) -> str:
        """The name in `zh-Hans` or `en`."""
        return self.en if language == "en" else self.zh


@cache
def all_divisions() -> Mapping[str, Division]:
    """Every known division by its code, in the order of the codes."""
    names = json.loads(Path(__file__).with_name("divisions.json").read_text(encoding="utf-8"))
    return {code: Division(code, zh, en) for code, (zh, en) in names.items()}


def division(code: str) -> Division | None:
    """The division with that code, if it is known."""
    return all_divisions().get(code)


def granularity(code: str) -> Granularity:
    """How fine a code is."""
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


def province_of(code: str) -> str:
    """The code of the province: 330110 gives 330000."""
    return code[:2] + "0000"


def prefecture_of(code: str) -> str | None:
    """The code at prefecture level: 330110 gives 330100; a municipality or a special region stands for itself.

    A county directly under its province (429004) is its own prefecture. None for a province's own code.
    """
    if code[:2] in MUNICIPALITIES or code[:2] in SPECIAL_REGIONS:
        return province_of(code)
    if code.endswith("0000"):
        return None
    return code if code[2:4] == "90" else code[:4] + "00"


def same_prefecture(left: str, right: str) -> bool:
    """Whether both codes name places in one and the same prefecture."""
    mine = prefecture_of(left)
    return mine is not None and mine == prefecture_of(right)


def same_province(left: str, right: str) -> bool:
    """Whether both codes name places in one and the same province."""
    return left[:2] == right[:2]


def full_name(code: str, language: str) -> str:
    """From the province down: `浙江省杭州市余杭区`, or `Yuhang, Hangzhou, Zhejiang`. The code where it is unknown."""
    steps = dict.fromkeys((province_of(code), prefecture_of(code) or code, code))
    names = [known.name(language) for step in steps if (known := division(step))]
    if not names:
        return code
    return ", ".join(reversed(names)) if language == "en" else "".join(names)


def distance_km(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """The way over the sphere between two positions `{lat, lon}` in degrees (haversine formula)."""
    lat1, lon1, lat2, lon2 = (math.radians(value) for value in (left["lat"], left["lon"], right["lat"], right["lon"]))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
