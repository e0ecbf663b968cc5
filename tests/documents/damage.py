"""What befalls a QR code on paper, so that no reader can have it."""

from __future__ import annotations

from random import Random
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter

from tests.documents.page import Page, Qr

Damage = Literal["absent", "stained", "scribbled", "torn", "thumb"]
DAMAGES: tuple[Damage, ...] = ("absent", "stained", "scribbled", "torn", "thumb")
_COVERS = {"stained": (92, 66, 42), "thumb": (206, 160, 138)}


def without_qr(page: Page) -> Page:
    """The page as if no code had been printed."""
    return Page(page.width, page.height, tuple(s for s in page.strokes if not isinstance(s, Qr)), page.paper)


def spoil(picture: Image.Image, page: Page, scale: float, damage: Damage, random: Random) -> Image.Image:
    """The drawn page (RGBA) with its code covered, scribbled over or torn off with its corner."""
    code = page.qr
    if code is None or damage == "absent":
        return picture
    left, top, side = code.x * scale, code.y * scale, code.size * scale
    if damage == "torn":
        return _torn(picture, left + side * 1.15, top + side * 1.1, random)
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    brush = ImageDraw.Draw(layer)
    if damage == "scribbled":
        points = [(left + random.uniform(-0.1, 1.1) * side, top + random.uniform(-0.1, 1.1) * side) for _ in range(60)]
        brush.line(points, (24, 28, 96, 255), max(round(side / 16), 3), "curve")
        return Image.alpha_composite(picture, layer)
    middle = left + side * random.uniform(0.35, 0.6), top + side * random.uniform(0.35, 0.6)
    reach = side * random.uniform(0.5, 0.65)
    brush.ellipse(
        (middle[0] - reach, middle[1] - reach, middle[0] + reach * 1.2, middle[1] + reach), (*_COVERS[damage], 246)
    )
    return Image.alpha_composite(picture, layer.filter(ImageFilter.GaussianBlur(side / 40)))


def _torn(picture: Image.Image, width: float, height: float, random: Random) -> Image.Image:
    """Without the upper left corner, along a ragged edge."""
    edge = [(width * part * 1.5, height * (1 - part) * 1.5) for part in (0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1)]
    edge = [(x + random.uniform(-0.03, 0.03) * width, y + random.uniform(-0.03, 0.03) * height) for x, y in edge]
    keep = Image.new("L", picture.size, 255)
    ImageDraw.Draw(keep).polygon([(-1, -1), (-1, edge[0][1]), *edge[1:-1], (edge[-1][0], -1)], 0)
    picture.putalpha(keep)
    return picture
