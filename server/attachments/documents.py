"""Whether a document that a stranger sent is one at all: XML and OFD (GB/T 33190: a zip with OFD.xml in it)."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.parsers import expat

_MAX_ENTRIES, _MAX_UNPACKED = 500, 50 * 1024 * 1024
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    EOFError,
)
"""What opening and reading a broken zip may raise."""
_MAX_ROOT = 1024 * 1024
TWO_BYTES = re.compile(rb"""^\s*<\?xml[^>]{0,80}?encoding\s*=\s*["'](gbk|gb2312|gb18030)["']""", re.IGNORECASE)
_PAGES = {"html", "svg", "script"}


class _Refused(Exception):
    pass


def xml_verdict(data: bytes) -> str:
    """Empty for XML that can be read, else a code. It may neither declare entities nor be a page or a drawing."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    parser = expat.ParserCreate()
    names = TWO_BYTES.match(data)
    try:
        if names:  # the parser knows no encoding of two bytes, and e-invoices come in these
            data = data.decode("gb18030").encode()
            parser = expat.ParserCreate("utf-8")
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = _Elements()
        parser.Parse(data, True)
    except _Refused as refused:
        return str(refused)
    except (expat.ExpatError, ValueError):
        return "document_broken"
    return ""


def ofd_verdict(path: Path) -> str:
    """Empty for an OFD that can be unpacked without harm, else a code."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if "OFD.xml" not in names:
                return "type_not_allowed"
            if is_bomb(entries) or any(leads_out(name) for name in names):
                return "document_not_allowed"
            with archive.open("OFD.xml") as root:
                return xml_verdict(root.read(_MAX_ROOT))
    except ZIP_ERRORS:
        return "document_broken"


def is_bomb(entries: list[zipfile.ZipInfo]) -> bool:
    """Whether a zip has more files, or would unpack to more bytes, than a document ever does."""
    return len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_UNPACKED


def leads_out(name: str) -> bool:
    """Whether a name in a zip points outside the folder that it would be unpacked to."""
    return name.startswith("/") or ".." in re.split(r"[/\\]", name)


def _refuse_doctype(*_declaration: object) -> None:
    raise _Refused("document_not_allowed")


class _Elements:
    """Looks at the first element only."""

    def __init__(self) -> None:
        self.is_first = True

    def __call__(self, name: str, _attributes: object) -> None:
        if self.is_first and name.rpartition(":")[2].lower() in _PAGES:
            raise _Refused("type_not_allowed")
        self.is_first = False
