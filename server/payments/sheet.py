"""A4 pages: headings, values, tables and pictures, with a title, a footer and "page 3 of 9" on each.

Texts are data: no mark-up in them is obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, TableStyle

from server.paper import han

_MARGIN = 14 * mm
_WIDTH, _HEIGHT = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN
_CAPTION = 14 * mm
_INK, _SOFT, _LINE = colors.HexColor("#1c2430"), colors.HexColor("#56606e"), colors.HexColor("#c9d0d8")
_GROUND = colors.HexColor("#eef1f4")
_CJK_FROM = "\u2e80"


class Sheet:
    """The paper of one document. `page_words` words the number of a page among all."""

    def __init__(self, title: str, footer: str, page_words: Callable[[int, int], str]) -> None:
        self.title, self.footer, self.page_words = title, footer, page_words

    def write(self, file: IO[bytes], parts: Iterable[Flowable]) -> None:
        """Lay the parts out and write the PDF."""
        document = SimpleDocTemplate(
            file,
            pagesize=A4,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN,
            title=self.title,
            author="Fieldclaim",
        )
        document.build(list(parts), canvasmaker=partial(_Canvas, self))

    def heading(self, text: str, level: int) -> Flowable:
        """A heading of level 1 or 2."""
        return _paragraph(text, {1: 17, 2: 12}[level], after=2 * mm, keep=True)

    def text(self, text: str) -> Flowable:
        """A paragraph."""
        return _paragraph(text, 8.5, after=2 * mm)

    def values(self, pairs: Iterable[tuple[str, Any]]) -> Flowable:
        """Names and values; those without a value are left out."""
        rows = [[name, str(value)] for name, value in pairs if value]
        return self.table(rows, [42, 140], is_plain=True)

    def table(
        self,
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        numbers: Sequence[int] = (),
        is_plain: bool = False,
    ) -> Flowable:
        """A table of texts, its header again on each page. `widths` in mm; `numbers` are columns set to the right."""
        cells = [
            [_paragraph(text, 8, right=at in numbers, soft=is_plain and at == 0) for at, text in enumerate(row)]
            for row in rows
        ]
        style: list[Any] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
        style += [("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3)]
        if not is_plain:
            style += [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE), ("BACKGROUND", (0, 0), (-1, 0), _GROUND)]
        scale = _WIDTH / (sum(widths) * mm)
        table = LongTable(
            cells or [[""]], [width * mm * scale for width in widths], repeatRows=0 if is_plain else 1, splitInRow=1
        )
        table.setStyle(TableStyle(style))
        table.spaceAfter = 3 * mm
        table.hAlign = "LEFT"
        return table


class Picture(Flowable):  # type: ignore[misc] # reportlab has no types
    """A JPEG on a page of its own, as large as fits. Its bytes go into the file as they are."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        with Image.open(path, formats=["JPEG"]) as picture:
            wide, high = picture.size
        scale = min(_WIDTH / wide, (_HEIGHT - _CAPTION) / high)
        self.width, self.height = wide * scale, high * scale

    def wrap(self, _wide: float, _high: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.drawImage(str(self.path), 0, 0, self.width, self.height)


class _Canvas(Canvas):  # type: ignore[misc] # reportlab has no types
    """Writes the footer once it is known how many pages there are."""

    def __init__(self, sheet: Sheet, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sheet = sheet
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont(han(), 7)
            self.setFillColor(_SOFT)
            self.drawString(_MARGIN, 8 * mm, self._sheet.footer)
            self.drawRightString(A4[0] - _MARGIN, 8 * mm, self._sheet.page_words(number, len(self._pages)))
            super().showPage()
        super().save()


def _paragraph(
    text: str, size: float, *, right: bool = False, soft: bool = False, keep: bool = False, after: float = 0
) -> Flowable:
    clean = "".join(letter if letter >= " " else " " for letter in text)
    style = ParagraphStyle(
        "paper",
        fontName=han(),
        fontSize=size,
        leading=size * 1.35,
        textColor=_SOFT if soft else _INK,
        alignment=2 if right else 0,
        keepWithNext=keep,
        spaceAfter=after,
        # Note: Chinese breaks between any two characters; Latin words and long numbers break where they must.
        wordWrap="CJK" if any(letter >= _CJK_FROM for letter in clean) else None,
        splitLongWords=1,
    )
    return Paragraph(escape(clean), style)
