"""The text in an invoice's QR code: `01,<type>,<code>,<number>,<amount>,<yyyymmdd>,<check code>,<4 hex>,`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from server.receipts.fapiao import normal

TOTAL_TYPES = frozenset({"31", "32", "51", "61"})
"""Fully digital kinds: the amount includes the tax."""
NET_TYPES = frozenset({"01", "04", "08", "10", "14"})
"""Older VAT kinds: the amount is without the tax. Of the kinds in neither set it is not known."""
_HIGHEST_VAT_PERCENT = 17
"""The highest rate that paper with an older code was ever issued at: 17 % until April 2018. Of several rates on one
invoice, of tax on a difference only, of toll and of no tax at all the tax is less."""
_ROUNDING_MINOR = 127
"""The most that the tax control software let the tax of a whole invoice differ from its rate: 1.27 yuan."""
RAIL = "51"
_MAX_LENGTH = 1000
_FEWEST, _MOST = 7, 9


@dataclass(frozen=True)
class FapiaoQr:
    """What the QR of an invoice says. `amount_minor` is None where the field holds no amount."""

    type: str
    code: str
    number: str
    amount_minor: int | None
    issued_on: str


@lru_cache(4096)
def parse_qr(text: str) -> FapiaoQr | None:
    """Read the text of a QR code. None where it is not an invoice's: a link, a payment code, anything else."""
    if not text or len(text) > _MAX_LENGTH:
        return None
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    if not _FEWEST <= len(parts) <= _MOST or normal(parts[0]) != "01":
        return None
    kind, code, number, amount, day = (normal(part) for part in parts[1:6])
    if not re.fullmatch(r"[0-9]{2}", kind) or not re.fullmatch(r"[0-9]{8}|[0-9]{20}", number):
        return None
    if not re.fullmatch(r"[0-9]{10}|[0-9]{12}|", code):
        return None
    issued_on = _date(day)
    if issued_on is None:
        return None
    return FapiaoQr(kind, code, number, _minor(amount), issued_on)


def may_be_total(total_minor: int, net_minor: int) -> bool:
    """Whether an amount can be the total of an invoice whose code or document states the amount without tax (REG-D3).

    Both in minor units: not less than the net amount, nor more than the highest tax there was makes of it.
    """
    most = net_minor * (100 + _HIGHEST_VAT_PERCENT) + _ROUNDING_MINOR * 100
    return net_minor <= total_minor and total_minor * 100 <= most


def _minor(text: str) -> int | None:
    match = re.fullmatch(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?", text)
    if not match:
        return None
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _date(text: str) -> str | None:
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return None
