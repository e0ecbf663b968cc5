"""REG-D3: one sale is paid once, also where it comes back without its number, under another name or a day later."""

from __future__ import annotations

from datetime import date

from server.claims.rules.facts import Facts, Receipt
from server.claims.rules.finding import Finding
from server.claims.rules.others import Other

ARTICLE = "REG-D3"
NEAR_DAYS = 2


def sold_once(facts: Facts) -> list[Finding]:
    """The same shop, amount and day (within two days) is worth a look, unless both are certainly invoices of their own.

    Two machine-read numbers are two invoices: two fares of one price, two colleagues at one hotel. From one person such
    a pair is never the same sale. From two people it is only on the same day, where they had no place in common,
    and never for fares and tickets, which everybody buys at one price.
    """
    mine = facts.receipt
    alike = [other for other in facts.others if _is_same_sale(mine, other)]
    if not alike:
        return []
    other = alike[0]
    code = "same_sale_own" if other.is_own else "same_sale_colleague"
    evidence = tuple(item for found in alike for item in found.evidence())
    return [Finding(code, "review", ARTICLE, {"issued_on": other.issued_on, "claimed": mine.amount_minor}, evidence)]


def _is_same_sale(mine: Receipt, other: Other) -> bool:
    if not other.same_seller or other.amount_minor != mine.amount_minor or other.is_refused:
        return False
    if other.identity and other.identity == mine.identity:
        return False  # that is a duplicate, and blocks
    if other.is_own:
        is_numberless = not mine.identity or not other.identity
        return is_numberless and _days_apart(mine, other) == 0
    if _days_apart(mine, other) > NEAR_DAYS:
        return False
    if not (mine.is_proven and other.is_proven):
        return True
    return _days_apart(mine, other) == 0 and not other.is_together and mine.category != "transport"


def _days_apart(mine: Receipt, other: Other) -> int:
    return abs((date.fromisoformat(mine.issued_on) - date.fromisoformat(other.issued_on)).days)
