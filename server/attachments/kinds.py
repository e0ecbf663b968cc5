"""Kinds of files: what the first bytes say, and whether that agrees with what was claimed."""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
"""The pictures that are taken, with the name of the reader that may open each."""
MAX_PAGES = 20
"""An invoice with a list of goods has some pages; a document of hundreds is none."""
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OTHER_NAMES = {
    "application/zip": "application/ofd",
    "application/x-zip-compressed": "application/ofd",
    "application/vnd.ofd": "application/ofd",
    "text/xml": "application/xml",
}


def sniff(head: bytes) -> str:
    """The real type by the first bytes; `application/octet-stream` where it is none that we take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return "application/ofd"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml"):
        return "application/xml"
    return UNKNOWN


def agree(claimed: str, real: str) -> bool:
    """Whether a file may be called what it was called.

    A picture under another picture's name passes: phones and chat programs rename PNG and WebP files `.jpg`.
    """
    kind = claimed.split(";", maxsplit=1)[0].strip().lower()
    kind = _OTHER_NAMES.get(kind, kind)
    return kind in (UNKNOWN, real) or (kind.startswith("image/") and real.startswith("image/"))
