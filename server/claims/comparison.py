"""What was typed beside what the document says, for the person who decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.claims.rules.document_agrees import main_document
from server.receipts.evidence import strongest
from server.receipts.fapiao import normal
from server.receipts.readers.fact import SURE

Evidence = Mapping[str, Any]
_TYPED = {
    "fapiao_number": "fapiao_number",
    "fapiao_code": "fapiao_code",
    "issued_on": "issued_on",
    "amount_total": "amount_minor",
    "seller_name": "seller_name",
    "seller_tax_id": "seller_tax_id",
}
_READ_ONLY = ("amount_net", "amount_tax", "buyer_name", "buyer_tax_id", "passenger", "item", "remark")
_LEG = ("departure", "destination", "travel_on")
_PLACES = (
    "service_place",
    "local_code",
    "title",
    "seller_address",
    "seller_name",
    "seller_registration",
    "fapiao_region",
    "position",
    "typed",
    "reviewer",
)


@dataclass(frozen=True)
class Row:
    """One thing to compare. `typed` is None where people do not type it."""

    kind: str
    typed: str | None
    item: Evidence
    differs: bool

    @property
    def is_sure(self) -> bool:
        return float(self.item.get("confidence", 1.0)) >= SURE

    @property
    def crop(self) -> str:
        """Left, top, right, bottom in fractions, as the picture's address wants them; a code is nothing to look at."""
        box = self.item.get("box") if self.item["source"] != "qr" else None
        return ",".join(f"{side:.4f}" for side in box) if box and not self.item.get("page") else ""


def rows_of(receipt: Mapping[str, Any]) -> list[Row]:
    """What was read from the receipt's documents, each beside what was typed, in the order in which one looks."""
    document = main_document(receipt["evidence"] or [])
    rows = [row for kind in (*_TYPED, *_READ_ONLY) for row in _row(kind, receipt, document)]
    return [*rows, *(Row(item["kind"], None, item, False) for item in _legs(document))]


def places_of(receipt: Mapping[str, Any]) -> list[Evidence]:
    """The evidence that names a place, the strongest first; the same place by the same word once."""
    found = [item for item in receipt["evidence"] or [] if item["kind"] in _PLACES and item.get("division")]
    once = {(item["kind"], item["division"], item["source"]): item for item in reversed(found)}
    return sorted(once.values(), key=lambda item: _PLACES.index(item["kind"]))


def _row(kind: str, receipt: Mapping[str, Any], document: Iterable[Evidence]) -> Iterator[Row]:
    item = strongest(document, kind)
    if item is None:
        return
    field = _TYPED.get(kind)
    typed = str(receipt[field]) if field else None
    yield Row(kind, typed, item, typed is not None and normal(typed) != normal(item["value"]))


def _legs(document: Iterable[Evidence]) -> list[Evidence]:
    found = [item for item in document if item["kind"] in _LEG]
    return sorted(found, key=lambda item: (item.get("leg", 0), _LEG.index(item["kind"])))
