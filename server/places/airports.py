"""The prefecture of a Chinese airport, by the name that an itinerary prints or by its IATA code.

An airport belongs to the city it is named after, not to the land it stands on: 西安咸阳 is 610100. The table is written
by hand and checked against the positions of airportsdata (MIT); see README.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_NOISE = re.compile(r"\(.*?\)|\[.*?\]|[-/]|T[1-9][A-Z]?(?:航站楼)?|航站楼|国际|民用")
_IATA = re.compile(r"^[A-Z]{3}(?![A-Z])|(?<![A-Z])[A-Z]{3}$")

Places = tuple[str, ...]


def airport_division(name: str) -> str | None:
    """The code at prefecture level of the city that an airport is named after. None if it is unknown or abroad.

    杭州萧山, 杭州萧山国际机场, 萧山机场T3, HGH and 杭州 all give 330100; an airport's own name needs the word 机场.
    """
    return next(iter(airport_divisions(name)), None)


def airport_divisions(name: str) -> Places:
    """The same, with the other prefectures that it lies in or serves by its name: 西安咸阳 is 610100 and 610400."""
    plain = "".join(unicodedata.normalize("NFKC", name).upper().split())
    plain = _NOISE.sub("", plain)
    words = _IATA.sub("", plain).removesuffix("机场")
    by_iata, by_name, by_own_name = _airports()
    if words:
        return by_name.get(words) or (by_own_name.get(words, ()) if "机场" in plain else ())
    return by_iata.get(plain, ())


def is_abroad(iata: str) -> bool:
    """Whether an IATA code is known to be outside China. False for one in Hong Kong, Macao or Taiwan, or unknown."""
    return iata.strip().upper() in _abroad()


@cache
def _airports() -> tuple[Mapping[str, Places], Mapping[str, Places], Mapping[str, Places]]:
    """By IATA code, by the city with or without the airport's own name, and by its own name where only one has it."""
    rows = json.loads(_HERE.joinpath("airports.json").read_text(encoding="utf-8"))
    by_iata: dict[str, Places] = {}
    by_name: dict[str, Places] = {}
    own_names: dict[str, set[Places]] = defaultdict(set)
    for iata, codes, city, *own in rows:
        places = tuple(codes.split())
        by_iata[iata] = places
        by_name.setdefault(city, places)
        for name in own:
            by_name[city + name] = places
            own_names[name].add(places)
    by_iata.pop("", None)
    return by_iata, by_name, {name: next(iter(found)) for name, found in own_names.items() if len(found) == 1}


@cache
def _abroad() -> frozenset[str]:
    lines = _HERE.joinpath("airports_abroad.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(code for line in lines for code in line.split()[1:])
