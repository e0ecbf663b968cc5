"""REG-D3: what was refused does not come back as it was, nor with a figure or the category changed."""

from __future__ import annotations

from datetime import date

from server.claims.rules.facts import Facts, Receipt
from server.claims.rules.finding import Finding
from server.claims.rules.others import Other

ARTICLE = "REG-D3"
WITHIN_DAYS = 10
ALIKE = 0.1
"""The share by which the amount may differ."""


def not_refused_before(facts: Facts) -> list[Finding]:
    """A refused receipt of the same person and shop, of nearly the same day and amount, must be looked at beside this.

    It may well be the mended receipt that was asked for: so it is shown, not refused. Two machine-read numbers with
    different amounts are two sales. The very receipt that was refused may be handed in again, too: with the reasons.
    """
    if facts.receipt.refusals:
        reasons = "; ".join(dict.fromkeys(facts.receipt.refusals))
        return [Finding("refused_itself", "review", ARTICLE, {"reason": reasons})]
    refused = [other for other in facts.others if _is_again(facts.receipt, other)]
    if not refused:
        return []
    other = refused[-1]
    params = {"issued_on": other.issued_on, "receipt": other.amount_minor}
    return [Finding("refused_before", "review", ARTICLE, params, other.evidence())]


def _is_again(mine: Receipt, other: Other) -> bool:
    if not (other.is_refused and other.is_own and other.same_seller):
        return False
    days = abs((date.fromisoformat(mine.issued_on) - date.fromisoformat(other.issued_on)).days)
    if days > WITHIN_DAYS:
        return False
    if other.category != mine.category:
        return days == 0 and other.amount_minor == mine.amount_minor and not (mine.is_proven and other.is_proven)
    if other.amount_minor == mine.amount_minor:
        return True
    is_alike = abs(other.amount_minor - mine.amount_minor) <= ALIKE * other.amount_minor
    return is_alike and not (mine.is_proven and other.is_proven)
