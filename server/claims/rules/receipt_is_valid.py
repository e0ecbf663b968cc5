"""REG-D3: every receipt must be genuine, lawful and valid: its numbers have their form and agree with each other."""

from __future__ import annotations

from server.claims.rules.facts import Facts, Receipt
from server.claims.rules.finding import Finding
from server.receipts.fapiao import credit_code_error, normal, parse_fapiao
from server.receipts.qr import NET_TYPES, TOTAL_TYPES, FapiaoQr, may_be_total, parse_qr

ARTICLE = "REG-D3"


def receipt_is_valid(facts: Facts) -> list[Finding]:
    """Form of the numbers, check character of the seller's id, amount, date, and what the QR says of them."""
    receipt = facts.receipt
    return [
        *_numbers(receipt),
        *_seller(receipt),
        *_amount_and_date(facts),
        *_qr(receipt),
    ]


def _numbers(receipt: Receipt) -> list[Finding]:
    if not receipt.fapiao_code and not receipt.fapiao_number:
        return []
    if parse_fapiao(receipt.fapiao_code, receipt.fapiao_number):
        return []
    field = "fapiao_code" if receipt.fapiao_code and len(normal(receipt.fapiao_number)) == 8 else "fapiao_number"
    return [_block(f"{field}_invalid", value=getattr(receipt, field))]


def _seller(receipt: Receipt) -> list[Finding]:
    if not receipt.seller_tax_id or credit_code_error(receipt.seller_tax_id) is None:
        return []
    return [_block("seller_tax_id_invalid")]


def _amount_and_date(facts: Facts) -> list[Finding]:
    found = [] if facts.receipt.amount_minor > 0 else [_block("amount_invalid")]
    if facts.receipt.issued_on > facts.today:
        found.append(_block("date_in_future", issued_on=facts.receipt.issued_on))
    return found


def _qr(receipt: Receipt) -> list[Finding]:
    qr = parse_qr(receipt.qr_text)
    if qr is None:
        return []
    differing = [name for name, differs in _differences(receipt, qr).items() if differs]
    return [_block("qr_contradicts_typed", fields=differing)] if differing else []


def _differences(receipt: Receipt, qr: FapiaoQr) -> dict[str, bool]:
    """Where the document's QR says another thing than the person typed. An older QR's amount is without tax."""
    amount = qr.amount_minor
    is_total = qr.type in TOTAL_TYPES and amount is not None and amount != receipt.amount_minor
    is_net = qr.type in NET_TYPES and amount is not None and not may_be_total(receipt.amount_minor, amount)
    return {
        "fapiao_code": normal(receipt.fapiao_code) != qr.code,
        "fapiao_number": normal(receipt.fapiao_number) != qr.number,
        "issued_on": receipt.issued_on != qr.issued_on,
        "amount_minor": is_total or is_net,
    }


def _block(code: str, **params: object) -> Finding:
    return Finding(code, "block", ARTICLE, params)
