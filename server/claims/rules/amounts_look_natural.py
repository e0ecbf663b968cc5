"""REG-D3: notes on a person's amounts of a month. Figures, for a person to know; they prove nothing of one receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log10

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding

ARTICLE = "REG-D3"
ROUND_MINOR = 1000
ROUND_SHARE, FEWEST_FOR_ROUND = 0.6, 12
FEWEST_FOR_DIGITS = 60
CRITICAL = 27.877
"""Chi squared of nine degrees of freedom that chance exceeds once in a thousand times."""
_EXPECTED = tuple(sum(log10(1 + 1 / (10 * first + second)) for first in range(1, 10)) for second in range(10))
"""How often each second digit stands, by Benford's law (F. Benford, The law of anomalous numbers, 1938)."""


def amounts_look_natural(facts: Facts) -> list[Finding]:
    """Many round amounts, or second digits that do not fall as in life; each said of the receipts that show it.

    The second digit is taken because prices of rooms and meals keep the first one within narrow bounds.
    """
    return [*_round(facts), *_digits(facts)]


def _round(facts: Facts) -> list[Finding]:
    amounts = facts.month_amounts
    found = sum(amount % ROUND_MINOR == 0 for amount in amounts)
    is_round = facts.receipt.amount_minor % ROUND_MINOR == 0
    if not is_round or len(amounts) < FEWEST_FOR_ROUND or found < ROUND_SHARE * len(amounts):
        return []
    return [Finding("many_round_amounts", "info", ARTICLE, {"round": found, "count": len(amounts)})]


def _digits(facts: Facts) -> list[Finding]:
    digits = [digit for amount in facts.month_amounts if (digit := _second_digit(amount)) is not None]
    if len(digits) < FEWEST_FOR_DIGITS or _chi_squared(digits) <= CRITICAL:
        return []
    counts = Counter(digits)
    most = max(range(10), key=lambda digit: counts[digit] - len(digits) * _EXPECTED[digit])
    if _second_digit(facts.receipt.amount_minor) != most:
        return []
    return [Finding("unusual_digits", "info", ARTICLE, {"digit": most, "found": counts[most], "count": len(digits)})]


def _chi_squared(digits: Sequence[int]) -> float:
    counts, total = Counter(digits), len(digits)
    return sum((counts[digit] - total * share) ** 2 / (total * share) for digit, share in enumerate(_EXPECTED))


def _second_digit(amount_minor: int) -> int | None:
    text = str(amount_minor)
    return int(text[1]) if amount_minor >= ROUND_MINOR else None
