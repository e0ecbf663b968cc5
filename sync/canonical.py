"""One byte form for a value, so that hashes and comparisons mean the same everywhere."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical(value: Any) -> str:
    """JSON with sorted keys and no white space. Raises ValueError or TypeError for what JSON lacks (NaN reads null)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal; unlike `==`, true is not 1."""
    if type(left) is str or left is None:
        return left is right or (type(left) is type(right) and bool(left == right))
    return canonical(left) == canonical(right)
