"""Which approved lines can be paid together, by whom, and what each person gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from server.claims.counter_entries import open_counter_entries
from server.claims.duties import Duty, holders
from server.claims.judgement import rests_on_ended
from server.claims.states import payable_minor
from server.receipts.readings import is_waiting
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

LOCK = "payments"
"""Held by whoever makes, exports or ends a batch: one at a time."""
_MOST_NAMED = 5
_DUTIES: dict[Duty, str] = {
    "claim": "payer_is_claimant",
    "account": "payer_shares_account",
    "receive": "payer_stocked_in",
    "waive": "payer_gave_waiver",
    "endorse": "payer_is_approver",
    "approve": "payer_is_approver",
}
"""What a payer may not have done with the same line (REG-D3), and the code that says so."""


@dataclass(frozen=True)
class Payment:
    """What one person gets in a batch."""

    user_id: str
    lines: list[Record]

    @property
    def amount_minor(self) -> int:
        """The sum of the lines; counter-entries count against it."""
        return sum(payable_minor(line) for line in self.lines)


def payments_of(lines: Iterable[Record]) -> list[Payment]:
    """One payment for each person, in the order of their first line."""
    by_person: dict[str, list[Record]] = {}
    for line in lines:
        by_person.setdefault(line["technician_id"], []).append(line)
    return [Payment(user_id, theirs) for user_id, theirs in by_person.items()]


def totals_of(read: Transaction, batch: Record) -> dict[str, Any]:
    """What a draft batch says of its lines as they are now."""
    lines = read.find_any("claim_line", "id", batch["line_ids"])
    return {
        "line_count": len(lines),
        "payment_count": len(payments_of(lines)),
        "control_total_minor": sum(payable_minor(line) for line in lines),
    }


def unpaid_lines(read: Transaction) -> list[Record]:
    """Approved lines that are in no batch."""
    return read.find("claim_line", status="approved", payment_batch_id=None)


def lines_for(write: Transaction, batch_id: str, currency: str, line_ids: Sequence[str]) -> list[Record]:
    """The lines that a batch takes in, held until the transaction ends: those asked for, with the counter-entries of
    the same people, without people who would get nothing. Raises Refused naming the lines that cannot be paid.
    """
    asked = _held(write, line_ids)
    owed = open_counter_entries(write, {line["technician_id"] for line in asked})
    far = [line for line in owed if line["payment_batch_id"] not in (None, batch_id) or line["currency"] != currency]
    _refuse(write, "payment_counter_entry_open", far)
    lines = asked + [line for line in _held(write, [item["id"] for item in owed]) if line["id"] not in line_ids]
    _refuse(write, "payment_line_not_approved", [line for line in lines if line["status"] != "approved"])
    _refuse(write, "payment_line_taken", [line for line in lines if line["payment_batch_id"] not in (None, batch_id)])
    _refuse(write, "payment_currency_differs", [line for line in lines if line["currency"] != currency])
    _refuse(write, "payment_waiver_ended", [line for line in lines if rests_on_ended(write, line)])
    _refuse(write, "payment_reading_pending", [line for line in lines if _is_unread(write, line)])
    refuse_own(write, lines)
    return [line for payment in payments_of(lines) if payment.amount_minor > 0 for line in payment.lines]


def refuse_own(write: Transaction, lines: Sequence[Record]) -> None:
    """Nobody pays a line on which they hold another duty. Raises Refused naming the lines."""
    hindered = own(write, lines)
    for code in dict.fromkeys(_DUTIES.values()):
        _refuse(write, code, [line for line in lines if hindered.get(line["id"]) == code])


def own(read: Transaction, lines: Sequence[Record]) -> dict[str, str]:
    """Why the acting person may not pay a line, as a code by line id, for the lines that they may not pay."""
    people = {line["technician_id"] for line in lines}
    read.look_up("bank_account", "user_id", people)
    accounts = read.find_any("bank_account", "user_id", people)
    read.look_up("bank_account", "account_number", {account["account_number"] for account in accounts})
    held = {
        line["id"]: [duty for duty, people in holders(read, line).items() if read.actor.id in people] for line in lines
    }
    return {line_id: _DUTIES[duties[0]] for line_id, duties in held.items() if duties and duties[0] in _DUTIES}


def hindrances(read: Transaction, lines: Sequence[Record]) -> dict[str, str]:
    """Why the acting person cannot pay a line now, as a code by line id."""
    unread = {line["id"]: "payment_reading_pending" for line in lines if _is_unread(read, line)}
    ended = {line["id"]: "payment_waiver_ended" for line in lines if rests_on_ended(read, line)}
    return unread | ended | _owing(read, lines) | own(read, lines)


def _owing(read: Transaction, lines: Sequence[Record]) -> dict[str, str]:
    """Lines of people whose counter-entry cannot be set off in the same batch."""
    owed = open_counter_entries(read, {line["technician_id"] for line in lines})
    return {
        line["id"]: "payment_counter_entry_open"
        for line in lines
        for item in owed
        if item["technician_id"] == line["technician_id"] and line["id"] != item["id"]
        if item["payment_batch_id"] or item["currency"] != line["currency"]
    }


def named(read: Transaction, lines: Sequence[Record]) -> str:
    """Lines as people know them: whose, from whom, how much."""
    people = {user["id"]: user["display_name"] for user in _all(read, "user", lines, "technician_id")}
    sellers = {receipt["id"]: receipt["seller_name"] for receipt in _all(read, "receipt", lines, "receipt_id")}
    texts = [
        " ".join(
            part for part in (people.get(line["technician_id"]), sellers.get(line["receipt_id"]), _amount(line)) if part
        )
        for line in lines[:_MOST_NAMED]
    ]
    return "; ".join(texts) + (f" … (+{len(lines) - _MOST_NAMED})" if len(lines) > _MOST_NAMED else "")


def _held(write: Transaction, line_ids: Sequence[str]) -> list[Record]:
    """The lines, read under their locks in the order of their ids, so that two batches never wait for each other."""
    lines = [write.get("claim_line", line_id, lock=True) for line_id in sorted(set(line_ids))]
    return [line for line in lines if line is not None]


def _refuse(read: Transaction, code: str, lines: Sequence[Record]) -> None:
    if lines:
        raise Refused(code, params={"lines": named(read, lines), "count": len(lines)})


def _is_unread(read: Transaction, line: Record) -> bool:
    receipt = read.get("receipt", line["receipt_id"])
    return receipt is not None and is_waiting(read, receipt)


def _all(read: Transaction, entity: str, lines: Sequence[Record], field: str) -> list[Record]:
    ids = sorted({line[field] for line in lines if line[field]})
    return read.find_any(entity, "id", ids)


def _amount(line: dict[str, Any]) -> str:
    return f"{payable_minor(line) / 100:.2f} {line['currency']}"
