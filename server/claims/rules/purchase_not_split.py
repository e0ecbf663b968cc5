"""REG-D3: one purchase is not cut into parts so that each stays under the limit."""

from __future__ import annotations

from datetime import date

from server.claims.rules.facts import Facts, Receipt
from server.claims.rules.finding import Finding
from server.claims.rules.others import Other

ARTICLE = "REG-D3"
WITHIN_DAYS = 3
JUST_UNDER = 0.5
"""A part is suspicious from this share of the limit on: a screw bought beside a pump is no split."""
PURCHASES = frozenset({"tool", "parts", "other"})


def purchase_not_split(facts: Facts) -> list[Finding]:
    """Purchases of one person from one shop within three days, each just under the limit, together over it."""
    limit, mine = facts.purchase_limit_minor, facts.receipt
    if limit is None or mine.category not in PURCHASES or not JUST_UNDER * limit <= mine.amount_minor <= limit:
        return []
    parts = [other for other in facts.others if _is_part(mine, other, limit)]
    total = mine.amount_minor + sum(other.amount_minor for other in parts)
    if not parts or total <= limit:
        return []
    evidence = tuple(item for other in parts for item in other.evidence())
    params = {"count": len(parts) + 1, "total": total, "limit": limit}
    return [Finding("purchase_split", "review", ARTICLE, params, evidence)]


def _is_part(mine: Receipt, other: Other, limit: int) -> bool:
    days = abs((date.fromisoformat(mine.issued_on) - date.fromisoformat(other.issued_on)).days)
    is_purchase = other.category in PURCHASES and other.is_own and other.same_seller and not other.is_refused
    return is_purchase and days <= WITHIN_DAYS and JUST_UNDER * limit <= other.amount_minor <= limit
