"""REG-D3: expenses follow the finance rules: no more than the company pays for a receipt, a night, a day of meals.

What is over is no fraud: it goes to a person, who approves what the limit leaves, or asks the manager for an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.claims.rules.limits import in_force, night_limit, trip_nights_limit

ARTICLE = "REG-D3"
OVER = frozenset(
    {"over_receipt_limit", "over_night_limit", "over_trip_nights_limit", "over_day_limit", "over_allowance"}
)
"""The findings that cap what may be approved."""


def within_limits(facts: Facts) -> list[Finding]:
    """What is claimed on this receipt, against the limits of its day; what came before it counts against them first.

    One whose category was changed after it was handed in keeps the limits of both: a meal that becomes something else
    still was a meal of its day.
    """
    worst: dict[str, Finding] = {}
    for category in facts.receipt.categories:
        for finding in _of_category(facts, category):
            known = worst.get(finding.code)
            if known is None or finding.params["over"] > known.params["over"]:
                worst[finding.code] = finding
    return [*_changed(facts), *worst.values()]


def _changed(facts: Facts) -> list[Finding]:
    """Whoever decides is told that they do not see what was handed in."""
    receipt = facts.receipt
    if len(receipt.categories) < 2:
        return []
    params = {"category": receipt.category, "handed_in_as": receipt.handed_in_as}
    return [Finding("category_changed", "review", ARTICLE, params)]


def _of_category(facts: Facts, category: str) -> list[Finding]:
    receipt, day = facts.receipt, facts.receipt.issued_on
    spent = facts.spent_before_minor if category == receipt.category else facts.spent_as_handed_in_minor
    found = [_finding("over_receipt_limit", facts, in_force(facts.limits, "receipt", category, day))]
    if category == "lodging":
        night = night_limit(facts.limits, facts.trip.stops, day)
        nights = night * receipt.nights if night is not None and receipt.nights else None
        found.append(_finding("over_night_limit", facts, nights, nights=receipt.nights))
        whole = trip_nights_limit(facts.limits, facts.trip.stops, day)
        found.append(_finding("over_trip_nights_limit", facts, whole, spent))
    if category == "meal":
        of_day = in_force(facts.limits, "meal_day", "", day)
        found.append(_finding("over_day_limit", facts, of_day, spent, issued_on=day))
    return [finding for finding in found if finding is not None]


def allowed_minor(claimed_minor: int, findings: Iterable[Mapping[str, Any]]) -> int:
    """What the limits leave of a receipt's claim, given what was found on it. A limit that was waived takes nothing."""
    standing = [item for item in findings if item["code"] in OVER and not item.get("waived")]
    return claimed_minor - max((int(item["params"]["over"]) for item in standing), default=0)


def _finding(code: str, facts: Facts, limit: int | None, spent: int = 0, **params: Any) -> Finding | None:
    if limit is None or facts.claimed_minor <= max(0, limit - spent):
        return None
    over = facts.claimed_minor - max(0, limit - spent)
    amounts = {"claimed": facts.claimed_minor, "limit": limit, "over": over}
    return Finding(code, "review", ARTICLE, amounts | ({"spent": spent} if spent else {}) | params)
