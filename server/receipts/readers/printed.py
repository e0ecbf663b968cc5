"""A photographed or scanned receipt: its lines recognised, turned the way that makes most sense of them, and read."""

from __future__ import annotations

from PIL import Image

from server.receipts.readers.fact import Fact, Unreadable
from server.receipts.readers.layout import fields_of, is_upright
from server.receipts.readers.recognition import recognise
from server.receipts.readers.straighten import likely_turns, straightened

_FEW_LINES = 3


def read_printed(picture: Image.Image) -> list[Fact]:
    """The facts in an upright or turned picture. Raises Unreadable(`no_text_found`)."""
    lines = recognise(picture)
    if len(lines) < _FEW_LINES:
        raise Unreadable("no_text_found")
    ways = [straightened(lines, turns) for turns in likely_turns(lines)]
    readings = [(is_upright(way), fields_of(way, "ocr")) for way in ways]
    _, best = max(readings, key=lambda reading: (reading[0], sum(fact.confidence for fact in reading[1])))
    if not best:
        raise Unreadable("no_text_found")
    return best
