"""REG-D3: the daily travel allowance: a fixed sum for each day of the trip, without a receipt, once for each day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from server.claims.rules.facts import Facts, Limit, Stop
from server.claims.rules.finding import Finding
from server.claims.rules.limits import in_force, tier_of

ARTICLE = "REG-D3"
CATEGORY = "allowance"
MOST_DAYS = 366


@dataclass(frozen=True)
class AllowanceDay:
    """One day of an allowance: the city that counts, its tier, and the rate in minor units."""

    day: str
    division_code: str
    tier: int
    rate_minor: int

    def to_wire(self) -> dict[str, Any]:
        """The day as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class NoAllowance:
    """Why no allowance can be made of these days: an error's code, and the first day that it is about."""

    code: str
    day: str


def allowance_of(
    first: str, last: str, stops: Sequence[Stop], limits: Sequence[Limit]
) -> tuple[AllowanceDay, ...] | NoAllowance:
    """Every day from the first to the last (`YYYY-MM-DD`) with its rate, or why there is no allowance for them."""
    days = days_between(first, last)
    if not days or len(days) > MOST_DAYS:
        return NoAllowance("allowance_days_wrong", first)
    rated = []
    for day in days:
        cities = _cities(stops, day)
        if not cities:
            return NoAllowance("allowance_outside_trip", day)
        rate = _dearest(cities, limits, day)
        if rate is None or rate.rate_minor == 0:
            return NoAllowance("allowance_no_rate", day)
        rated.append(rate)
    return tuple(rated)


def days_between(first: str, last: str) -> list[str]:
    """The days from the first to the last, both included; none where there is no such span."""
    if not first or not last:
        return []
    begins, count = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return [(begins + timedelta(number)).isoformat() for number in range(min(count, MOST_DAYS + 1))]


def first_shared(first: str, last: str, others: Iterable[tuple[str, str]]) -> str:
    """The first day that one of the other spans holds as well; "" where there is none."""
    shared = (max(first, begins) for begins, ends in others if begins <= last and first <= ends)
    return min(shared, default="")


def covers_meals(limits: Iterable[Limit], day: str) -> bool:
    """Whether the allowance of a day pays for its meals."""
    return in_force(limits, "allowance_meals", "", day) == 1


def allowance_holds(facts: Facts) -> list[Finding]:
    """No more than the rates of the trip's days as it is planned now, and of no day that has not come.

    A trip that was cancelled has no days.
    """
    first, last = facts.receipt.issued_on, facts.receipt.allowance_until
    stops = () if facts.trip.is_cancelled else facts.trip.stops
    of_days = (allowance_of(day, day, stops, facts.limits) for day in days_between(first, last))
    allowed = sum(item.rate_minor for days in of_days if not isinstance(days, NoAllowance) for item in days)
    found = []
    if facts.claimed_minor > allowed:
        params = {"claimed": facts.claimed_minor, "limit": allowed, "over": facts.claimed_minor - allowed}
        found.append(Finding("over_allowance", "review", ARTICLE, params))
    if last > facts.today:
        found.append(Finding("allowance_in_advance", "review", ARTICLE, {"until": last}))
    return found


def meals_are_not_paid_twice(facts: Facts) -> list[Finding]:
    """An allowance that pays for meals, and a meal's receipt of one of its days: the later of the two is looked at."""
    before = [twin for twin in facts.meals_and_allowances if twin.stands_before]
    is_meal = facts.receipt.category == "meal"
    days: Mapping[str, str] = {
        twin.receipt_id: facts.receipt.issued_on if is_meal else twin.issued_on for twin in before
    }
    twice = {receipt_id: day for receipt_id, day in days.items() if covers_meals(facts.limits, day)}
    if not twice:
        return []
    code = "meal_in_allowance" if is_meal else "allowance_with_meals"
    evidence = tuple({"kind": "receipt", "value": receipt_id} for receipt_id in twice)
    return [Finding(code, "review", ARTICLE, {"issued_on": min(twice.values())}, evidence)]


def _cities(stops: Sequence[Stop], day: str) -> list[str]:
    """Where the person is on a day: at its stops, on the way from the one before, or nowhere on the trip."""
    there = [stop.division_code for stop in stops if stop.arrive_on <= day <= stop.leave_on]
    if there or not any(stop.arrive_on > day for stop in stops):
        return there
    left = [stop for stop in stops if stop.leave_on < day]
    return [max(left, key=lambda stop: stop.leave_on).division_code] if left else []


def _dearest(cities: Iterable[str], limits: Sequence[Limit], day: str) -> AllowanceDay | None:
    """The highest rate of the day's cities: that of the city's tier, else the one of every city."""
    known = []
    for code in cities:
        tier = tier_of(limits, code, day)
        rate = in_force(limits, "allowance_day", str(tier), day)
        rate = in_force(limits, "allowance_day", "", day) if rate is None else rate
        if rate is not None:
            known.append(AllowanceDay(day, code, tier, rate))
    return max(known, key=lambda item: item.rate_minor, default=None)
