"""The table of cases (docs/cases.md) is complete: every case has its tests, and they are there and say so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = [f"T{number}" for number in range(1, 27)]


def table() -> dict[str, list[str]]:
    """The tests of each case, as the document names them."""
    rows = re.findall(r"^\| (T\d+) \|(.*)\|$", (ROOT / "docs" / "cases.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {case: re.findall(r"`([^`]+)`", rest) for case, rest in rows}


def docstring(test: str) -> str | None:
    """What a test says of itself; None where there is no such test."""
    path, _, name = test.partition("::")
    module = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    found = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return ast.get_docstring(found[0]) or "" if found else None


def test_every_case_has_tests_that_are_there_and_name_it() -> None:
    named = table()
    assert list(named) == CASES
    assert [case for case, tests in named.items() if not tests] == []
    silent = [
        (case, test)
        for case, tests in named.items()
        for test in tests
        if not re.search(rf"\b{case}\b", docstring(test) or "")
    ]
    assert silent == []
