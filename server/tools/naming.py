"""How tools are told apart and found: serial numbers, our labels, kinds, shelves, and the codes that are scanned."""

from __future__ import annotations

import re
import unicodedata

_LABEL_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread on a worn label
_MISREAD = str.maketrans("OIL", "011")
_LONGEST = 400
UNIT_PREFIX, PURCHASE_PREFIX = "FC-", "FP-"


def normal_serial(text: str) -> str:
    """A serial number as it is kept: without spaces, in capitals."""
    return "".join(text.split()).upper()


def serial_key(text: str) -> str:
    """A serial number as it is compared: letters and figures only, full width or not, O as 0, I and L as 1.

    So a tool that is typed a little otherwise the second time is still the same tool.
    """
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(filter(str.isalnum, folded)).translate(_MISREAD)[:_LONGEST]


def kind_key(name: str, model: str) -> str:
    """A name and a model as they are compared: width, case, spaces and signs do not matter."""
    return "|".join(_folded(part) for part in (name, model))[:_LONGEST]


def normal_shelf(text: str) -> str:
    """A shelf as it is kept: one spelling of each."""
    return " ".join(unicodedata.normalize("NFKC", text).upper().split())[:40]


def label_of(unit_id: str) -> str:
    """Our label for a unit: `FC-` and eight characters from the random end of its id."""
    return UNIT_PREFIX + _short(unit_id)


def purchase_code(purchase_id: str) -> str:
    """What a phone shows and a counter scans for a purchase: `FP-` and eight characters."""
    return PURCHASE_PREFIX + _short(purchase_id)


def label_in(text: str) -> str:
    """The label of ours that a scanned text is; empty where it is none."""
    key = re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", text).upper())
    found = re.fullmatch(f"FC([{_LABEL_ALPHABET}]{{8}})", key)
    return UNIT_PREFIX + found.group(1) if found else ""


def _short(record_id: str) -> str:
    number = int(record_id.replace("-", "")[-14:], 16)
    characters = []
    for _ in range(8):
        number, rest = divmod(number, len(_LABEL_ALPHABET))
        characters.append(_LABEL_ALPHABET[rest])
    return "".join(characters)


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
