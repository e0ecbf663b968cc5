"""What the payment pages show: who can be paid what, and what stands in a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.payments.export import accounts_of
from server.payments.selection import hindrances, payments_of, unpaid_lines
from sync.change import Record
from sync.tables import journal
from sync.transaction import Transaction


@dataclass(frozen=True)
class ShownLine:
    """A line with its receipt. `hindrance` is the code of why this payer cannot pay it, or empty."""

    line: Record
    receipt: Record
    hindrance: str


@dataclass(frozen=True)
class ToPay:
    """What one person can be paid in one currency."""

    person: Record
    account: Record | None
    lines: list[ShownLine]
    amount_minor: int

    @property
    def is_offered(self) -> bool:
        """Whether there is money to pay and a confirmed account to pay it to."""
        return self.amount_minor > 0 and self.account is not None and self.account["status"] == "confirmed"


@dataclass(frozen=True)
class ShownPayment:
    """One person's payment in a batch. `account_changed` says that it is not the account that the bank was told."""

    person: Record
    account_tail: str
    account_changed: bool
    lines: list[ShownLine]
    amount_minor: int
    asked: Record
    """The payment as it was asked of the bank; empty in a draft."""


def to_pay(read: Transaction) -> dict[str, list[ToPay]]:
    """Approved lines in no batch, by currency and person."""
    unpaid = unpaid_lines(read)
    found: dict[str, list[ToPay]] = {}
    people, accounts, receipts = _around(read, unpaid)
    hindered = hindrances(read, unpaid)
    for currency in sorted({line["currency"] for line in unpaid}):
        for payment in payments_of(line for line in unpaid if line["currency"] == currency):
            lines = [
                ShownLine(line, receipts[line["receipt_id"]], hindered.get(line["id"], "")) for line in payment.lines
            ]
            person = people[payment.user_id]
            item = ToPay(person, accounts.get(payment.user_id), lines, payment.amount_minor)
            found.setdefault(currency, []).append(item)
    return found


def batches(read: Transaction) -> list[Record]:
    """All batches, the newest first."""
    return read.find("payment_batch")[::-1]


def shown_payments(read: Transaction, batch: Record) -> list[ShownPayment]:
    """The payments of a batch: as the bank was asked, or as they would be now for a draft."""
    asked = batch["payments"] or []
    lines = read.find_any(
        "claim_line", "id", [item for each in asked for item in each["line_ids"]] or batch["line_ids"]
    )
    people, accounts, receipts = _around(read, lines)
    shown = {line["id"]: ShownLine(line, receipts[line["receipt_id"]], "") for line in lines}
    if batch["status"] == "draft" or not asked:
        return [
            ShownPayment(
                people[each.user_id],
                (accounts.get(each.user_id) or {"account_number": ""})["account_number"][-4:],
                False,
                [shown[line["id"]] for line in each.lines],
                each.amount_minor,
                {},
            )
            for each in payments_of(lines)
        ]
    return [
        ShownPayment(
            people[each["user_id"]],
            each["account_tail"],
            _is_changed(each, accounts.get(each["user_id"])),
            [shown[line_id] for line_id in each["line_ids"] if line_id in shown],
            each["amount_minor"],
            each,
        )
        for each in asked
    ]


def account_history(read: Transaction, account: Record) -> list[Any]:
    """Who changed an account and when, the newest first."""
    of_account = (journal.c.entity == "bank_account") & (journal.c.record_id == account["id"])
    query = select(journal.c.seq, journal.c.actor, journal.c.received_at, journal.c.op).where(of_account)
    return list(read.connection.execute(query.order_by(journal.c.seq.desc()).limit(20)))


def _is_changed(asked: Record, account: Record | None) -> bool:
    return account is None or (account["id"], account["version"]) != (asked["account_id"], asked["account_version"])


def _around(read: Transaction, lines: list[Record]) -> tuple[dict[str, Record], dict[str, Record], dict[str, Record]]:
    """The people of lines, their accounts, and the lines' receipts."""
    user_ids = sorted({line["technician_id"] for line in lines})
    people = {user["id"]: user for user in read.find_any("user", "id", user_ids)}
    receipt_ids = sorted({line["receipt_id"] for line in lines})
    receipts = {item["id"]: item for item in read.find_any("receipt", "id", receipt_ids)}
    return people, accounts_of(read, user_ids), receipts
