"""REG-A12: a tool bought on the road is stocked in on coming back; otherwise its money is not reimbursed."""

from __future__ import annotations

from collections.abc import Sequence

from server.claims.rules.facts import Facts, Purchase
from server.claims.rules.finding import Finding

ARTICLE = "REG-A12"
CODES = frozenset({"tool_not_returned", "tool_forfeited"})
"""What this rule says of tools that do not count; the part of a line that others stand for is free of it."""


def tool_returned(facts: Facts) -> list[Finding]:
    """Every unit bought on this receipt must have come back, or a manager pays for it all the same."""
    if not facts.purchases:
        is_tool = facts.receipt.category == "tool"
        return [Finding("tool_purchase_missing", "block", ARTICLE)] if is_tool else []
    found = []
    bought = sum(purchase.quantity for purchase in facts.purchases)
    returned = sum(map(_back, facts.purchases))
    if returned < bought:
        names = [purchase.name for purchase in facts.purchases if _back(purchase) < purchase.quantity]
        params = {"bought": bought, "returned": returned, "names": names}
        found.append(Finding("tool_not_returned", "block", ARTICLE, params))
    forfeited = [purchase for purchase in facts.purchases if purchase.forfeited]
    if forfeited:
        reasons = dict.fromkeys(item.reason for item in forfeited)
        params = {"count": sum(item.forfeited for item in forfeited), "names": [item.name for item in forfeited]}
        params["reason"] = "; ".join(reasons)
        found.append(Finding("tool_forfeited", "block", ARTICLE, params))
    return found


def is_counted(purchase: Purchase) -> bool:
    """Whether money is paid for every unit."""
    return _counting(purchase) >= purchase.quantity


def reimbursable_minor(amount_minor: int, purchases: Sequence[Purchase], *, is_divisible: bool = True) -> int:
    """The part of an amount that the returned units stand for, by their value; whole once all are back.

    In minor units, rounded down, so that the parts never add up to more than the amount; nothing before all are back
    where the prices may not divide it.
    """
    bought = sum(purchase.quantity for purchase in purchases)
    counting = sum(map(_counting, purchases))
    if counting >= bought:
        return amount_minor
    if not is_divisible:
        return 0
    value = sum(purchase.quantity * purchase.unit_price_minor for purchase in purchases)
    if value == 0:
        return amount_minor * counting // bought
    back = sum(_counting(purchase) * purchase.unit_price_minor for purchase in purchases)
    return amount_minor * back // value


def _back(purchase: Purchase) -> int:
    """Units that came back, or that a manager excused."""
    return min(purchase.stocked_in + purchase.excused, purchase.quantity)


def _counting(purchase: Purchase) -> int:
    """Units that money is paid for."""
    return max(0, _back(purchase) - purchase.forfeited)
