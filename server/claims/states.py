"""The life of a claim and of its lines: which step leads where, and who takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CLAIM_STATES = ("draft", "submitted", "decided")
LINE_STATES = ("draft", "submitted", "blocked", "needs_review", "clear", "approved", "refused", "paid")

JUDGED = frozenset({"blocked", "needs_review", "clear"})
"""The rules have spoken, finance has not."""
DECIDED = frozenset({"approved", "refused", "paid"})

FINANCE_STEPS: Mapping[str, frozenset[str]] = {
    "blocked": frozenset({"refused"}),
    "needs_review": frozenset({"approved", "refused"}),
    "clear": frozenset({"approved", "refused"}),
    "approved": frozenset({"paid", "submitted"}),
    "refused": frozenset({"submitted"}),
}
"""Where finance may take a line. `submitted` undoes a decision: the rules then speak again."""


def may_step(before: str, after: str) -> bool:
    """Whether finance may take a line from one state to the other."""
    return after in FINANCE_STEPS.get(before, frozenset())


def judged_status(findings: Iterable[Mapping[str, Any]]) -> str:
    """The state that findings put a line in. A finding that was waived counts for nothing."""
    severities = {finding["severity"] for finding in findings if not finding.get("waived")}
    if "block" in severities:
        return "blocked"
    return "needs_review" if "review" in severities else "clear"
