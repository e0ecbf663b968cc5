"""Fingerprints of pictures: two saves of one picture have nearly the same one."""

from __future__ import annotations

from PIL import Image

NEAR = 3
"""Bits by which two saves of one picture may differ; with four bands of 16 bits, one band is then the same."""
_SIDE = 8


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


def bands(mark: str) -> dict[str, int | None]:
    """The four parts by which a near fingerprint is found."""
    return {f"band_{number}": int(mark[number * 4 : number * 4 + 4], 16) if mark else None for number in range(4)}
