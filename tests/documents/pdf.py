"""A page as a PDF whose text can be taken out again.

The makers of these files draw all labels first and the values after them; so do the pages here. Some write look-alike
radicals (⽉ for 月) into the text: `radicals` does so.
"""

from __future__ import annotations

import io
from functools import cache

from reportlab.lib.colors import Color
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.documents.fonts import font_file, font_index
from tests.documents.page import ArcText, Area, Colour, Line, Oval, Page, Qr, Stroke, Text
from tests.documents.raster import arc_places, qr_matrix

_FACE = "documents"
_RADICALS = str.maketrans({"月": "⽉", "日": "⽇", "金": "⾦", "车": "⻋"})


def pdf(page: Page, *, pages: int = 1, radicals: bool = False, password: str = "") -> bytes:
    """The page, as often as `pages` says. The same page gives the same bytes, except with a password."""
    _register()
    file = io.BytesIO()
    lock = StandardEncryption(password, canPrint=0) if password else None
    canvas = Canvas(file, (page.width * mm, page.height * mm), pageCompression=1, invariant=1, encrypt=lock)
    for _ in range(pages):
        for stroke in page.strokes:
            _draw(canvas, page.height, stroke, radicals)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


@cache
def _register() -> None:
    pdfmetrics.registerFont(TTFont(_FACE, str(font_file("wqy-zenhei.ttc")), subfontIndex=font_index("slip")))


def _draw(canvas: Canvas, height: float, stroke: Stroke, radicals: bool) -> None:
    match stroke:
        case Line():
            canvas.setStrokeColor(_colour(stroke.colour))
            canvas.setLineWidth(stroke.width * mm)
            canvas.line(stroke.x1 * mm, (height - stroke.y1) * mm, stroke.x2 * mm, (height - stroke.y2) * mm)
        case Area():
            canvas.setFillColor(_colour(stroke.colour))
            bottom = height - stroke.y - stroke.height
            canvas.rect(stroke.x * mm, bottom * mm, stroke.width * mm, stroke.height * mm, stroke=0, fill=1)
        case Oval():
            canvas.setStrokeColor(_colour(stroke.colour))
            canvas.setLineWidth(stroke.width * mm)
            y = height - stroke.y
            canvas.ellipse(
                *(side * mm for side in (stroke.x - stroke.rx, y - stroke.ry, stroke.x + stroke.rx, y + stroke.ry))
            )
        case ArcText():
            _arc(canvas, height, stroke)
        case Qr():
            _qr(canvas, height, stroke)
        case Text():
            _text(canvas, height, stroke, radicals)


def _text(canvas: Canvas, height: float, stroke: Text, radicals: bool) -> None:
    text = stroke.text.translate(_RADICALS) if radicals else stroke.text
    canvas.setFillColor(_colour(stroke.colour))
    canvas.setFont(_FACE, stroke.size * mm)
    base = (height - stroke.y - stroke.size * 0.88) * mm
    if stroke.pitch:
        for place, character in enumerate(text):
            canvas.drawString((stroke.x + stroke.pitch * place) * mm, base, character)
        return
    put = {"left": canvas.drawString, "middle": canvas.drawCentredString, "right": canvas.drawRightString}[stroke.align]
    put(stroke.x * mm, base, text)


def _arc(canvas: Canvas, height: float, stroke: ArcText) -> None:
    canvas.setFillColor(_colour(stroke.colour))
    canvas.setFont(_FACE, stroke.size * mm)
    for character, (x, y, angle) in zip(stroke.text, arc_places(stroke), strict=True):
        canvas.saveState()
        canvas.translate(x * mm, (height - y) * mm)
        canvas.rotate(-angle)
        canvas.drawCentredString(0, -stroke.size * 0.38 * mm, character)
        canvas.restoreState()


def _qr(canvas: Canvas, height: float, stroke: Qr) -> None:
    matrix = qr_matrix(stroke.text)
    side = stroke.size / len(matrix)
    canvas.setFillColor(_colour((0, 0, 0)))
    for row, modules in enumerate(matrix):
        for column, is_dark in enumerate(modules):
            if is_dark:
                bottom = height - stroke.y - side * (row + 1)
                canvas.rect((stroke.x + side * column) * mm, bottom * mm, side * mm, side * mm, stroke=0, fill=1)


def _colour(colour: Colour) -> Color:
    return Color(*(part / 255 for part in colour))
