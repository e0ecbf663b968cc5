"""Lines of a photographed page as if it lay straight: turned upright, and the rows level again.

A page that was held at an angle has rows that run apart. Each line of text shows the slope at its place; the slopes
are fitted by a plane over the page, and the heights corrected by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from server.receipts.readers.fact import Box
from server.receipts.readers.lines import Line

Points = NDArray[np.float64]
_LONG = 3.0
"""A line this many times longer than high shows its slope well."""


def straightened(lines: Sequence[Line], quarter_turns: int) -> list[Line]:
    """The lines after so many quarter turns clockwise, level, in fractions of the area that has text."""
    corners = np.array([line.corners for line in lines], dtype=np.float64)
    for _ in range(quarter_turns):
        corners = np.stack((-corners[:, :, 1], corners[:, :, 0]), axis=2)
    corners = _level(np.stack([_from_top_left(quad) for quad in corners]))
    low, high = corners.reshape(-1, 2).min(axis=0), corners.reshape(-1, 2).max(axis=0)
    scaled = (corners - low) / np.maximum(high - low, 1e-9)
    return [replace(line, box=_box(quad)) for line, quad in zip(lines, scaled, strict=True)]


def likely_turns(lines: Sequence[Line]) -> tuple[int, int]:
    """The quarter turns worth trying: upright and head down, or the two on their side."""
    corners = np.array([line.corners for line in lines], dtype=np.float64)
    sizes = np.ptp(corners, axis=1)
    tall = sizes[:, 1] > 1.5 * sizes[:, 0]
    letters = np.array([len(line.text) for line in lines])
    return (1, 3) if letters[tall].sum() > letters.sum() / 2 else (0, 2)


def _from_top_left(quad: Points) -> Points:
    """The corners clockwise from the one at the top left."""
    return np.roll(quad, -int(np.argmin(quad.sum(axis=1))), axis=0)


def _level(corners: Points) -> Points:
    """Take the slope of the rows out of the heights."""
    along = (corners[:, 1] + corners[:, 2] - corners[:, 0] - corners[:, 3]) / 2
    height = np.abs(corners[:, 3, 1] - corners[:, 0, 1])
    is_long = along[:, 0] > _LONG * np.maximum(height, 1.0)
    if is_long.sum() < 3:
        return corners
    size = float(np.abs(corners).max()) or 1.0
    middles = corners.mean(axis=1)[is_long] / size
    slopes = along[is_long, 1] / along[is_long, 0]
    weights = np.sqrt(along[is_long, 0])
    terms = np.column_stack((np.ones(len(middles)), middles[:, 0], middles[:, 1]))
    fit, *_ = np.linalg.lstsq(terms * weights[:, None], slopes * weights, rcond=None)
    x, y = corners[:, :, 0] / size, corners[:, :, 1] / size
    drop = (fit[0] * x + fit[1] * x * x / 2 + fit[2] * x * y) * size
    return np.stack((corners[:, :, 0], corners[:, :, 1] - drop), axis=2)


def _box(quad: Points) -> Box:
    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
