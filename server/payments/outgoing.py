"""Lines as they leave the house: with their receipt, their voucher's number and what was paid for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.attachments.records import stored_files
from server.claims.records import claim_lines
from server.receipts.evidence import stated
from sync.change import Record, instant
from sync.transaction import Transaction

KINDS = ("vouchers.csv", "vouchers.xlsx", "archive.zip")
"""The files that leave for accounting and for the archive."""
_PAGE = 1000
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Outgoing:
    """One line. `voucher_number` is that of its payment: the same for all lines of one person in one batch."""

    line: Record
    receipt: Record
    person: Record
    voucher_number: str
    dated: str
    """The day of payment, or of the order to pay; in the company's calendar."""

    @property
    def amount_minor(self) -> int:
        """What is booked for the line, the part that an advance paid included; below zero for a reversal."""
        return int(self.line["approved_minor"])

    def read(self, kind: str) -> str:
        """What was read from the receipt's document with certainty, such as `amount_tax`; else empty."""
        item = stated(self.receipt["evidence"] or [], kind)
        return str(item["value"]) if item else ""

    @property
    def tax_minor(self) -> int | None:
        """The line's part of the tax that the document states; None where none was read."""
        text, whole = self.read("amount_tax"), self.receipt["amount_minor"]
        if not text.isdecimal() or not whole:
            return None
        return int((int(text) * self.amount_minor * 2 + whole) // (2 * whole))


def of_batch(read: Transaction, batch: Record, time_zone: str) -> list[Outgoing]:
    """The lines of a batch that was sent to the bank, in the order of their vouchers."""
    numbers = {line_id: payment["reference"] for payment in batch["payments"] for line_id in payment["line_ids"]}
    lines = {line["id"]: line for line in read.find_any("claim_line", "id", list(numbers))}
    kept = [lines[line_id] for line_id in numbers if lines[line_id]["payment_batch_id"] == batch["id"]]
    return _outgoing(read, kept, numbers, batch["exported_at"], time_zone)


def of_month(read: Transaction, month: str, time_zone: str) -> list[Outgoing]:
    """The lines that were paid in a month (`YYYY-MM`) of the company's calendar, by batch or otherwise."""
    year, number = (int(part) for part in month.split("-"))
    zone = ZoneInfo(time_zone)
    begins = datetime(year, number, 1, tzinfo=zone)
    ends = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    at = claim_lines.c.paid_at
    query = select(claim_lines).where(claim_lines.c.status == "paid", at >= instant(begins), at < instant(ends))
    lines = [dict(row._mapping) for row in read.connection.execute(query)]
    batches = read.find_any("payment_batch", "id", sorted({line["payment_batch_id"] or "" for line in lines} - {""}))
    payments = [payment for batch in batches for payment in batch["payments"]]
    numbers = {line_id: payment["reference"] for payment in payments for line_id in payment["line_ids"]}
    return _outgoing(read, lines, numbers, "", time_zone)


def media_of(read: Transaction, lines: Iterable[Outgoing]) -> dict[str, str]:
    """The type of each file of the lines' receipts that was found sound, by hash."""
    hashes = sorted({sha256 for item in lines for sha256 in item.receipt["attachments"]})
    query = select(stored_files.c.sha256, stored_files.c.media_type).where(stored_files.c.verdict == "")
    found: dict[str, str] = {}
    for at in range(0, len(hashes), _PAGE):
        page = query.where(stored_files.c.sha256.in_(hashes[at : at + _PAGE]))
        found |= {row.sha256: row.media_type for row in read.connection.execute(page)}
    return found


def is_month(text: str) -> bool:
    """Whether a text names a month: `2026-11`."""
    return _MONTH.fullmatch(text) is not None


def _outgoing(
    read: Transaction, lines: Iterable[Record], numbers: dict[str, str], ordered_at: str, time_zone: str
) -> list[Outgoing]:
    found = list(lines)
    receipts = _by_id(read, "receipt", [line["receipt_id"] for line in found])
    people = _by_id(read, "user", [line["technician_id"] for line in found])
    outgoing = [
        Outgoing(
            line,
            receipts[line["receipt_id"]],
            people[line["technician_id"]],
            numbers.get(line["id"]) or f"H-{line['id'][-12:]}",
            _day(line["paid_at"] or ordered_at, time_zone),
        )
        for line in found
    ]
    return sorted(outgoing, key=lambda item: (item.voucher_number, item.line["id"]))


def _day(moment: str, time_zone: str) -> str:
    day: date = datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone)).date()
    return day.isoformat()


def _by_id(read: Transaction, entity: str, ids: Iterable[str]) -> dict[str, Any]:
    return {record["id"]: record for record in read.find_any(entity, "id", sorted(set(ids)))}
