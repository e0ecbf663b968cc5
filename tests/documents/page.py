"""A drawn page, in millimetres from its upper left corner. The same strokes become a picture, a PDF or an OFD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.documents.fonts import Face

Colour = tuple[int, int, int]

BLACK: Colour = (20, 20, 22)
RED: Colour = (128, 0, 0)
BROWN: Colour = (156, 82, 35)
SEAL: Colour = (230, 22, 28)
GREY: Colour = (110, 110, 110)


@dataclass(frozen=True)
class Text:
    """A line of text. `x` is its left, middle or right by `align`, `y` its top; `size` the height of the type.

    `pitch` sets each character that far from the last. `field` names it for an OFD's tags. Thermal text is printed by a
    slip printer, in dots of an eighth of a millimetre.
    """

    x: float
    y: float
    text: str
    size: float = 3.175
    colour: Colour = BLACK
    face: Face = "song"
    align: Literal["left", "middle", "right"] = "left"
    pitch: float = 0
    field: str = ""
    is_thermal: bool = False


@dataclass(frozen=True)
class Line:
    """A rule."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float = 0.25
    colour: Colour = RED


@dataclass(frozen=True)
class Oval:
    """An ellipse around a middle; without a width it is filled."""

    x: float
    y: float
    rx: float
    ry: float
    width: float = 0.4
    colour: Colour = SEAL


@dataclass(frozen=True)
class Area:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True)
class ArcText:
    """Text along an ellipse, as on a seal, from one angle to another (degrees, 0 at the right, clockwise)."""

    x: float
    y: float
    rx: float
    ry: float
    text: str
    size: float
    start: float
    end: float
    colour: Colour = SEAL
    face: Face = "song"

    @property
    def is_below(self) -> bool:
        """Whether it runs along the lower half, where characters stand on the inside."""
        return self.start > self.end


@dataclass(frozen=True)
class Qr:
    """A QR code, `size` wide without its quiet zone."""

    x: float
    y: float
    size: float
    text: str


Stroke = Text | Line | Oval | Area | ArcText | Qr


@dataclass(frozen=True)
class Page:
    """A page and its strokes, in the order in which they are drawn."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    paper: Colour = (255, 255, 255)

    @property
    def qr(self) -> Qr | None:
        """The QR code on it."""
        return next((stroke for stroke in self.strokes if isinstance(stroke, Qr)), None)


def seal(x: float, y: float, place: str, size: float = 15) -> list[Stroke]:
    """The oval of the tax bureaux around a middle, `size` to each side."""
    tall = size * 2 / 3
    return [
        Oval(x, y, size, tall, size / 20),
        Oval(x, y, size * 0.9, tall * 0.88, size / 100),
        ArcText(x, y, size * 0.76, tall * 0.66, "全国统一发票监制章", size * 0.14, 196, 344),
        Text(x, y - size * 0.08, "国家税务总局", size * 0.15, SEAL, align="middle"),
        ArcText(x, y, size * 0.76, tall * 0.68, f"{place}税务局", size * 0.14, 136, 44),
    ]


def stamp(x: float, y: float, name: str, tax_id: str) -> list[Stroke]:
    """A seller's oval stamp of 40 x 30 mm around a middle, as on paper receipts and older e-invoices."""
    return [
        Oval(x, y, 20, 15, 0.8),
        ArcText(x, y, 16.6, 11.8, name, 3.3 if len(name) < 18 else 2.7, 160, 380),
        Text(x, y - 1.5, tax_id, 2.8, SEAL, "hei", "middle"),
        Text(x, y + 5.5, "发票专用章", 3.4, SEAL, "song", "middle"),
    ]
