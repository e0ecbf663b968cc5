"""Cases that the server's rules and the phone's must both get right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def vectors(name: str) -> pytest.MarkDecorator:
    """Parametrise a test over `tests/vectors/<name>.json`; each case has a name, an input and what to expect."""
    path = Path(__file__).parent / "vectors" / f"{name}.json"
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return pytest.mark.parametrize(
        ("given", "expected"),
        [pytest.param(case["input"], case["expect"], id=case["name"]) for case in cases],
    )
