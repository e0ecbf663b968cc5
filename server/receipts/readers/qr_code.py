"""QR codes in a picture: invoices' are read, all others are left alone."""

from __future__ import annotations

from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageFilter

from server.receipts.readers.fact import Box, Fact
from server.receipts.readers.invoice_xml import qr_facts

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_LARGE = 1600
_SMALL = 1000


def qr_codes(picture: Image.Image) -> list[Fact]:
    """The facts of the first invoice's QR in a grey picture.

    A code that is not found at once is looked for again in a larger and sharper picture: a photo of a whole page has
    codes of 60 pixels.
    """
    for attempt in _attempts(picture):
        for code in zxingcpp.read_barcodes(attempt, formats=_QR):
            facts = list(qr_facts(code.text, box=_box(code.position, attempt)))
            if facts:
                return facts
    return []


def _attempts(picture: Image.Image) -> Iterator[Image.Image]:
    yield picture
    side = max(picture.size)
    if side > _LARGE:
        yield picture.resize((picture.width * _LARGE // side, picture.height * _LARGE // side), Image.Resampling.BOX)
    factor = 2 if side <= 2 * _SMALL else 1.5
    larger = picture.resize((int(picture.width * factor), int(picture.height * factor)), Image.Resampling.BICUBIC)
    yield larger.filter(ImageFilter.UnsharpMask(3, 200, 2))


def _box(position: zxingcpp.Position, picture: Image.Image) -> Box:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    xs, ys = [corner.x / picture.width for corner in corners], [corner.y / picture.height for corner in corners]
    return min(xs), min(ys), max(xs), max(ys)
