"""Labels for units, as PDF: our label as QR and as text, the tool's name, its serial number."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from server.paper import BOLD, han, wrapped
from sync.change import Record


@dataclass(frozen=True)
class Sheet:
    """A page of labels, in millimetres: how many, how large, and where the first one lies."""

    columns: int
    rows: int
    width: float
    height: float
    left: float = 0.0
    top: float = 0.0
    gap: float = 0.0
    page: tuple[float, float] = (A4[0] / mm, A4[1] / mm)

    @property
    def places(self) -> int:
        """Labels on one page."""
        return self.columns * self.rows


SHEETS = {
    "single": Sheet(1, 1, 50, 30, page=(50, 30)),
    "sheet": Sheet(3, 8, 70, 37, top=0.5),
    "sheet21": Sheet(3, 7, 63.5, 38.1, left=7.25, top=15.15, gap=2.5),
}
"""A label printer's 50 x 30 mm, and the two common A4 sheets of 24 and 21 labels."""
_INSET = 2.5


def draw_labels(units: Sequence[Record], sheet: Sheet, skip: int = 0) -> bytes:
    """A PDF with a label for each unit; `skip` leaves the places of a sheet free that are used already."""
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(sheet.page[0] * mm, sheet.page[1] * mm))
    canvas.setTitle("Fieldclaim labels")
    for number, unit in enumerate(units, start=skip % sheet.places):
        place = number % sheet.places
        if place == 0 and number:
            canvas.showPage()
        row, column = divmod(place, sheet.columns)
        x = sheet.left + column * (sheet.width + sheet.gap)
        y = sheet.page[1] - sheet.top - (row + 1) * sheet.height
        _draw(canvas, unit, x * mm, y * mm, sheet.width * mm, sheet.height * mm)
    canvas.showPage()
    canvas.save()
    return data.getvalue()


def _draw(canvas: Canvas, unit: Record, x: float, y: float, width: float, height: float) -> None:
    inset = _INSET * mm
    side = min(height - 2 * inset, width * 0.36)
    _draw_code(canvas, unit["label"], x + inset, y + (height - side) / 2, side)
    left = x + 2 * inset + side
    room = width - side - 3 * inset
    size = min(11.0, 11.0 * room / stringWidth(unit["label"], BOLD, 11.0))  # the label is read by people, too: whole
    canvas.setFont(BOLD, size)
    line = y + height - inset - 9
    canvas.drawString(left, line, unit["label"])
    canvas.setFont(han(), 8.5)
    name = f"{unit['name']} {unit['model']}".strip()
    for text in wrapped(name, han(), 8.5, room, 3):
        line -= 11
        canvas.drawString(left, line, text)
    serial = f"S/N {unit['serial_number']}" if unit["serial_number"] else ""
    canvas.setFont(han(), 7)
    for number, text in enumerate(reversed(wrapped(serial, han(), 7, room, 2))):
        canvas.drawString(left, y + inset + number * 8, text)


def _draw_code(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    matrix = tuple(segno.make(text, micro=False, error="m").matrix_iter(border=2))
    dot = side / len(matrix)
    for row, line in enumerate(matrix):
        start = None
        for column, is_dark in enumerate([*line, 0]):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                # Note: one bar for each run; single squares show hairlines between them in some viewers.
                bottom = y + side - (row + 1) * dot
                canvas.rect(x + start * dot, bottom, (column - start) * dot, dot * 1.01, stroke=0, fill=1)
                start = None
