"""Vouchers for accounting: one row for each line, with the accounts that it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from server.claims.states import payable_minor
from server.payments.cells import Cell, yuan
from server.payments.outgoing import Outgoing

COLUMNS = (
    "voucher_number",
    "dated",
    "summary",
    "debit_account",
    "amount",
    "credit_account",
    "paid",
    "advance_account",
    "set_off",
    "tax_account",
    "tax",
    "net",
    "currency",
    "payee",
    "category",
    "seller",
    "fapiao_number",
    "issued_on",
    "bank_reference",
    "claim_id",
    "line_id",
)
Say = Callable[..., str]


def voucher_rows(lines: Iterable[Outgoing], accounts: Mapping[str, Any], say: Say) -> Iterable[Sequence[Cell]]:
    """The header and one row a line. `accounts` as in the record `account_codes`; `say` words the texts.

    The amount is debited; what is paid out and what an advance paid already are credited. A counter-entry is negative
    on the same accounts (红字冲销). Whether tax may be deducted is for the
    accountant: the tax that was read stands beside the whole amount.
    """
    yield [say(f"voucher.{name}") for name in COLUMNS]
    for item in lines:
        yield _row(item, accounts, say)


def _row(item: Outgoing, accounts: Mapping[str, Any], say: Say) -> list[Cell]:
    line, receipt = item.line, item.receipt
    category = say(f"category.{receipt['category']}")
    amount, tax = item.amount_minor, item.tax_minor
    return [
        item.voucher_number,
        item.dated,
        say("voucher.text", name=item.person["display_name"], category=category),
        accounts[f"debit_{receipt['category']}"],
        yuan(amount),
        accounts["credit_payable"],
        yuan(payable_minor(line)),
        accounts["credit_advance"] if line["set_off_minor"] else "",
        yuan(line["set_off_minor"]) if line["set_off_minor"] else "",
        accounts["debit_tax"] if tax is not None else "",
        yuan(tax) if tax is not None else "",
        yuan(amount - tax) if tax is not None else "",
        line["currency"],
        item.person["display_name"],
        category,
        receipt["seller_name"],
        " ".join(part for part in (receipt["fapiao_code"], receipt["fapiao_number"]) if part),
        receipt["issued_on"],
        line["payment_reference"],
        line["claim_id"],
        line["id"],
    ]
