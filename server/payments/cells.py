"""Cells of tables that leave the house: a text is never a formula, whatever program opens the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO

import xlsxwriter

Cell = str | int | Decimal

_STARTS = tuple("=+-@\t\r\n\0＝＋－＠")
"""What makes a spreadsheet program read a text as a formula (OWASP ASVS 5.0, 1.2.10), full-width forms included."""
_KEPT = "\t\n\r"


def neutral(text: str) -> str:
    """The text as it is shown, never run: a formula's start gets `'` before it; NUL and its like go."""
    mark = "'" if is_formula(text) else ""
    return mark + "".join(letter for letter in text if letter >= " " or letter in _KEPT)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program could take the text for a formula."""
    return text.startswith(_STARTS) or text.lstrip().startswith(_STARTS)


def csv_text(rows: Iterable[Sequence[Cell]], separator: str = ",") -> str:
    """Rows as CSV (RFC 4180). Texts are made neutral; numbers are ours and stay numbers."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    writer.writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return file.getvalue()


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Cell]]) -> None:
    """Rows as a sheet with a frozen header, row by row. Texts are made neutral and are never formulas nor links."""
    # Note: a workbook that is written as it comes needs a file on the disk; its sheet is not held in memory.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, {"constant_memory": True, **plain})
    sheet, money, head = (
        book.add_worksheet(),
        book.add_format({"num_format": "#,##0.00"}),
        book.add_format({"bold": True}),
    )
    sheet.freeze_panes(1, 0)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(at, column, neutral(cell), head if at == 0 else None)
            else:
                sheet.write_number(at, column, cell, money if isinstance(cell, Decimal) else None)
    book.close()


def yuan(amount_minor: int) -> Decimal:
    """An amount with its two decimals."""
    return Decimal(amount_minor).scaleb(-2)
