"""REG-D3: what was typed must be what the document says, and the document must agree with itself.

Files and QR codes are exact, so a difference blocks. Print that was recognised in a picture may be misread, however
clear it was: a difference there asks for a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.claims.rules.facts import Evidence, Facts, Receipt
from server.claims.rules.finding import Finding, Severity
from server.receipts.evidence import is_sure, main_document, stated
from server.receipts.fapiao import normal
from server.receipts.qr import may_be_total, parse_qr

ARTICLE = "REG-D3"
_COMPARED = ("fapiao_code", "fapiao_number", "issued_on", "amount_total", "amount_net", "seller_tax_id")
_PERSONAL = frozenset({"个人", "个人(个人)"})


def document_agrees(facts: Facts) -> list[Finding]:
    """Nothing altered, no two sources at odds, nothing typed that the document does not bear out, our name on it."""
    document = main_document(facts.receipt.evidence, facts.receipt.fapiao_number)
    return [
        *_altered(facts.receipt),
        *_several(facts.receipt),
        *_code_not_seen(facts.receipt),
        *_with_itself(document),
        *_sums(document),
        *_with_typed(facts.receipt, document),
        *_credit_note(document),
        *_buyer(facts, document),
        *_passenger(facts, document),
    ]


def _altered(receipt: Receipt) -> list[Finding]:
    items = [item for item in receipt.evidence if item["kind"] == "altered"]
    if items:
        return [_finding("document_altered", "block", items)]
    unsealed = [item for item in receipt.evidence if item["kind"] == "unsealed"]
    return [_finding("document_unsealed", "review", unsealed)] if unsealed else []


def _several(receipt: Receipt) -> list[Finding]:
    """Each invoice is a receipt of its own; a second one beside it would be claimed unseen."""
    numbers = [item for item in receipt.evidence if item["kind"] == "fapiao_number" and is_sure(item)]
    exact = {item["value"]: item for item in numbers if item["source"] != "ocr" and item.get("attachment")}
    return [_finding("several_invoices", "review", list(exact.values()))] if len(exact) > 1 else []


def _code_not_seen(receipt: Receipt) -> list[Finding]:
    """The phone sent a code that no reader finds on the documents: it may be another one's."""
    sent = parse_qr(receipt.qr_text)
    if sent is None or not receipt.is_read:
        return []
    read = [item for item in receipt.evidence if item.get("attachment") and item["kind"] == "fapiao_number"]
    if any(item["value"] == sent.number for item in read):
        return []
    return [_finding("code_not_on_document", "review", read)]


def _with_itself(document: Sequence[Evidence]) -> list[Finding]:
    """A text that says another thing than its own code: one of them was changed, or misread."""
    found = {}
    for kind in _COMPARED:
        sure = [item for item in document if item["kind"] == kind and is_sure(item)]
        exact = [item for item in sure if item["source"] != "ocr"]
        if len({item["value"] for item in exact}) > 1:
            found[kind] = ("block", exact)
        elif len({item["value"] for item in sure}) > 1:
            found[kind] = ("review", sure)
    blocking = [kind for kind, (severity, _) in found.items() if severity == "block"]
    fields = blocking or list(found)
    if not fields:
        return []
    items = [item for kind in fields for item in found[kind][1]]
    return [_finding("document_contradicts_itself", "block" if blocking else "review", items, fields=fields)]


def _sums(document: Sequence[Evidence]) -> list[Finding]:
    """Net and tax make the total."""
    exact = [item for item in document if item["source"] != "ocr"]
    parts = [stated(exact, kind) for kind in ("amount_net", "amount_tax", "amount_total")]
    net, tax, total = (int(part["value"]) if part else None for part in parts)
    if net is None or tax is None or total is None or net + tax == total:
        return []
    return [_finding("amounts_do_not_add", "block", [part for part in parts if part])]


