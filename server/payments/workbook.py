"""Rows as an Excel sheet.

Loads the library for it, which is slow: import this where a sheet is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO

import xlsxwriter

from server.payments.cells import Cell, neutral


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
