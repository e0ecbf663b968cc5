"""Lines of text with their places on a page: what a PDF's text layer and the recognition of a picture both give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from server.receipts.readers.fact import Box


@dataclass(frozen=True)
class Line:
    """A piece of text that stands together.

    `box` is in fractions of the straightened page. `confidence` is 1 for a text layer. Of a picture, `spot` is the box
    in the picture as it is, `corners` are the four corners there in pixels, and `same_twice` says whether a second
    recognition found the same (None: not asked).
    """

    text: str
    box: Box
    confidence: float = 1.0
    page: int = 0
    spot: Box | None = None
    corners: tuple[tuple[float, float], ...] = ()
    same_twice: bool | None = None

    @property
    def left(self) -> float:
        return self.box[0]

    @property
    def right(self) -> float:
        return self.box[2]

    @property
    def middle(self) -> float:
        """The height at which its middle lies."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]

    def part(self, match: re.Match[str]) -> Line:
        """The part of the line that a pattern found, its box cut to it by the number of characters."""
        start, end = match.span()
        whole = max(1, len(self.text))
        width = self.right - self.left
        box = (self.left + width * start / whole, self.box[1], self.left + width * end / whole, self.box[3])
        return replace(self, text=match[0], box=box)


def in_reading_order(lines: Iterable[Line]) -> list[Line]:
    """From the top down, and in a row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.page, line.middle)):
        if rows and rows[-1][0].page == line.page and same_row(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.left)]


def same_row(one: Line, other: Line) -> bool:
    """Whether two lines stand beside each other."""
    return one.page == other.page and abs(one.middle - other.middle) < 0.6 * max(one.height, other.height)


def join(lines: Sequence[Line], text: str) -> Line:
    """One line in the place of several, with another text; as sure as the least sure of them."""
    spots = [line.spot for line in lines if line.spot]
    sure = min(line.confidence for line in lines)
    spot = _around(spots) if spots else None
    return replace(lines[0], text=text, box=_around([line.box for line in lines]), spot=spot, confidence=sure)


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def after_label(lines: Sequence[Line], label: re.Pattern[str], value: re.Pattern[str]) -> list[Line]:
    """The values that stand after a label: in its own line, else next to the right, else right below it."""
    found = []
    for line in lines:
        match = label.search(line.text)
        if not match:
            continue
        rest = value.search(line.text, match.end())
        if rest and not line.text[match.end() : rest.start()].strip(" :："):
            found.append(line.part(rest))
            continue
        near = _beside(lines, line) or _below(lines, line)
        wanted = value.search(near.text) if near else None
        if near and wanted:
            found.append(near.part(wanted))
    return found


def _beside(lines: Sequence[Line], label: Line) -> Line | None:
    right = [line for line in lines if line is not label and same_row(line, label) and line.left >= label.right - 0.01]
    return min(right, key=lambda line: line.left, default=None)


def _below(lines: Sequence[Line], label: Line) -> Line | None:
    reach = 2.5 * label.height
    under = [
        line
        for line in lines
        if line.page == label.page and 0 < line.middle - label.middle < reach and abs(line.left - label.left) < 0.05
    ]
    return min(under, key=lambda line: line.middle, default=None)
