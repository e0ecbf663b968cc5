"""The export of a batch: what each person gets is fixed, the bank's file is made and kept, the journal's head noted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select

from server.payments.bank_file import bank_file
from server.payments.records import AccountCodesSchema, BankLayoutSchema, payment_files
from server.payments.selection import Payment, payments_of
from server.wire import RecordForm
from sync import journal
from sync.change import Record, instant
from sync.errors import Refused
from sync.transaction import Transaction

_USUAL = {
    "bank_layout": RecordForm(BankLayoutSchema).defaults,
    "account_codes": RecordForm(AccountCodesSchema).defaults,
}


def setting(read: Transaction, entity: str) -> dict[str, Any]:
    """A setting of the money desk; the usual one where nobody has said."""
    return next(iter(read.find(entity)), dict(_USUAL[entity]))


def accounts_of(read: Transaction, user_ids: Sequence[str]) -> dict[str, Record]:
    """The bank accounts of people, by their user id."""
    return {item["user_id"]: item for item in read.find_any("bank_account", "user_id", sorted(set(user_ids)))}


def unconfirmed(read: Transaction, user_ids: Iterable[str]) -> set[str]:
    """The people whose account others entered, and nobody has confirmed (REG-D3)."""
    accounts = accounts_of(read, sorted(user_ids))
    return {user_id for user_id, account in accounts.items() if account["status"] != "confirmed"}


def exported(write: Transaction, batch: Record, lines: Sequence[Record]) -> dict[str, Any]:
    """Make and keep the file of a batch, and give what the batch says from now on. Raises Refused naming the people
    who have no account, whose account is not confirmed, or whose account the payer entered.
    """
    if not lines:
        raise Refused("batch_empty")
    payments = payments_of(lines)
    accounts = accounts_of(write, [payment.user_id for payment in payments])
    _refuse_people(write, "account_missing", [each.user_id for each in payments if each.user_id not in accounts])
    _refuse_people(write, "account_unconfirmed", sorted(unconfirmed(write, accounts)))
    _refuse_people(
        write,
        "payer_entered_account",
        [user_id for user_id, account in accounts.items() if account["entered_by"] == write.actor.id],
    )
    head = journal.head(write.connection)
    about = {
        "payments": [_asked(batch, at, payment, accounts) for at, payment in enumerate(payments, start=1)],
        "payment_count": len(payments),
        "line_count": len(lines),
        "control_total_minor": sum(payment.amount_minor for payment in payments),
        "journal_seq": head.seq,
        "journal_hash": head.hash,
        "exported_by": write.actor.id,
        "exported_at": instant(write.now),
    }
    data = bank_file(batch | about, accounts, setting(write, "bank_layout"))
    sha256 = hashlib.sha256(data).hexdigest()
    kept = {"batch_id": batch["id"], "sha256": sha256, "content": base64.b64encode(data).decode()}
    write.connection.execute(insert(payment_files).values(kept))
    return about | {"file_name": f"{batch['number']}.csv", "file_sha256": sha256}


def kept_file(read: Transaction, batch: Record) -> bytes:
    """The bytes of an exported batch's file. Raises Refused where they are not those that were exported."""
    content = read.connection.scalar(select(payment_files.c.content).where(payment_files.c.batch_id == batch["id"]))
    data = base64.b64decode(content or "")
    if hashlib.sha256(data).hexdigest() != batch["file_sha256"]:
        raise Refused("payment_file_damaged")
    return data


def _asked(batch: Record, number: int, payment: Payment, accounts: dict[str, Record]) -> dict[str, Any]:
    account = accounts[payment.user_id]
    return {
        "reference": f"{batch['number']}-{number:03}",
        "user_id": payment.user_id,
        "amount_minor": payment.amount_minor,
        "line_ids": [line["id"] for line in payment.lines],
        "account_id": account["id"],
        "account_version": account["version"],
        "account_tail": account["account_number"][-4:],
        "outcome": "",
    }


def _refuse_people(read: Transaction, code: str, user_ids: Sequence[str]) -> None:
    if user_ids:
        people = read.find_any("user", "id", list(user_ids))
        raise Refused(code, params={"people": ", ".join(user["display_name"] for user in people)})
