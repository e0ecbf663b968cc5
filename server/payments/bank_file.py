"""The file that a bank is asked to pay by. Pure: the same batch, accounts and layout give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.payments.cells import Cell, csv_text, yuan
from server.payments.records import ENCODINGS, SEPARATORS

DEFAULT_COLUMNS = (
    ("sequence", "序号"),
    ("holder_name", "收款人户名"),
    ("account_number", "收款账号"),
    ("bank_name", "开户银行"),
    ("bank_code", "联行号"),
    ("amount", "金额"),
    ("currency", "币种"),
    ("purpose", "用途"),
    ("reference", "付款编号"),
)
Values = Mapping[str, Any]


def bank_file(batch: Values, accounts: Mapping[str, Values], layout: Values) -> bytes:
    """The payments of a batch as the layout says. `accounts` are the payees' by user id."""
    columns = columns_of(layout)
    rows: list[Sequence[Cell]] = [[column["header"] for column in columns]]
    for number, payment in enumerate(batch["payments"], start=1):
        values = _values(number, payment, accounts[payment["user_id"]], batch, layout)
        rows.append([values[column["holds"]] for column in columns])
    if layout["summary"] != "none":
        rows.insert(0 if layout["summary"] == "first" else len(rows), _summary(batch, layout))
    text = csv_text(rows, SEPARATORS[layout["separator"]])
    return text.encode(ENCODINGS[layout["encoding"]])


def columns_of(layout: Values) -> list[dict[str, str]]:
    """The columns in their order; a layout that names none has the usual ones."""
    usual = [{"holds": holds, "header": header} for holds, header in DEFAULT_COLUMNS]
    return list(layout["columns"] or usual)


def _values(number: int, payment: Values, account: Values, batch: Values, layout: Values) -> dict[str, Cell]:
    return {
        "sequence": number,
        "reference": payment["reference"],
        "holder_name": account["holder_name"],
        "account_number": account["account_number"],
        "bank_name": account["bank_name"],
        "bank_code": account["bank_code"],
        "amount": _amount(payment["amount_minor"], layout),
        "currency": batch["currency"],
        "purpose": layout["purpose"],
        "batch_number": batch["number"],
        "batch_count": batch["payment_count"],
        "batch_total": _amount(batch["control_total_minor"], layout),
        "journal_head": _head(batch),
    }


def _summary(batch: Values, layout: Values) -> list[Cell]:
    total = _amount(batch["control_total_minor"], layout)
    return ["合计", batch["number"], batch["payment_count"], total, batch["currency"], _head(batch)]


def _head(batch: Values) -> str:
    return f"{batch['journal_seq']}:{batch['journal_hash']}"


def _amount(amount_minor: int, layout: Values) -> Cell:
    return yuan(amount_minor) if layout["amount_format"] == "yuan" else amount_minor
