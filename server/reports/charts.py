"""Figures as bars: where each is drawn. The template draws them; the table under each chart says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.reports.figures import Figure

WIDTH = 520.0
_LABEL = 200.0
_VALUE = 110.0
_ROW = 30.0
_BAR = 18.0
_MOST_ROWS = 12
_HEIGHT = 220.0
_FOOT = 26.0


@dataclass(frozen=True)
class Bar:
    """One bar of a chart."""

    figure: Figure
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Bars side by side, or one below the other, in a drawing of this size."""

    width: float
    height: float
    bars: list[Bar]
    is_upright: bool = False


def rows(figures: Sequence[Figure]) -> Chart:
    """The largest figures as bars one below the other."""
    shown = figures[:_MOST_ROWS]
    most = max((figure.minor for figure in shown), default=0) or 1
    room = WIDTH - _LABEL - _VALUE
    bars = [
        Bar(figure, _LABEL, number * _ROW + (_ROW - _BAR) / 2, round(max(figure.minor, 0) / most * room, 1), _BAR)
        for number, figure in enumerate(shown)
    ]
    return Chart(WIDTH, max(len(shown), 1) * _ROW, bars)


def columns(figures: Sequence[Figure]) -> Chart:
    """Figures in their order as bars side by side, as months are read."""
    most = max((figure.minor for figure in figures), default=0) or 1
    step = WIDTH / max(len(figures), 6)
    room = _HEIGHT - _FOOT - 20
    bars = []
    for number, figure in enumerate(figures):
        height = round(max(figure.minor, 0) / most * room, 1)
        bars.append(
            Bar(figure, round(number * step + step * 0.15, 1), _HEIGHT - _FOOT - height, round(step * 0.7, 1), height)
        )
    return Chart(WIDTH, _HEIGHT, bars, is_upright=True)
