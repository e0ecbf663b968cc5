"""A page as a picture, and a picture as a file."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import segno
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.documents.fonts import font
from tests.documents.page import ArcText, Area, Line, Oval, Page, Qr, Text

_DOTS = 8
"""Dots of a slip printer's head to a millimetre."""


@dataclass(frozen=True)
class Wear:
    """What became of a slip's print: share lost at top and bottom, millimetres off, dots that never print."""

    fade: tuple[float, float] = (0.0, 0.0)
    offset: tuple[float, float] = (0.0, 0.0)
    dead_columns: tuple[float, ...] = ()


def draw(page: Page, scale: float, *, pale: float = 0.0, wear: Wear | None = None) -> Image.Image:
    """The page at so many pixels to a millimetre.

    `pale` is how much the office printer's toner lacks, 0 to 1; `wear` how a slip's thermal print has suffered.
    """
    picture = Image.new("RGB", (round(page.width * scale), round(page.height * scale)), page.paper)
    brush = ImageDraw.Draw(picture)
    for stroke in page.strokes:
        match stroke:
            case Line():
                ends = (stroke.x1 * scale, stroke.y1 * scale, stroke.x2 * scale, stroke.y2 * scale)
                brush.line(ends, stroke.colour, max(round(stroke.width * scale), 1))
            case Area():
                corner = (stroke.x * scale, stroke.y * scale)
                brush.rectangle(
                    (*corner, corner[0] + stroke.width * scale, corner[1] + stroke.height * scale), stroke.colour
                )
            case Oval():
                box = [(stroke.x - stroke.rx), (stroke.y - stroke.ry), (stroke.x + stroke.rx), (stroke.y + stroke.ry)]
                brush.ellipse([side * scale for side in box], None, stroke.colour, max(round(stroke.width * scale), 1))
            case ArcText():
                _arc(picture, stroke, scale)
            case Qr():
                picture.paste(*_qr(stroke, scale))
            case Text(is_thermal=False):
                _text(brush, stroke, scale)
    slip = [stroke for stroke in page.strokes if isinstance(stroke, Text) and stroke.is_thermal]
    if slip:
        return _thermal(picture, page, slip, wear or Wear())
    return Image.blend(picture, Image.new("RGB", picture.size, page.paper), pale) if pale else picture


def qr_matrix(text: str) -> list[list[bool]]:
    """The modules of a QR code at error level M, at least version 4, as on the samples; true is dark."""
    code = segno.make(text, error="m", boost_error=False, micro=False)
    if int(code.version) < 4:
        code = segno.make(text, error="m", boost_error=False, version=4)
    return [[bool(module) for module in row] for row in code.matrix]


def qr_picture(text: str, pixels: int) -> Image.Image:
    """A QR code without its quiet zone, so many pixels wide."""
    small = Image.fromarray((~np.array(qr_matrix(text))).astype(np.uint8) * 255)
    return small.resize((pixels, pixels), Image.Resampling.NEAREST)


def png(picture: Image.Image) -> bytes:
    """The bytes of a PNG."""
    return _saved(picture, "PNG")


def jpeg(picture: Image.Image, quality: int, exif: Image.Exif | None = None) -> bytes:
    """The bytes of a JPEG."""
    return _saved(picture, "JPEG", quality=quality, **({"exif": exif} if exif else {}))


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _qr(stroke: Qr, scale: float) -> tuple[Image.Image, tuple[int, int]]:
    return qr_picture(stroke.text, round(stroke.size * scale)), (round(stroke.x * scale), round(stroke.y * scale))


def _text(brush: ImageDraw.ImageDraw, stroke: Text, scale: float) -> None:
    face = font(stroke.face, round(stroke.size * scale))
    anchor = {"left": "ls", "middle": "ms", "right": "rs"}[stroke.align]
    base = (stroke.y + stroke.size * 0.88) * scale
    if not stroke.pitch:
        brush.text((stroke.x * scale, base), stroke.text, stroke.colour, face, anchor)
        return
    for place, character in enumerate(stroke.text):
        brush.text(((stroke.x + stroke.pitch * place) * scale, base), character, stroke.colour, face, "ls")


def _arc(picture: Image.Image, stroke: ArcText, scale: float) -> None:
    face = font(stroke.face, round(stroke.size * scale))
    side = round(stroke.size * scale * 2)
    for character, (x, y, angle) in zip(stroke.text, arc_places(stroke), strict=True):
        glyph = Image.new("L", (side, side), 0)
        ImageDraw.Draw(glyph).text((side / 2, side / 2), character, 255, face, "mm")
        turned = glyph.rotate(-angle, Image.Resampling.BICUBIC)
        corner = (round(x * scale - side / 2), round(y * scale - side / 2))
        picture.paste(stroke.colour, (*corner, corner[0] + side, corner[1] + side), turned)


def arc_places(stroke: ArcText) -> list[tuple[float, float, float]]:
    """Where each character of a seal stands: middle x, middle y, and its turn clockwise in degrees."""
    steps = max(len(stroke.text) - 1, 1)
    places = []
    for index in range(len(stroke.text)):
        degrees = stroke.start + (stroke.end - stroke.start) * index / steps
        angle = math.radians(degrees)
        x, y = stroke.x + stroke.rx * math.cos(angle), stroke.y + stroke.ry * math.sin(angle)
        normal = math.degrees(math.atan2(stroke.rx * math.sin(angle), stroke.ry * math.cos(angle)))
        places.append((x, y, normal - 90 if stroke.is_below else normal + 90))
    return places


def _thermal(picture: Image.Image, page: Page, slip: list[Text], wear: Wear) -> Image.Image:
    """Print by dots: no grey edges, a little spread by heat, paler with age, and set a little off its form."""
    dots = Image.new("1", (round(page.width * _DOTS), round(page.height * _DOTS)), 0)
    brush = ImageDraw.Draw(dots)
    brush.fontmode = "1"
    for stroke in slip:
        face = font(stroke.face, round(stroke.size * _DOTS))
        anchor = {"left": "ls", "middle": "ms", "right": "rs"}[stroke.align]
        x, y = stroke.x + wear.offset[0], stroke.y + wear.offset[1] + stroke.size * 0.88
        brush.text((x * _DOTS, y * _DOTS), stroke.text, 1, face, anchor)
    for column in wear.dead_columns:
        brush.line((column * dots.width, 0, column * dots.width, dots.height), 0)
    spread = dots.convert("L").resize(picture.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6))
    left = np.linspace(1 - wear.fade[0], 1 - wear.fade[1], picture.height)[:, None]
    strength = Image.fromarray((np.asarray(spread) * left).astype(np.uint8))
    ink = Image.new("RGB", picture.size, (38, 36, 52))
    return Image.composite(ImageChops.multiply(picture, ink), picture, strength)
