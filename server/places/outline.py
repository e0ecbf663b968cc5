"""The prefectures as shapes to draw: those in a part of the map, simplified to what can be seen there."""

from __future__ import annotations

from functools import lru_cache

import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from server.places.divisions import prefecture_of
from server.places.position import centre_of, prefectures

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
Ring = tuple[tuple[float, float], ...]
_FINENESS = 700.0
"""Into how many parts the longer side of a map is divided: finer than this nothing shows."""


@lru_cache(maxsize=64)
def outlines(box: Box) -> tuple[tuple[str, tuple[Ring, ...]], ...]:
    """The prefectures that a box shows: each its code and the rings of what lies in the box, in degrees."""
    tree, codes = prefectures()
    inside = sorted(tree.query(shapely.box(*box), predicate="intersects"))
    fineness = max(box[2] - box[0], box[3] - box[1]) / _FINENESS
    simple = shapely.coverage_simplify([tree.geometries[index] for index in inside], fineness)
    cut = shapely.clip_by_rect(simple, *box)
    return tuple((codes[index], rings) for index, area in zip(inside, cut, strict=True) if (rings := _rings(area)))


def point_of(code: str) -> tuple[float, float] | None:
    """Where a division is drawn (lon, lat): inside its prefecture, a whole province in its capital; None if unknown."""
    found = centre_of(prefecture_of(code) or code[:2] + "0100")
    return (found["lon"], found["lat"]) if found else None


def _rings(area: BaseGeometry) -> tuple[Ring, ...]:
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon) and not part.is_empty]
    return tuple(tuple(map(tuple, ring.coords)) for part in parts for ring in (part.exterior, *part.interiors))
