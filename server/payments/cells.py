"""Cells of tables that leave the house: a text is never a formula, whatever program opens the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

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


def yuan(amount_minor: int) -> Decimal:
    """An amount with its two decimals."""
    return Decimal(amount_minor).scaleb(-2)
