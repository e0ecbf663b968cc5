"""The prefectures as shapes to draw: those in a part of the map, simplified to what can be seen there."""

from __future__ import annotations

from server.places.divisions import prefecture_of
from server.places.position import centre_of

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
Ring = tuple[tuple[float, float], ...]


def outlines(box: Box) -> tuple[tuple[str, tuple[Ring, ...]], ...]:
    """The prefectures that a box shows: each its code and the rings of what lies in the box, in degrees."""
    from server.places.borders import shapes_in

    return shapes_in(box)


def point_of(code: str) -> tuple[float, float] | None:
    """Where a division is drawn (lon, lat): inside its prefecture, a whole province in its capital; None if unknown."""
    found = centre_of(prefecture_of(code) or code[:2] + "0100")
    return (found["lon"], found["lat"]) if found else None
