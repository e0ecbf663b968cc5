"""Numbers on Chinese invoices: what they look like, and what they say of the place.

Sources: the regions in codes and numbers from the tax administration's own verification script and published invoices;
GB 32100-2015 for the unified social credit code.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from server.places.divisions import PLANNED_CITIES, Granularity, granularity

Region = tuple[str, Granularity]
Kind = Literal["digital", "vat", "local"]

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PLANNED_BY_NUMBER = {"91": "210200", "92": "370200", "93": "330200", "94": "350200", "95": "440300"}
"""Planned cities in digits 3 and 4 of a fully digital number (91 by elimination; the others seen on documents)."""
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
    ]
)


@dataclass(frozen=True)
class Fapiao:
    """An invoice's numbers, once their form is right. `identity` is unique among all invoices of the country."""

    kind: Kind
    identity: str
    region: Region | None


@lru_cache(4096)
def normal(text: str) -> str:
    """Digits and letters as they are compared: full-width forms made narrow, spaces left out, capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


@lru_cache(4096)
def parse_fapiao(code: str, number: str) -> Fapiao | None:
    """Read a code and a number. None where they do not have a form that exists.

    Fully digital: no code, 20 digits: year, year, region, region, channel, sequence. VAT: a code of 10 digits, or of 12
    that begins with 0, and 8 digits. Local (taxi, fixed amount): a code of 12 digits that begins with 1 or 2.
    """
    code, number = normal(code), normal(number)
    if not code and re.fullmatch(r"[0-9]{20}", number):
        return Fapiao("digital", f"E{number}", _digital_region(number))
    if not re.fullmatch(r"[0-9]{8}", number):
        return None
    if re.fullmatch(r"[0-9]{10}", code):
        return Fapiao("vat", f"C{code}{number}", _code_region(code[:4]))
    if re.fullmatch(r"0[0-9]{11}", code):
        return Fapiao("vat", f"C{code}{number}", _code_region(code[1:5]))
    if re.fullmatch(r"[12][0-9]{11}", code):
        return Fapiao("local", f"C{code}{number}", _local_region(code[1:5]))
    return None


def identity_of(code: str, number: str) -> str:
    """`E` and 20 digits, or `C`, code and number; empty where the numbers have no right form."""
    fapiao = parse_fapiao(code, number)
    return fapiao.identity if fapiao else ""


def series_of(identity: str) -> tuple[str, int]:
    """An identity as its series (all but the running number) and the number: the last 15 digits, or the 8 of a code's.

    `("", 0)` for an empty one.
    """
    width = 15 if identity.startswith("E") else 8
    return (identity[:-width], int(identity[-width:])) if identity else ("", 0)


def identities_near(identity: str, within: int) -> list[str]:
    """The identities of the same series whose numbers lie at most so far before or behind."""
    if not identity:
        return []
    series, number = series_of(identity)
    width = len(identity) - len(series)
    near = range(max(0, number - within), number + within + 1)
    return [f"{series}{other:0{width}}" for other in near if other != number and len(str(other)) <= width]


@lru_cache(4096)
def credit_code_error(text: str) -> str | None:
    """What is wrong with a seller's tax id: `bad_format`, `bad_check`, or None.

    18 characters are checked by GB 32100-2015: the sum of value x 3^i mod 31 over the first 17. Older ids of 15 digits
    and ids of 20 characters made from an identity number carry no check that can be recomputed.
    """
    code = normal(text)
    if re.fullmatch(r"[0-9]{15}", code) or re.fullmatch(r"[0-9A-Z]{20}", code):
        return None
    if len(code) != 18 or any(character not in _CREDIT_ALPHABET for character in code):
        return "bad_format"
    total = sum(_CREDIT_ALPHABET.index(character) * 3**place for place, character in enumerate(code[:17]))
    return None if _CREDIT_ALPHABET[(31 - total % 31) % 31] == code[17] else "bad_check"


def registration_region(text: str) -> Region | None:
    """Where a seller is registered: characters 3 to 8 of a right id of 18 characters.

    None for ids made from a person's identity number: their region is the person's, and it is personal data.
    """
    code = normal(text)
    if len(code) != 18 or credit_code_error(code):
        return None
    region = code[2:8]
    if not region.isdecimal() or region[:2] not in _PROVINCES:
        return None
    return region, granularity(region)


def _digital_region(number: str) -> Region | None:
    digits = number[2:4]
    if digits in _PLANNED_BY_NUMBER:
        return _PLANNED_BY_NUMBER[digits], "prefecture"
    return (f"{digits}0000", "province") if digits in _PROVINCES else None


def _code_region(digits: str) -> Region | None:
    if digits in PLANNED_CITIES:
        return f"{digits}00", "prefecture"
    return (f"{digits[:2]}0000", "province") if digits[:2] in _PROVINCES else None


def _local_region(digits: str) -> Region | None:
    if digits[:2] not in _PROVINCES:
        return None
    return f"{digits}00", granularity(f"{digits}00")
