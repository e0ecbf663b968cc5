"""The bank's answer as a file: read with suspicion, and judged row by row before anything is written."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from server.payments.cells import is_formula
from server.payments.records import SEPARATORS
from sync.canonical import canonical, digest
from sync.change import Record
from sync.errors import Refused

MOST_BYTES = 512 * 1024
MOST_ROWS = 2000
_HEAD_ROWS = 10
"""Banks put titles before the row of headers; it is looked for in so many rows."""
_AMOUNT = re.compile(r"(\d{1,3}(,\d{3})+|\d{1,12})(\.\d{1,2})?")
_LENGTHS = {"reference": 40, "bank_reference": 80, "reason": 200}
APPLIES = frozenset({"pays", "fails"})
"""Verdicts that change something; a row of any other is left out."""


@dataclass(frozen=True)
class Row:
    """One row of the file. `verdict` says what will happen to it."""

    number: int
    reference: str
    amount_text: str
    amount_minor: int | None
    outcome: str
    bank_reference: str
    reason: str
    verdict: str = ""

    def to_wire(self) -> dict[str, Any]:
        """The row as a payment result holds it."""
        names = ("reference", "amount_minor", "outcome", "bank_reference", "reason")
        return {name: getattr(self, name) for name in names}


def read_rows(data: bytes, layout: Mapping[str, Any]) -> list[Row]:
    """The rows of a result file. Raises Refused where it is no such file, or too large."""
    if len(data) > MOST_BYTES:
        raise Refused("result_too_large", params={"kib": MOST_BYTES // 1024, "rows": MOST_ROWS})
    table = _table(_text(data))
    if len(table) > MOST_ROWS + _HEAD_ROWS:
        raise Refused("result_too_large", params={"kib": MOST_BYTES // 1024, "rows": MOST_ROWS})
    names = ("reference", "amount", "outcome", "bank_reference", "reason")
    headers = {name: _plain(layout[f"result_{name}"]) for name in names}
    for at, cells in enumerate(table[:_HEAD_ROWS]):
        found = [_plain(cell) for cell in cells]
        places = {name: found.index(header) for name, header in headers.items() if header in found}
        if {"reference", "amount", "outcome"} <= places.keys():
            rows = enumerate(table[at + 1 :], start=at + 2)
            return [_row(number, cells, places, layout) for number, cells in rows if any(map(str.strip, cells))]
    raise Refused(
        "result_headers_missing", params={"headers": ", ".join(layout[f"result_{name}"] for name in names[:3])}
    )


def judge(rows: Sequence[Row], batch: Record, others: Mapping[str, str]) -> list[Row]:
    """What will happen to each row. `others` are the numbers of other batches by the reference of their payments."""
    asked = {payment["reference"]: payment for payment in batch["payments"]}
    contents = {reference: {_content(row) for row in rows if row.reference == reference} for reference in asked}
    seen: Counter[str] = Counter()
    judged = []
    for row in rows:
        seen[row.reference] += 1
        is_again = seen[row.reference] > 1 or len(contents.get(row.reference, ())) > 1
        judged.append(replace(row, verdict=_verdict(row, asked.get(row.reference), others, is_again=is_again)))
    return judged


def fingerprint(rows: Sequence[Row]) -> str:
    """What was shown, as a hash: only that is carried out."""
    return digest(canonical([[row.verdict, *row.to_wire().values()] for row in rows]))


def file_hash(data: bytes) -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(data).hexdigest()


def _verdict(row: Row, payment: Record | None, others: Mapping[str, str], *, is_again: bool) -> str:
    if any(is_formula(text) for text in (row.reference, row.amount_text, row.bank_reference)):
        return "formula"
    if payment is None:
        return "wrong_batch" if row.reference in others else "unknown"
    if is_again:
        return "repeated"
    if row.amount_minor is None:
        return "bad_amount"
    if row.amount_minor != payment["amount_minor"]:
        return "wrong_amount"
    if not row.outcome:
        return "bad_outcome"
    if payment["outcome"]:
        is_same = (payment["outcome"], payment["bank_reference"]) == (row.outcome, row.bank_reference)
        return "done" if is_same else "contradicts"
    return "pays" if row.outcome == "paid" else "fails"


def _row(number: int, cells: Sequence[str], places: Mapping[str, int], layout: Mapping[str, Any]) -> Row:
    values = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
    outcome = _outcome(values["outcome"], layout)
    reason = values.get("reason", "") or (values["outcome"] if outcome == "failed" else "")
    return Row(
        number,
        values["reference"][: _LENGTHS["reference"]],
        values["amount"][:40],
        _minor(values["amount"], layout),
        outcome,
        values.get("bank_reference", "")[: _LENGTHS["bank_reference"]],
        reason[: _LENGTHS["reason"]],
    )


def _outcome(text: str, layout: Mapping[str, Any]) -> str:
    for outcome in ("paid", "failed"):
        if _plain(text) in {_plain(word) for word in re.split("[,，]", layout[f"{outcome}_words"]) if word.strip()}:
            return outcome
    return ""


def _minor(text: str, layout: Mapping[str, Any]) -> int | None:
    plain = text.removeprefix("¥").removeprefix("￥").strip()
    if not _AMOUNT.fullmatch(plain):
        return None
    number = Decimal(plain.replace(",", ""))
    if layout["amount_format"] == "fen":
        return int(number) if number == int(number) else None
    return int(number * 100)


def _text(data: bytes) -> str:
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("result_not_readable")


def _table(text: str) -> list[list[str]]:
    start = "\n".join(text.splitlines()[:_HEAD_ROWS])
    separator = max(SEPARATORS.values(), key=start.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise Refused("result_not_readable") from error


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _content(row: Row) -> tuple[Any, ...]:
    return (row.amount_minor, row.outcome, row.bank_reference)
