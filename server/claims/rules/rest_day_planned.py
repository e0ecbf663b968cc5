"""REG-D3: money spent on a weekend or a public holiday belongs to the trip only if its plan says so."""

from __future__ import annotations

from datetime import date, timedelta

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding

ARTICLE = "REG-D3"


def rest_day_planned(facts: Facts) -> list[Finding]:
    """A day of rest outside the plan, on which the person did not travel either, asks for a person.

    A planned emergency job on a Sunday is planned; the day of a ticket of the same days is a day of travel; a journey
    on the eve of the trip or the day after it needs nothing more. For a year whose holidays are not known to us a
    Saturday or Sunday is only noted, because it may be a working day that makes up for a holiday.
    """
    if not facts.day.is_rest or not facts.trip.stops or _is_planned(facts) or _is_travel_day(facts):
        return []
    params = {"issued_on": facts.receipt.issued_on}
    if not facts.day.is_known:
        return [Finding("rest_day_maybe", "info", ARTICLE, params)]
    code = "holiday_outside_plan" if facts.day.holiday else "weekend_outside_plan"
    return [Finding(code, "review", ARTICLE, params)]


def _is_planned(facts: Facts) -> bool:
    return any(stop.arrive_on <= facts.receipt.issued_on <= stop.leave_on for stop in facts.trip.stops)


def _is_travel_day(facts: Facts) -> bool:
    day = facts.receipt.issued_on
    if any(other.is_own and other.is_journey and other.issued_on == day for other in facts.others):
        return True
    if facts.receipt.category != "transport":
        return False
    eve = date.fromisoformat(min(stop.arrive_on for stop in facts.trip.stops)) - timedelta(1)
    after = date.fromisoformat(max(stop.leave_on for stop in facts.trip.stops)) + timedelta(1)
    return facts.receipt.is_journey or day in (eve.isoformat(), after.isoformat())
