"""A drawn document, and what it truly says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Document = Literal["digital", "vat", "rail", "air", "taxi", "toll", "fixed", "coach", "ride"]


class Leg(NamedTuple):
    """One part of a journey, as printed, with the prefecture-level codes of its ends (empty where unknown)."""

    departure: str
    destination: str
    from_division: str
    to_division: str
    travel_on: str


@dataclass(frozen=True)
class Truth:
    """What stands on a document, and what is so though it does not stand there (`place`, `seller_division`).

    Amounts are fen; `net_minor` and `tax_minor` are None where the document does not state them. Dates are
    `YYYY-MM-DD`, empty where there is none. `place` is the six-digit prefecture-level code of where the service
    truly took place.
    """

    document: Document
    fapiao_code: str
    fapiao_number: str
    issued_on: str
    amount_minor: int
    net_minor: int | None = None
    tax_minor: int | None = None
    seller_name: str = ""
    seller_tax_id: str = ""
    seller_division: str = ""
    seller_address: str = ""
    buyer_name: str = ""
    buyer_tax_id: str = ""
    item: str = ""
    remark: str = ""
    legs: tuple[Leg, ...] = ()
    place: str = ""
    has_qr: bool = False


@dataclass(frozen=True)
class Sample:
    """One document as a person would hand it in."""

    kind: str
    media_type: str
    data: bytes
    truth: Truth
