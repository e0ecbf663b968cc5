"""Amounts, dates and names as documents write them, brought to one form."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_AMOUNT = re.compile(r"([-(]?)[¥￥]?\s*([-]?)((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,10}))(?:\.([0-9]{1,2}))?\)?元?")
_DAY = re.compile(
    r"(20[0-9]{2})\s*(?:年|[-/.])?\s*([0-9]{1,2})\s*(?:月|[-/.])?\s*([0-9]{1,2})(?:\s*日|[^0-9]|[0-9]{6,9}$|$)"
)
_COMPACT_DAY = re.compile(r"(20[0-9]{2})([0-9]{2})([0-9]{2})(?:[0-9]{6}|[0-9]{9})?")


def plain(text: str) -> str:
    """A text in its usual characters (NFKC), without spaces at its ends and with single spaces inside.

    Note: files of e-invoices hold look-alikes such as the radical `⽉` for `月`; NFKC brings them back.
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def minor_of(text: str) -> str:
    """An amount such as `¥1,250.30` or `-80` in whole minor units, as text; empty where it is none."""
    match = _AMOUNT.fullmatch(plain(text).replace(" ", ""))
    if not match:
        return ""
    minus = "-" if match[1] or match[2] else ""
    minor = int(match[3].replace(",", "")) * 100 + int((match[4] or "").ljust(2, "0"))
    return f"{minus}{minor}"


def day_of(text: str) -> str:
    """A date such as `2020年07月23日`, `2024-05-28 10:20:30` or `20260227172851000` as `YYYY-MM-DD`; empty for none."""
    text = plain(text)
    match = _COMPACT_DAY.fullmatch(text) or _DAY.match(text)
    if not match:
        return ""
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return ""


def is_personal_id(text: str) -> bool:
    """Whether a seller's id is made from a person's identity number: it is personal data and says nothing of a place.

    Individual traders registered before the uniform code have 18 or 20 digits: division, date of birth, sequence.
    """
    return bool(
        re.fullmatch(r"[1-8][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9X]([0-9A-Z]{2})?", text)
    )
