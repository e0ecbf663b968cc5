"""PDF e-invoices: the text layer with its positions, and the QR code on the first page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from server.attachments.kinds import MAX_PAGES
from server.receipts.readers.fact import Fact, Unreadable
from server.receipts.readers.layout import fields_of
from server.receipts.readers.lines import Line
from server.receipts.readers.qr_code import qr_codes

_READ_PAGES = 3
_QR_DPI, _OCR_DPI = 200, 200
_MAX_SIDE = 4000
_FEW_LETTERS = 20
_MOST_LETTERS = 20_000
_INVISIBLE, _MOST_OF_PAGE = 3, 0.7


def read_pdf(data: bytes) -> list[Fact]:
    """The facts of a PDF. Raises Unreadable. A scan without text gives only what its QR says."""
    with _opened(data) as document:
        lines = [line for page in range(min(len(document), _READ_PAGES)) for line in _lines(document, page)]
        facts = fields_of(lines, "pdf") if _has_text(lines) and not _is_scan(document) else []
        codes = qr_codes(_drawn(document, _QR_DPI).convert("L"))
    facts = [replace(fact, confidence=1.0) if fact.confidence >= 0.8 else fact for fact in facts]
    return [*facts, *codes]


def scanned_page(data: bytes) -> Image.Image | None:
    """The first page as a picture where it has no text of its own, else None. Raises Unreadable."""
    with _opened(data) as document:
        lines = list(_lines(document, 0))
        return None if _has_text(lines) and not _is_scan(document) else _drawn(document, _OCR_DPI)


def _opened(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        is_locked = "password" in str(error).lower()
        raise Unreadable("document_locked" if is_locked else "document_broken") from error
    if not 0 < len(document) <= MAX_PAGES:
        document.close()
        raise Unreadable("document_too_large")
    return document


def _drawn(document: pdfium.PdfDocument, dpi: int) -> Image.Image:
    try:
        page = document[0]
        scale = min(dpi / 72, _MAX_SIDE / max(page.get_size()))
        picture: Image.Image = page.render(scale=scale).to_pil()
    except (pdfium.PdfiumError, ZeroDivisionError) as error:
        raise Unreadable("document_broken") from error
    return picture


def _has_text(lines: list[Line]) -> bool:
    return sum(len(line.text.strip()) for line in lines) >= _FEW_LETTERS


def _is_scan(document: pdfium.PdfDocument) -> bool:
    """Whether the first page is a picture, or holds text that nobody sees: then what is seen is what is read."""
    page = document[0]
    width, height = page.get_size()
    for item in page.get_objects(max_depth=3):
        if item.type == raw.FPDF_PAGEOBJ_TEXT and raw.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE:
            return True
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            if (right - left) * (top - bottom) > _MOST_OF_PAGE * width * height:
                return True
    return False


def _lines(document: pdfium.PdfDocument, number: int) -> Iterator[Line]:
    """The pieces of text of one page, in fractions of it, from the top left.

    Note: pieces are put together from single characters. The library's own pieces break within a word where a font
    holds only a part of the characters, as those of e-invoices do.
    """
    try:
        page = document[number]
        text = page.get_textpage()
        width, height = page.get_size()
        count = min(text.count_chars(), _MOST_LETTERS)
        letters = [_Letter(text.get_text_range(at, 1), *text.get_charbox(at, loose=True)) for at in range(count)]
    except pdfium.PdfiumError as error:
        raise Unreadable("document_broken") from error
    for piece in _pieces(letters):
        words = "".join(letter.text for letter in piece).strip()
        if words:
            left, right = min(letter.left for letter in piece), max(letter.right for letter in piece)
            top, bottom = max(letter.top for letter in piece), min(letter.bottom for letter in piece)
            yield Line(words, (left / width, 1 - top / height, right / width, 1 - bottom / height), 1.0, number)


class _Letter(NamedTuple):
    """One character and its box in points, from the bottom left of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


def _pieces(letters: Iterable[_Letter]) -> Iterator[list[_Letter]]:
    """Characters that follow each other in one row without a gap wider than they are high."""
    piece: list[_Letter] = []
    for letter in letters:
        if letter.text in ("\r", "\n", "") or letter.left == letter.right:
            continue  # the library puts spaces in where letters of one word stand a little apart
        if piece and not _follows(piece[-1], letter):
            yield piece
            piece = []
        if piece and letter.left - piece[-1].right > 0.5 * (letter.top - letter.bottom):
            piece.append(piece[-1]._replace(text=" "))
        piece.append(letter)
    if piece:
        yield piece


def _follows(one: _Letter, other: _Letter) -> bool:
    high = max(one.top - one.bottom, other.top - other.bottom)
    is_level = abs((one.top + one.bottom) - (other.top + other.bottom)) < high
    return is_level and -0.5 * high < other.left - one.right < high
