"""What a receipt says of itself: from its numbers and its QR text, from its documents, from people. For REG-D3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.places.divisions import granularity, same_province
from server.places.position import divisions_at
from server.receipts.fapiao import Region, identity_of, normal, parse_fapiao, registration_region
from server.receipts.qr import FapiaoQr, parse_qr
from server.receipts.readers.fact import SURE

Evidence = Mapping[str, Any]
_BY_STRENGTH = ("xml", "ofd", "qr", "pdf", "ocr")


def evidence_of(receipt: Mapping[str, Any], found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """All evidence of a receipt: of its numbers, of its documents (`found`), and what people read off its picture."""
    by_people = [item for item in receipt["evidence"] or [] if item["kind"] == "reviewer"]
    # Note: what a person read holds for the pictures that they saw, not for others put in their place.
    by_people = [item for item in by_people if item.get("seen", receipt["attachments"]) == receipt["attachments"]]
    return [*read_evidence(receipt), *(dict(item) for item in found), *_position(receipt), *by_people]


def read_evidence(receipt: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Evidence items `{kind, value, source, division, granularity}`, strongest first.

    `source` is `qr` for what a machine read off the document, `typed` for what a person typed from it. A seller's
    registration has `corroborated` true where the QR names the same province.
    """
    qr = parse_qr(receipt["qr_text"])
    items = [_issuer(receipt, qr), _seller(receipt, qr), _typed(receipt)]
    return [item for item in items if item]


def identity_in(receipt: Mapping[str, Any], found: Sequence[Evidence]) -> str:
    """The receipt's identity: by its document where that was read with certainty, else by what was typed."""
    number = stated(found, "fapiao_number")
    code = stated([item for item in found if number and item["source"] == number["source"]], "fapiao_code")
    if number:
        in_document = identity_of(code["value"] if code and len(number["value"]) == 8 else "", number["value"])
        if in_document:
            return in_document
    return identity_of(receipt["fapiao_code"], receipt["fapiao_number"])


def is_sure(item: Evidence) -> bool:
    """Whether a machine read this off the document so clearly that it may decide."""
    return item["source"] in _BY_STRENGTH and float(item.get("confidence", 1.0)) >= SURE


def stated(evidence: Iterable[Evidence], kind: str) -> Evidence | None:
    """What a document says for certain: of several sources the strongest, files before codes before print."""
    return strongest((item for item in evidence if is_sure(item)), kind)


def strongest(evidence: Iterable[Evidence], kind: str) -> Evidence | None:
    """What a document says, sure or not: of several sources the strongest, of one source the surest."""
    found = [item for item in evidence if item["kind"] == kind and item["source"] in _BY_STRENGTH]

    def rank(item: Evidence) -> tuple[bool, int, float]:
        return not is_sure(item), _BY_STRENGTH.index(item["source"]), -float(item.get("confidence", 1.0))

    return min(found, key=rank, default=None)


def main_document(evidence: Sequence[Evidence], typed_number: str = "") -> list[Evidence]:
    """What was read from the receipt's own document: from each file that bears its number.

    A receipt may show other papers beside it, such as a list of rides: what they say is not the receipt's. Of several
    invoices the one that was typed is meant, else the one that is read most surely.
    """
    read = [item for item in evidence if item.get("attachment")]
    numbers = [item for item in read if item["kind"] == "fapiao_number" and is_sure(item)]
    number = next((item for item in numbers if item["value"] == normal(typed_number)), None) or stated(
        read, "fapiao_number"
    )
    if number is None:
        return read
    files = {
        item["attachment"] for item in read if item["kind"] == "fapiao_number" and item["value"] == number["value"]
    }
    return [item for item in read if item["attachment"] in files]


def own_evidence(evidence: Sequence[Evidence], typed_number: str = "") -> tuple[Evidence, ...]:
    """The evidence without what other papers beside the receipt's own document say."""
    document = main_document(evidence, typed_number)
    return (*(item for item in evidence if not item.get("attachment")), *document)


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


def _position(receipt: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the phone was when the receipt was captured, where that is one prefecture for certain."""
    position = receipt.get("capture_position")
    if not position:
        return []
    around = divisions_at(position["lat"], position["lon"], position.get("accuracy_m", 0))
    value = f"{position['lat']:.5f},{position['lon']:.5f}"
    return [_item("position", value, "phone", (around[0], granularity(around[0])))] if len(around) == 1 else []


def _typed(receipt: Mapping[str, Any]) -> dict[str, Any] | None:
    code = receipt["typed_division"]
    return _item("typed", code, "typed", (code, granularity(code))) if code else None


def _item(kind: str, value: str, source: str, region: Region) -> dict[str, Any]:
    return {"kind": kind, "value": value, "source": source, "division": region[0], "granularity": region[1]}
