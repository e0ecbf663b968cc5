"""REG-A12: where a receipt holds several tools, what each one cost must stand on the document.

A technician types the prices. One who keeps a dear tool could give it a price of 1, and bring a cheap one back for
nearly the whole amount. So money is divided among tools only by prices that the document bears out; otherwise the
receipt waits for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.claims.rules.facts import Evidence, Facts, Purchase
from server.claims.rules.finding import Finding
from server.claims.rules.tool_returned import is_counted
from server.receipts.evidence import is_sure, main_document

ARTICLE = "REG-A12"


def tool_prices(facts: Facts) -> list[Finding]:
    """Says why a receipt with several tools is not divided, and where a line of its document was not logged."""
    purchases, evidence = facts.purchases, facts.receipt.evidence
    if not purchases:
        return []
    found = []
    names = [purchase.name for purchase in purchases]
    if not all(map(is_counted, purchases)) and not is_divisible(purchases, evidence, facts.receipt.fapiao_number):
        found.append(Finding("tool_prices_unproven", "info", ARTICLE, {"names": names}))
    lines = document_lines(evidence, facts.receipt.fapiao_number, "item_total")
    if len(lines) > len(purchases):
        params = {"lines": len(lines), "logged": len(purchases), "names": names}
        found.append(Finding("tool_line_not_logged", "review", ARTICLE, params))
    return found


def is_divisible(purchases: Sequence[Purchase], evidence: Sequence[Evidence], number: str) -> bool:
    """Whether the receipt's money may be divided by the typed prices: units of one purchase cost the same, and the
    prices of several are those of the document's lines, all with tax or all without.
    """
    if len(purchases) < 2:
        return True
    kinds = ("item_total", "item_net")
    return any(_agree(purchases, document_lines(evidence, number, kind)) for kind in kinds)


def document_lines(evidence: Sequence[Evidence], number: str, kind: str) -> list[int]:
    """What the lines of the receipt's own document come to, in minor units, of one file; a discount counts against the
    line above it. Empty where no reader could tell for certain.
    """
    read = [item for item in main_document(evidence, number) if item["kind"] == kind and is_sure(item)]
    if not read:
        return []
    first = (read[0]["attachment"], read[0]["source"])
    lines: list[int] = []
    for item in read:
        amount = int(item["value"])
        if (item["attachment"], item["source"]) != first:
            continue
        if amount < 0 and lines:
            lines[-1] += amount
        else:
            lines.append(amount)
    return lines


def _agree(purchases: Sequence[Purchase], lines: Sequence[int]) -> bool:
    """Whether each purchase is a line of its own, to a cent for each unit (a unit's price is rounded)."""
    typed = sorted((item.quantity * item.unit_price_minor, item.quantity) for item in purchases)
    if len(typed) != len(lines):
        return False
    return all(abs(price - line) <= units for (price, units), line in zip(typed, sorted(lines), strict=True))
