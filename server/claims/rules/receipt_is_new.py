"""REG-D3: a receipt is handed in once: by anybody, in any year, in any state."""

from __future__ import annotations

from collections.abc import Sequence

from server.claims.rules.facts import Facts, Twin
from server.claims.rules.finding import Finding, Severity

ARTICLE = "REG-D3"


def receipt_is_new(facts: Facts) -> list[Finding]:
    """The invoice's identity and its files have not been handed in before; a picture much alike is worth a look."""
    return [
        *_repeats("receipt_duplicate", "block", facts.same_identity),
        *_repeats("same_file", "block", facts.same_file),
        *_repeats("similar_picture", "review", facts.similar_picture),
    ]


def _repeats(code: str, severity: Severity, twins: Sequence[Twin]) -> list[Finding]:
    before = [twin for twin in twins if twin.stands_before]
    if not before:
        return []
    evidence = tuple({"kind": "receipt", "value": twin.receipt_id} for twin in before)
    params = {
        "count": len(before),
        "own": all(twin.is_own for twin in before),
        "issued_on": before[0].issued_on,
    }
    return [Finding(code, severity, ARTICLE, params, evidence)]
