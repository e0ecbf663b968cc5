"""One byte form for a value, so that hashes and comparisons mean the same everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson


def canonical(value: Any) -> str:
    """JSON with sorted keys and no white space. Raises ValueError or TypeError for what JSON lacks (NaN reads null)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal; unlike `==`, true is not 1. A phone writes 30.0 as 30: that is one number."""
    if type(left) is str or left is None:
        return left is right or (type(left) is type(right) and bool(left == right))
    return canonical(left) == canonical(right) or (
        bool(left == right) and canonical(_whole(left)) == canonical(_whole(right))
    )


def _whole(value: Any) -> Any:
    """The value with its whole numbers as integers."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value