def _with_typed(receipt: Receipt, document: Sequence[Evidence]) -> list[Finding]:
    differing = {name: item for name, item in _differences(receipt, document).items() if item}
    exact = {name: item for name, item in differing.items() if item["source"] != "ocr"}
    if exact:
        return [_finding("document_contradicts_typed", "block", list(exact.values()), fields=list(exact))]
    if differing:
        return [_finding("print_contradicts_typed", "review", list(differing.values()), fields=list(differing))]
    return []


def _differences(receipt: Receipt, document: Sequence[Evidence]) -> dict[str, Evidence | None]:
    """The fields in which the document says another thing than was typed, each with what says so."""
    says = {kind: stated(document, kind) for kind in (*_COMPARED, "qr_text")}
    travelled = {item["value"] for item in document if item["kind"] == "travel_on"}
    total, net = says["amount_total"], says["amount_net"]
    is_beside_net = net and total is None and not may_be_total(receipt.amount_minor, int(net["value"]))
    return {
        "fapiao_code": _other(says["fapiao_code"], normal(receipt.fapiao_code)),
        "fapiao_number": _other(says["fapiao_number"], normal(receipt.fapiao_number)),
        "issued_on": None if receipt.issued_on in travelled else _other(says["issued_on"], receipt.issued_on),
        "amount_minor": _other(total, str(receipt.amount_minor)) or (net if is_beside_net else None),
        "seller_tax_id": _other(says["seller_tax_id"], normal(receipt.seller_tax_id))
        if receipt.seller_tax_id
        else None,
        "qr_text": says["qr_text"] if _is_other_qr(receipt.qr_text, says["qr_text"]) else None,
    }


def _other(item: Evidence | None, typed: str) -> Evidence | None:
    return item if item and item["value"] != typed else None


def _is_other_qr(text: str, item: Evidence | None) -> bool:
    """Whether the phone sent another invoice's QR text than stands on the picture."""
    sent, read = parse_qr(text), parse_qr(item["value"]) if item else None
    return sent is not None and read is not None and sent != read


def _credit_note(document: Sequence[Evidence]) -> list[Finding]:
    """A red-letter invoice takes another one back; a refunded ticket was not travelled on."""
    total = stated(document, "amount_total") or stated(document, "amount_net")
    if total and int(total["value"]) < 0:
        return [_finding("credit_note", "block", [total])]
    refund = [item for item in document if item["kind"] == "document" and item["value"] == "rail_refund"]
    return [_finding("ticket_refunded", "review", refund)] if refund else []


def _buyer(facts: Facts, document: Sequence[Evidence]) -> list[Finding]:
    """Where the document names its buyer, it must be our company: by the tax id, else by the name."""
    tax_id, name = stated(document, "buyer_tax_id"), stated(document, "buyer_name")
    is_other_name = bool(name and facts.company_name and _plain(name["value"]) != _plain(facts.company_name))
    if tax_id and facts.company_tax_id and tax_id["value"] != normal(facts.company_tax_id):
        return [_finding("buyer_not_company", "block", [tax_id], buyer=name["value"] if name else tax_id["value"])]
    if not name or not is_other_name:
        return []
    if name["value"] in _PERSONAL or (tax_id is None and name["source"] != "ocr"):
        return [_finding("buyer_not_company", "block", [name], buyer=name["value"])]
    return [_finding("buyer_name_differs", "review", [name], buyer=name["value"])]


def _passenger(facts: Facts, document: Sequence[Evidence]) -> list[Finding]:
    """A ticket names who travelled. A person compares: names are written in more than one way."""
    passenger = stated(document, "passenger")
    if passenger is None or not facts.technician_name or _plain(passenger["value"]) == _plain(facts.technician_name):
        return []
    return [_finding("passenger_not_technician", "review", [passenger], passenger=passenger["value"])]


def _plain(name: str) -> str:
    return normal(name).replace("(", "").replace(")", "").replace("·", "")


def _finding(code: str, severity: Severity, items: Sequence[Evidence], **params: object) -> Finding:
    return Finding(code, severity, ARTICLE, params, tuple(items))
