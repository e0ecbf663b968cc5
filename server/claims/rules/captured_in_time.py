"""REG-D3: a receipt is photographed when one gets it: not before it was issued, not months after."""

from __future__ import annotations

from datetime import date, timedelta

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding

ARTICLE = "REG-D3"
LATE_DAYS = 45
EARLY_DAYS = 1


def captured_in_time(facts: Facts) -> list[Finding]:
    """The phone's day of capture and the camera's own note against the date of issue.

    Clocks of phones and cameras may be wrong, so this asks for a person and refuses nothing. A ticket's invoice may be
    issued long after the journey, so one that was captured before is no matter.
    """
    noted = [item["value"][:10] for item in facts.receipt.evidence if item["kind"] == "taken_at"]
    days = sorted({day for day in (facts.receipt.captured_on, *noted) if day})
    if not days:
        return []
    issued = date.fromisoformat(facts.receipt.issued_on)
    params = {"issued_on": facts.receipt.issued_on, "captured_on": days[0]}
    is_early = date.fromisoformat(days[0]) < issued - timedelta(EARLY_DAYS)
    if is_early and not facts.receipt.is_journey:
        return [Finding("captured_before_issue", "review", ARTICLE, params)]
    if date.fromisoformat(days[-1]) > issued + timedelta(LATE_DAYS):
        return [Finding("captured_long_after", "review", ARTICLE, params | {"captured_on": days[-1]})]
    return []
