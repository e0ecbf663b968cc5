"""The life of a claim and of its lines: which step leads where, and who takes it. Drawn in `docs/claim-states.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

By = Literal["technician", "finance", "system"]

CLAIM_STATES = ("draft", "submitted", "returned", "decided")
LINE_STATES = (
    "draft",
    "submitted",
    "blocked",
    "needs_review",
    "clear",
    "approved",
    "refused",
    "returned",
    "paid",
)

JUDGED = frozenset({"blocked", "needs_review", "clear"})
"""The rules have spoken, finance has not."""
DECIDED = frozenset({"approved", "refused", "paid"})
EDITABLE = frozenset({"draft", "returned"})
"""The technician's own: a line that was not handed in, or was given back for repair."""
NOT_JUDGED = EDITABLE | {"refused", "paid"}
"""What the technician still works on is not judged yet; what was refused or paid is not judged again."""


@dataclass(frozen=True)
class Step:
    """One way from a state to another: who takes it, and when."""

    before: str
    after: str
    by: By
    why: str


CLAIM_STEPS = (
    Step("draft", "submitted", "technician", "hands in"),
    Step("submitted", "returned", "system", "a line was returned"),
    Step("returned", "submitted", "technician", "hands in again"),
    Step("returned", "submitted", "system", "no line is left to repair"),
    Step("returned", "decided", "system", "the other lines are decided"),
    Step("returned", "draft", "system", "every line was withdrawn"),
    Step("submitted", "decided", "system", "every line is decided"),
    Step("decided", "submitted", "system", "a decision was taken back"),
)
LINE_STEPS = (
    Step("draft", "submitted", "system", "the claim is handed in"),
    Step("returned", "submitted", "system", "the claim is handed in again"),
    *(Step("submitted", state, "system", "the rules judge") for state in ("blocked", "needs_review", "clear")),
    *(Step(*pair, "system", "judged again") for pair in (("blocked", "needs_review"), ("needs_review", "blocked"))),
    *(Step(*pair, "system", "judged again") for pair in (("blocked", "clear"), ("clear", "blocked"))),
    *(Step(*pair, "system", "judged again") for pair in (("needs_review", "clear"), ("clear", "needs_review"))),
    *(Step(state, "approved", "finance", "approves") for state in ("needs_review", "clear")),
    *(Step(state, "refused", "finance", "refuses, with a reason") for state in ("blocked", "needs_review", "clear")),
    *(Step(state, "returned", "finance", "returns, with a reason") for state in ("blocked", "needs_review", "clear")),
    *(Step(state, "submitted", "finance", "takes the decision back") for state in ("approved", "refused")),
    *(Step("approved", state, "system", "its grounds are gone") for state in ("blocked", "needs_review", "clear")),
    Step("approved", "paid", "finance", "pays"),
)
"""A paid line is at its end. A mistake found later is a line of its own that takes the money back: a reversal."""


def may_step(steps: Iterable[Step], before: str, after: str, by: By) -> bool:
    """Whether that party may take a record from one state to the other."""
    return any((step.before, step.after, step.by) == (before, after, by) for step in steps)


def judged_status(findings: Iterable[Mapping[str, Any]]) -> str:
    """The state that findings put a line in. A finding that was waived counts for nothing."""
    severities = {finding["severity"] for finding in findings if not finding.get("waived")}
    if "block" in severities:
        return "blocked"
    return "needs_review" if "review" in severities else "clear"


def claim_status(now: str, lines: Iterable[Mapping[str, Any]], *, was_returned: bool) -> str:
    """The state that its lines put a claim in. `was_returned`: one of them was given back at this moment.

    A claim that is being handed in again is no longer returned, though its lines follow one after the other.
    """
    states = {line["status"] for line in lines}
    if now == "draft" or not states:
        return "draft"
    if "returned" in states and (was_returned or now == "returned"):
        return "returned"
    return "decided" if states <= DECIDED else "submitted"


def stands(line: Mapping[str, Any]) -> bool:
    """Whether a line asks for its money, or has it: it was not refused, not reversed, and is no reversal."""
    return line["status"] != "refused" and not line["reverses"] and not line["reversed_by"]


def payable_minor(line: Mapping[str, Any]) -> int:
    """What an approved line pays beyond the advance, in minor units; below zero for a reversal."""
    return int(line["approved_minor"]) - int(line["set_off_minor"])
