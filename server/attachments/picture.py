"""What is made of a picture: its fingerprint, which two saves of it nearly share, and its smaller forms."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

NEAR = 3
"""Bits by which two saves of one picture may differ; with four bands of 16 bits, one band is then the same."""
SMALL = (200, 200)
"""No preview is wider or higher."""
SMALL_BYTES = 4096
_SIDE = 8
_PAPER = (255, 255, 255)
_SMALLER = ((200, 60), (200, 30), (200, 10), (120, 10))
"""Sides and qualities, in the order in which they are tried until a preview is small enough."""


def fingerprint(picture: Image.Image) -> str:
    """A difference hash of 64 bits as 16 hexadecimal digits: is each of 8 x 8 spots brighter than the next?

    Empty for a picture of one colour: all of these are alike, and it means nothing.
    """
    small = picture.convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.LANCZOS)
    pixels = small.tobytes()
    bits = 0
    for row in range(_SIDE):
        for column in range(_SIDE):
            here = row * (_SIDE + 1) + column
            bits = bits << 1 | (pixels[here] > pixels[here + 1])
    return f"{bits:016x}" if bits else ""


def on_paper(picture: Image.Image) -> Image.Image:
    """The picture upright and in full colour; what is transparent shows paper, since a signature is ink on nothing."""
    upright = ImageOps.exif_transpose(picture)
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    layer = upright.convert("RGBA")
    paper = Image.new("RGBA", layer.size, (*_PAPER, 255))
    paper.alpha_composite(layer)
    return paper.convert("RGB")


def small_webp(picture: Image.Image) -> bytes:
    """The preview of a picture as WebP, without what the camera noted. The picture given is made smaller on the way."""
    if picture.mode in ("1", "P"):  # these have no colours between two others
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail(SMALL)
    shown = on_paper(picture)
    data = b""
    for side, quality in _SMALLER:
        shown.thumbnail((side, side))
        made = io.BytesIO()
        shown.save(made, "WEBP", quality=quality)
        data = made.getvalue()
        if len(data) <= SMALL_BYTES:
            break
    return data


def bands(mark: str) -> dict[str, int | None]:
    """The four parts by which a near fingerprint is found."""
    return {f"band_{number}": int(mark[number * 4 : number * 4 + 4], 16) if mark else None for number in range(4)}
