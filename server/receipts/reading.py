"""What a receipt says of its place, from its numbers and its QR text: evidence for REG-D3.

Documents themselves are read by the readers in `server/receipts/readers/`; what they find joins the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.places.divisions import granularity, same_province
from server.receipts.fapiao import Region, normal, parse_fapiao, registration_region
from server.receipts.qr import FapiaoQr, parse_qr


def read_evidence(receipt: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Evidence items `{kind, value, source, division, granularity}`, strongest first.

    `source` is `qr` for what a machine read off the document, `typed` for what a person typed from it. A seller's
    registration has `corroborated` true where the QR names the same province.
    """
    qr = parse_qr(receipt["qr_text"])
    items = [_issuer(receipt, qr), _seller(receipt, qr), _typed(receipt)]
    return [item for item in items if item]


def _issuer(receipt: Mapping[str, Any], qr: FapiaoQr | None) -> dict[str, Any] | None:
    code, number = (qr.code, qr.number) if qr else (receipt["fapiao_code"], receipt["fapiao_number"])
    fapiao = parse_fapiao(code, number)
    if fapiao is None or fapiao.region is None:
        return None
    kind = "local_code" if fapiao.kind == "local" else "fapiao_region"
    item = _item(kind, normal(code) + normal(number), "qr" if qr else "typed", fapiao.region)
    return item | ({"qr_type": qr.type} if qr else {})


def _seller(receipt: Mapping[str, Any], qr: FapiaoQr | None) -> dict[str, Any] | None:
    region = registration_region(receipt["seller_tax_id"])
    if region is None:
        return None
    issuer = parse_fapiao(qr.code, qr.number) if qr else None
    issued_in = issuer.region[0] if issuer and issuer.region else None
    agrees = issued_in is not None and same_province(issued_in, region[0])
    return _item("seller_registration", normal(receipt["seller_tax_id"]), "typed", region) | {"corroborated": agrees}


def _typed(receipt: Mapping[str, Any]) -> dict[str, Any] | None:
    code = receipt["typed_division"]
    return _item("typed", code, "typed", (code, granularity(code))) if code else None


def _item(kind: str, value: str, source: str, region: Region) -> dict[str, Any]:
    return {"kind": kind, "value": value, "source": source, "division": region[0], "granularity": region[1]}
