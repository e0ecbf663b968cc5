"""What was typed beside what the document says, for the person who decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from server.claims.rules.place_matches_trip import STRENGTH
from server.receipts.evidence import is_sure, main_document, strongest
from server.receipts.fapiao import normal

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
_PLACES = (*STRENGTH, "position", "typed", "reviewer")
_WORDED = ("service_place", "title", "seller_address", "reviewer")


@dataclass(frozen=True)
class Row:
    """One thing to compare. `typed` is None where people do not type it."""

    kind: str
    typed: str | None
    item: Evidence
    differs: bool

    @property
    def marks(self) -> list[tuple[str, bool]]:
        """What was typed, in parts, each with whether it differs from what was read."""
        typed, read = self.typed or "", str(self.item["value"])
        steps = SequenceMatcher(None, read, typed, autojunk=False).get_opcodes()
        return [(typed[begin:end], step != "equal") for step, _, _, begin, end in steps if begin < end]

    @property
    def is_sure(self) -> bool:
        return is_sure(self.item)

    @property
    def crop(self) -> str:
        """Left, top, right, bottom in fractions, as the picture's address wants them; a code is nothing to look at."""
        box = self.item.get("box") if self.item["source"] != "qr" else None
        return ",".join(f"{side:.4f}" for side in box) if box and not self.item.get("page") else ""


@dataclass(frozen=True)
class Place:
    """A place that one kind of evidence names. `sources` are readers, or the id of the person who read it."""

    kind: str
    division: str
    sources: tuple[str, ...]
    words: str


def rows_of(receipt: Mapping[str, Any]) -> list[Row]:
    """What was read from the receipt's documents, each beside what was typed, in the order in which one looks."""
    document = main_document(receipt["evidence"] or [], receipt["fapiao_number"])
    rows = [row for kind in (*_TYPED, *_READ_ONLY) for row in _row(kind, receipt, document)]
    return [*rows, *(Row(item["kind"], None, item, False) for item in _legs(document))]


def places_of(receipt: Mapping[str, Any]) -> list[Place]:
    """The places that the evidence names, the strongest first; one place by one kind of evidence once."""
    found: dict[tuple[str, str], list[Evidence]] = {}
    for item in receipt["evidence"] or []:
        if item["kind"] in _PLACES and item.get("division"):
            found.setdefault((item["kind"], item["division"]), []).append(item)
    places = [
        Place(kind, division, tuple(dict.fromkeys(item["source"] for item in items)), _words(kind, items))
        for (kind, division), items in found.items()
    ]
    return sorted(places, key=lambda place: _PLACES.index(place.kind))


def _words(kind: str, items: Iterable[Evidence]) -> str:
    """What stands on the document, where that says more than its place."""
    return "; ".join(dict.fromkeys(str(item["value"]) for item in items)) if kind in _WORDED else ""


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
