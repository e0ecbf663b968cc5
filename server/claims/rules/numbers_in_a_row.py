"""REG-D3: invoices with consecutive numbers from one shop on different days are a bought stack, not meals."""

from __future__ import annotations

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.claims.rules.others import Other
from server.receipts.fapiao import series_of

ARTICLE = "REG-D3"
NEAR_NUMBERS = 5


def numbers_in_a_row(facts: Facts) -> list[Finding]:
    """Numbers at most five apart, of one shop: on other days or by people at different places, a person must look.

    A neighbour that was refused counts as well: the stack is the same.
    What is bought together on one day is no matter: one person's parking tickets, colleagues who share a table. Slips
    torn off a roll (taxi, parking) are noted only: a quiet car park sells few in a day.
    """
    near = [other for other in facts.others if _is_near(facts.receipt.identity, other)]
    odd = [other for other in near if not _is_bought_together(facts.receipt.issued_on, other)]
    if not odd:
        return []
    numbers = sorted({_number(facts.receipt.identity), *(_number(other.identity) for other in odd)})
    days = sorted({facts.receipt.issued_on, *(other.issued_on for other in odd)})
    evidence = tuple(item for other in odd for item in other.evidence())
    params = {"numbers": numbers, "days": days}
    if _is_roll(facts):
        return [Finding("slips_in_a_row", "info", ARTICLE, params, evidence)]
    return [Finding("numbers_in_a_row", "review", ARTICLE, params, evidence)]


def _is_near(identity: str, other: Other) -> bool:
    if not identity or not other.same_seller or other.identity == identity:
        return False
    mine, theirs = series_of(identity), series_of(other.identity)
    return mine[0] == theirs[0] and abs(mine[1] - theirs[1]) <= NEAR_NUMBERS


def _is_bought_together(day: str, other: Other) -> bool:
    return other.issued_on == day and (other.is_own or other.is_together)


def _is_roll(facts: Facts) -> bool:
    """Whether it is a slip of a local series (its code begins with 1 or 2): taxi, parking, fixed amount."""
    return facts.receipt.category == "transport" and facts.receipt.identity[:2] in ("C1", "C2")


def _number(identity: str) -> str:
    prefix, number = series_of(identity)
    return f"{number:08}" if prefix.startswith("C") else f"{prefix[1:]}{number:015}"
