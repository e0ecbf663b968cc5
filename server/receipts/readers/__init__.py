"""Readers: bytes in, facts out. One for each form in which a receipt comes.

A document may have several readers: of a picture the QR code is read at once, its text after that. Each reader has a
version; a document that an older version has read is read again by the newer one, and both readings are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from server.attachments.kinds import PICTURES
from server.receipts.readers.fact import Fact, Reading, Unreadable
from server.receipts.readers.places import with_places

__all__ = ["READERS", "Fact", "Reading", "Unreadable", "read", "read_by", "readers_of"]

_QR_SIDE = 3000
_PICTURES = frozenset(PICTURES)


@dataclass(frozen=True)
class Reader:
    """One way to read documents of some types. `look` raises Unreadable; None means there is nothing for it to do."""

    name: str
    version: str
    media_types: frozenset[str]
    look: Callable[[bytes, str], list[Fact] | None]


def _xml(data: bytes, _media_type: str) -> list[Fact]:
    from server.receipts.readers.invoice_xml import invoice_facts
    from server.receipts.readers.markup import parse

    return invoice_facts(parse(data), "xml")


def _ofd(data: bytes, _media_type: str) -> list[Fact]:
    from server.receipts.readers.ofd import read_ofd

    return read_ofd(data)


def _pdf(data: bytes, _media_type: str) -> list[Fact]:
    from server.receipts.readers.pdf import read_pdf

    return read_pdf(data)


def _picture(data: bytes, media_type: str) -> list[Fact]:
    from server.receipts.readers.picture import camera_facts, open_picture
    from server.receipts.readers.qr_code import qr_codes

    found = qr_codes(open_picture(data, media_type, _QR_SIDE).convert("L"))
    return [*found, *camera_facts(data, media_type)]


def _print(data: bytes, media_type: str) -> list[Fact] | None:
    from server.receipts.readers.pdf import scanned_page
    from server.receipts.readers.picture import open_picture
    from server.receipts.readers.printed import read_printed
    from server.receipts.readers.recognition import OPENED_SIDE

    if media_type == "application/pdf":
        page = scanned_page(data)
        return read_printed(page) if page else None
    return read_printed(open_picture(data, media_type, OPENED_SIDE))


READERS = (
    Reader("xml", "2", frozenset({"application/xml"}), _xml),
    Reader("ofd", "2", frozenset({"application/ofd"}), _ofd),
    Reader("pdf", "1", frozenset({"application/pdf"}), _pdf),
    Reader("picture", "1", _PICTURES, _picture),
    Reader("print", "1", _PICTURES | {"application/pdf"}, _print),
)
"""All readers, the quick ones first. They load their libraries when they are first used."""


def readers_of(media_type: str) -> list[Reader]:
    """The readers for a type, in the order in which they are to be asked."""
    return [reader for reader in READERS if media_type in reader.media_types]


def read_by(name: str, data: bytes, media_type: str) -> Reading | None:
    """What one reader finds; None where the document has nothing for it. Raises Unreadable."""
    reader = next(reader for reader in READERS if reader.name == name)
    found = reader.look(data, media_type)
    if found is None:
        return None
    facts = with_places([fact.masked() for fact in _once(found)])
    return Reading(reader.name, reader.version, tuple(facts))


def read(data: bytes, media_type: str) -> Reading:
    """What all readers of a type find together. Raises Unreadable where none of them finds anything."""
    facts: list[Fact] = []
    errors: list[Unreadable] = []
    for reader in readers_of(media_type):
        try:
            found = read_by(reader.name, data, media_type)
        except Unreadable as error:
            errors.append(error)
            continue
        facts += found.facts if found else ()
    if not facts:
        raise errors[0] if errors else Unreadable("document_unknown")
    return Reading("all", "", tuple(with_places(facts)))


def _once(facts: list[Fact]) -> list[Fact]:
    """Each fact once: where it stands several times, the surest."""
    kept: dict[tuple[str, str, str, int], Fact] = {}
    for fact in sorted(facts, key=lambda fact: -fact.confidence):
        kept.setdefault((fact.kind, fact.value, fact.source, fact.leg), replace(fact, value=fact.value[:1000]))
    order = {id(fact): at for at, fact in enumerate(facts)}
    return sorted(kept.values(), key=lambda fact: order.get(id(fact), 0))
