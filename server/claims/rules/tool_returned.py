"""REG-A12: a tool bought on the road is stocked in on coming back; otherwise its money is not reimbursed."""

from __future__ import annotations

from collections.abc import Sequence

from server.claims.rules.facts import Facts, Purchase
from server.claims.rules.finding import Finding

ARTICLE = "REG-A12"


def tool_returned(facts: Facts) -> list[Finding]:
    """Every unit bought on this receipt must be back in the warehouse."""
    if not facts.purchases:
        is_tool = facts.receipt.category == "tool"
        return [Finding("tool_purchase_missing", "block", ARTICLE)] if is_tool else []
    bought = sum(purchase.quantity for purchase in facts.purchases)
    returned = sum(min(purchase.stocked_in, purchase.quantity) for purchase in facts.purchases)
    if returned >= bought:
        return []
    names = [purchase.name for purchase in facts.purchases if purchase.stocked_in < purchase.quantity]
    return [Finding("tool_not_returned", "block", ARTICLE, {"bought": bought, "returned": returned, "names": names})]


def reimbursable_minor(amount_minor: int, purchases: Sequence[Purchase]) -> int:
    """The part of an amount that the returned units stand for, by their value; whole once all are back.

    In minor units, rounded down, so that the parts never add up to more than the amount.
    """
    bought = sum(purchase.quantity for purchase in purchases)
    returned = sum(min(purchase.stocked_in, purchase.quantity) for purchase in purchases)
    if returned >= bought:
        return amount_minor
    value = sum(purchase.quantity * purchase.unit_price_minor for purchase in purchases)
    if value == 0:
        return amount_minor * returned // bought
    back = sum(min(purchase.stocked_in, purchase.quantity) * purchase.unit_price_minor for purchase in purchases)
    return amount_minor * back // value
