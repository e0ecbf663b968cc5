"""REG-A12: a tool is bought once: its serial number belongs to one purchase, for ever."""

from __future__ import annotations

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding, Severity

ARTICLE = "REG-A12"


def serial_is_new(facts: Facts) -> list[Finding]:
    """A serial number that an earlier purchase names, or that is in the warehouse for another one.

    The same tool with the same number blocks: one of the two purchases did not happen. Another kind of tool may bear
    the same number by chance, so there a person looks.
    """
    taken = [item for item in facts.serials_elsewhere if item.is_earlier or item.is_stocked_in]
    if not taken:
        return []
    severity: Severity = "block" if any(item.same_tool for item in taken) else "review"
    code = "serial_returned_for_other" if any(item.is_stocked_in for item in taken) else "serial_bought_before"
    evidence = tuple({"kind": "tool_purchase", "value": item.purchase_id} for item in taken)
    serials = sorted({item.serial for item in taken})
    return [Finding(code, severity, ARTICLE, {"serials": serials}, evidence)]
