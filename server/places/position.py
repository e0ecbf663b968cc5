"""In which prefectures a position lies.

Of 3,183 centres of districts and airports the simplified borders (`borders.py`) change the prefecture of 2, of 5,000
positions within 2.8 km of a border 0.4 %; but in none of these is the true prefecture missing from the answer, because
it names the neighbours too. See README.md.
"""

from __future__ import annotations

from functools import cache

from server.places.gcj02 import from_gcj02, to_gcj02

__all__ = ["centre_of", "divisions_at", "from_gcj02", "to_gcj02"]


def divisions_at(lat: float, lon: float, accuracy_m: float = 0) -> tuple[str, ...]:
    """The codes at prefecture level for a WGS-84 position in degrees: first the one that holds it, then its neighbours.

    A neighbour is one whose border lies within 1 km + `accuracy_m`; there the position does not tell which of the two
    it is. Municipalities are `xx0000`; counties directly under a province and the cities of the Xinjiang corps stand
    for themselves; Hong Kong, Macao and Taiwan are 810000, 820000 and 710000. Empty abroad, on the open sea, or for
    what is no position.
    """
    if not (-90 < lat < 90 and -180 <= lon <= 180):
        return ()
    from server.places.borders import around

    return around(lat, lon, accuracy_m)


@cache
def centre_of(code: str) -> dict[str, float] | None:
    """A position `{lat, lon}` inside the largest part of a unit at prefecture level; None for what is none."""
    from server.places.borders import inside

    return inside(code)
