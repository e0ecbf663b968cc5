"""Files that a stranger sends to break a reader, or that merely came to harm on the way.

Each function gives bytes; ALL names them with the media type under which they arrive.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

from PIL import Image, ImageDraw

from tests.documents.make import KINDS, make
from tests.documents.ofd import packed
from tests.documents.page import Page, Qr, Text
from tests.documents.pdf import pdf
from tests.documents.raster import draw, jpeg, png

QR_TEXTS = {
    "html": '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "long": "01,32,," + "9" * 1017,
    "sql": "01,32,,'; DROP TABLE receipts;--,1.00,20261110,,ABCD",
    "newlines": "01,32,,26332000000000000001\n,300.00\r\n,20261110,,74AE",
    "link": "https://pay.example.invalid/?amount=30000&to=someone",
    "formula": '=HYPERLINK("https://example.invalid","01,32,,26332000000000000001")',
    "spread": "01,32,,２６３３２００００００００００００００１,300.00,20261110,,74AE",
    "negative": "01,32,,26332000000000000001,-300.00,20261110,,74AE",
    "endless": "01,32,,26332000000000000001,1e999,20261110,,74AE",
}
_LINE = Page(210, 140, (Text(20, 20, "样例 SPECIMEN"),))


def truncated(kind: str, share: float = 0.6, seed: int = 1) -> bytes:
    """A document whose end was lost."""
    data = make(kind, seed).data
    return data[: int(len(data) * share)]


def mistyped(kind: str, seed: int = 1) -> bytes:
    """A right document that will arrive under another type."""
    return make(kind, seed).data


def encrypted_pdf() -> bytes:
    """Needs a password to be opened."""
    return pdf(_LINE, password="unknown")


def long_pdf(pages: int = 300) -> bytes:
    """Very many pages."""
    return pdf(_LINE, pages=pages)


def ofd_of_many(entries: int = 100_000) -> bytes:
    """Very many files in one package."""
    return packed({"OFD.xml": "<OFD/>"} | {f"Doc_0/Attachs/{number}.xml": "<a/>" for number in range(entries)})


def ofd_with_paths() -> bytes:
    """Names that lead out of any folder."""
    names = ("../../outside.xml", "/etc/outside.xml", "Doc_0/..\\..\\outside.xml", "C:/outside.xml")
    return packed({"OFD.xml": "<OFD/>"} | dict.fromkeys(names, "<eInvoice/>"))


def ofd_bomb(megabytes: int = 300) -> bytes:
    """Small when packed, and large when not."""
    return packed({"OFD.xml": "<OFD/>", "Doc_0/Attachs/original_invoice.xml": b" " * (megabytes << 20)})


def xml_of_entities() -> bytes:
    """Ten to the ninth laughs, in under a kilobyte."""
    names = [f"l{level}" for level in range(10)]
    inner = [f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)]
    return ('<?xml version="1.0"?><!DOCTYPE EInvoice [<!ENTITY l0 "ha">' + "".join(inner) + "]>"
            "<EInvoice><Header><EIid>&l9;</EIid></Header></EInvoice>").encode()  # fmt: skip


def xml_with_file() -> bytes:
    """Asks the reader for one of its own files."""
    return (b'<?xml version="1.0"?><!DOCTYPE EInvoice [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
            b"<EInvoice><Header><EIid>&f;</EIid></Header></EInvoice>")  # fmt: skip


def xml_with_link() -> bytes:
    """Asks the reader to fetch a grammar."""
    return b'<?xml version="1.0"?><!DOCTYPE EInvoice SYSTEM "http://example.invalid/e.dtd"><EInvoice/>'


def deep_xml(levels: int = 100_000) -> bytes:
    """Elements within elements."""
    return b"<EInvoice>" + b"<a>" * levels + b"</a>" * levels + b"</EInvoice>"


def vast_picture(width: int = 20_000, height: int = 10_000) -> bytes:
    """A white PNG of 200 megapixels in some tens of kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (width // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part) for part in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )


def qr_picture(name: str) -> bytes:
    """A picture of a QR code that holds one of QR_TEXTS."""
    return png(draw(Page(140, 140, (Qr(20, 20, 100, QR_TEXTS[name]),)), 8))


def cat() -> bytes:
    """An animal; no text, no code."""
    picture = Image.new("RGB", (1200, 900), (168, 190, 150))
    brush = ImageDraw.Draw(picture)
    brush.ellipse((350, 420, 900, 860), (120, 96, 78))
    brush.ellipse((420, 180, 760, 500), (132, 106, 86))
    for x in (430, 640):
        brush.polygon([(x, 290), (x + 30, 120), (x + 120, 230)], (132, 106, 86))
        brush.ellipse((x + 40, 290, x + 90, 340), (70, 130, 60))
    for y in (390, 410, 430):
        brush.line((320, y, 540, 400), (30, 30, 30), 3)
        brush.line((860, y, 640, 400), (30, 30, 30), 3)
    brush.arc((860, 400, 1080, 800), 180, 20, (120, 96, 78), 40)
    return jpeg(picture, 80)


def blank() -> bytes:
    """Nothing but white."""
    return png(Image.new("RGB", (1600, 1200), (255, 255, 255)))


def program() -> bytes:
    """A program's first bytes."""
    return b"MZ\x90\x00\x03\x00\x00\x00" + bytes(2000)


_TYPES = {"xml": "application/xml", "ofd": "application/ofd", "pdf": "application/pdf", "picture": "image/png"}
_WRONG_TYPES = {"xml": "application/ofd", "ofd": "application/pdf", "pdf": "image/jpeg", "picture": "application/xml"}


def _of_kinds() -> Iterator[tuple[str, tuple[str, Callable[[], bytes]]]]:
    for kind in KINDS:
        form = kind.split("-")[1]
        yield f"truncated {kind}", (_TYPES[form], partial(truncated, kind))
        yield f"mistyped {kind}", (_WRONG_TYPES[form], partial(mistyped, kind))


ALL: dict[str, tuple[str, Callable[[], bytes]]] = {
    **dict(_of_kinds()),
    **{f"qr {name}": ("image/png", partial(qr_picture, name)) for name in QR_TEXTS},
    "encrypted pdf": ("application/pdf", encrypted_pdf),
    "long pdf": ("application/pdf", long_pdf),
    "ofd of many": ("application/ofd", ofd_of_many),
    "ofd with paths": ("application/ofd", ofd_with_paths),
    "ofd bomb": ("application/ofd", ofd_bomb),
    "xml of entities": ("application/xml", xml_of_entities),
    "xml with file": ("application/xml", xml_with_file),
    "xml with link": ("application/xml", xml_with_link),
    "deep xml": ("application/xml", deep_xml),
    "vast picture": ("image/png", vast_picture),
    "cat": ("image/jpeg", cat),
    "blank": ("image/png", blank),
    "program": ("application/pdf", program),
    "empty xml": ("application/xml", bytes),
    "empty picture": ("image/jpeg", bytes),
}
"""Every hostile file by name: the media type it claims, and how to make it."""


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
