"""GCJ-02, the shifted coordinates of Chinese maps and some phones, to and from WGS-84 (the formula in public use)."""

from __future__ import annotations

import math

_AXIS_M = 6378245.0
_ECCENTRICITY = 0.00669342162296594323
"""Of the Krasovsky ellipsoid, squared."""
_ROUNDS = 6


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """The GCJ-02 latitude and longitude of a WGS-84 position, in degrees. Outside China's frame nothing is shifted."""
    if not (0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347):
        return lat, lon
    north_m, east_m = _shift(lon - 105.0, lat - 35.0)
    angle = math.radians(lat)
    bend = 1 - _ECCENTRICITY * math.sin(angle) ** 2
    per_lat = math.radians(1) * _AXIS_M * (1 - _ECCENTRICITY) / bend**1.5
    per_lon = math.radians(1) * _AXIS_M * math.cos(angle) / math.sqrt(bend)
    return lat + north_m / per_lat, lon + east_m / per_lon


def from_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """The WGS-84 latitude and longitude of a GCJ-02 position, in degrees; there and back is exact to 1 mm."""
    back = (lat, lon)
    for _ in range(_ROUNDS):
        there = to_gcj02(*back)
        back = (back[0] + lat - there[0], back[1] + lon - there[1])
    return back


def _shift(x: float, y: float) -> tuple[float, float]:
    """Metres to the north and to the east, for degrees east of 105 and north of 35."""
    fine = 20 * math.sin(6 * math.pi * x) + 20 * math.sin(2 * math.pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (fine + 20 * math.sin(math.pi * y) + 40 * math.sin(math.pi / 3 * y)) * 2 / 3
    north += (160 * math.sin(math.pi / 12 * y) + 320 * math.sin(math.pi / 30 * y)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (fine + 20 * math.sin(math.pi * x) + 40 * math.sin(math.pi / 3 * x)) * 2 / 3
    east += (150 * math.sin(math.pi / 12 * x) + 300 * math.sin(math.pi / 30 * x)) * 2 / 3
    return north, east
