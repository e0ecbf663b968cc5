"""A claim's trip as a map of our own: where it should have gone, and where its receipts say that it went.

All that a template needs to draw it: marks with their place in pixels, legs, and the prefectures around them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from server.claims.comparison import places_of
from server.places.divisions import prefecture_of
from server.places.outline import Box, outlines, point_of
from sync.change import Record

WIDTH = 900.0
_LEAST_DEGREES = 1.2
_SPARE = 0.18
_SIDE_BY_SIDE = 26.0
"""Pixels between marks that stand at one place."""
Shape = Literal["home", "stop", "document", "position"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One mark. `label` is its number in the list beside the map; `is_odd`: it lies at none of the trip's places."""

    shape: Shape
    label: str
    division: str
    x: float
    y: float
    is_odd: bool = False


@dataclass(frozen=True)
class Area:
    """A prefecture's shape as an SVG path."""

    path: str
    is_of_trip: bool


@dataclass(frozen=True)
class TripMap:
    """The drawing: its height, what lies below, the planned way, the tickets' legs, and the marks."""

    height: float
    areas: list[Area]
    way: list[Point]
    legs: list[tuple[Point, Point]]
    marks: list[Mark]


@dataclass(frozen=True)
class _Spot:
    shape: Shape
    label: str
    division: str
    at: Point

    fits: frozenset[str] = frozenset()
    """The prefectures where a receipt may be from; empty for what is no receipt."""


def draw_map(trip: Record, sites: Mapping[str, Record], lines: list[tuple[Record, Record]]) -> TripMap | None:
    """The map of a trip, or None without places. `lines`: claim lines with receipts, in the order of their numbers."""
    planned = list(_stops(trip, sites))
    of_trip = frozenset(_prefecture(stop["division_code"]) for stop in trip["stops"])
    with_home = of_trip | {_prefecture(trip["home_division"])}
    spots = list(planned)
    for number, (_, receipt) in enumerate(lines, 1):
        spots += _seen(number, receipt, with_home if receipt["category"] == "transport" else of_trip)
    legs = [leg for _, receipt in lines for leg in _legs(receipt)]
    if not spots:
        return None
    view = _View([spot.at for spot in spots] + [end for leg in legs for end in leg])
    areas = [Area(view.path(rings), code in of_trip) for code, rings in outlines(view.box)]
    way = [view.place(spot.at) for spot in (*planned, *planned[:1])]
    drawn = [(view.place(begin), view.place(end)) for begin, end in legs]
    return TripMap(view.height, areas, way, drawn, _marks(spots, view))


def _stops(trip: Record, sites: Mapping[str, Record]) -> Iterator[_Spot]:
    home = point_of(trip["home_division"])
    if home:
        yield _Spot("home", "0", trip["home_division"], home)
    for number, stop in enumerate(trip["stops"], 1):
        position = (sites.get(stop.get("site_id") or "") or {}).get("position")
        at = (position["lon"], position["lat"]) if position else point_of(stop["division_code"])
        if at:
            yield _Spot("stop", str(number), stop["division_code"], at)


def _seen(number: int, receipt: Record, fits: frozenset[str]) -> Iterator[_Spot]:
    """Where a receipt's documents say it is from (the strongest word on it), and where it was photographed."""
    told = [place for place in places_of(receipt) if place.kind not in ("position", "typed")]
    at = point_of(told[0].division) if told else None
    if at:
        yield _Spot("document", str(number), told[0].division, at, fits)
    position = receipt.get("capture_position")
    if position:
        division = next((place.division for place in places_of(receipt) if place.kind == "position"), "")
        yield _Spot(
            "position", str(number), division, (position["lon"], position["lat"]), fits if division else frozenset()
        )


def _prefecture(division: str) -> str:
    return prefecture_of(division) or division


def _legs(receipt: Record) -> Iterator[tuple[Point, Point]]:
    """The journeys that a ticket states, where both ends are known."""
    ends: dict[int, dict[str, Point]] = {}
    for item in receipt["evidence"] or ():
        is_end = item["kind"] in ("departure", "destination") and item.get("division")
        at = point_of(item["division"]) if is_end else None
        if at:
            ends.setdefault(item.get("leg", 0), {})[item["kind"]] = at
    for leg in ends.values():
        if len(leg) == 2:
            yield leg["departure"], leg["destination"]


def _marks(spots: Iterable[_Spot], view: _View) -> list[Mark]:
    """The spots as marks; those at one place stand side by side."""
    crowd: Counter[tuple[int, int]] = Counter()
    marks = []
    for spot in spots:
        x, y = view.place(spot.at)
        cell = (round(x / _SIDE_BY_SIDE), round(y / _SIDE_BY_SIDE))
        x += crowd[cell] % 6 * _SIDE_BY_SIDE
        y += crowd[cell] // 6 * _SIDE_BY_SIDE
        crowd[cell] += 1
        is_odd = bool(spot.fits) and _prefecture(spot.division) not in spot.fits
        marks.append(Mark(spot.shape, spot.label, spot.division, round(x, 1), round(y, 1), is_odd))
    return marks


class _View:
    """The part of the map that holds all points with some space around, and where a point of it is drawn."""

    def __init__(self, points: list[Point]) -> None:
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        self.east_scale = math.cos(math.radians((south + north) / 2))
        high = max((north - south) * (1 + 2 * _SPARE), _LEAST_DEGREES)
        wide = max((east - west) * (1 + 2 * _SPARE), _LEAST_DEGREES / self.east_scale, high * 1.2 / self.east_scale)
        high = max(high, wide * self.east_scale * 0.45)
        middle = ((west + east) / 2, (south + north) / 2)
        self.box: Box = tuple(  # type: ignore[assignment]
            round(value, 3)
            for value in (middle[0] - wide / 2, middle[1] - high / 2, middle[0] + wide / 2, middle[1] + high / 2)
        )
        self.scale = WIDTH / wide
        self.height = round(high * self.scale / self.east_scale, 1)

    def place(self, point: Point) -> Point:
        """A point (lon, lat) in pixels."""
        x = (point[0] - self.box[0]) * self.scale
        y = (self.box[3] - point[1]) * self.scale / self.east_scale
        return round(x, 1), round(y, 1)

    def path(self, rings: Iterable[Iterable[Any]]) -> str:
        """Rings as one SVG path."""
        return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in map(self.place, ring)) + "Z" for ring in rings)
