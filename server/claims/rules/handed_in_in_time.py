"""REG-D3: a claim is handed in within the days that the finance rules give after the trip."""

from __future__ import annotations

from datetime import date, timedelta

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.claims.rules.limits import in_force

ARTICLE = "REG-D3"


def handed_in_in_time(facts: Facts) -> list[Finding]:
    """No later than the trip's last day and the days of the limit of that day."""
    if not facts.trip.stops or not facts.handed_in_on:
        return []
    ends = max(stop.leave_on for stop in facts.trip.stops)
    days = in_force(facts.limits, "hand_in_days", "", ends)
    if days is None:
        return []
    deadline = (date.fromisoformat(ends) + timedelta(days)).isoformat()
    if facts.handed_in_on <= deadline:
        return []
    params = {"handed_in_on": facts.handed_in_on, "deadline": deadline}
    return [Finding("handed_in_late", "review", ARTICLE, params)]
