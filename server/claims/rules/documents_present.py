"""REG-C7 and REG-D3: the receipt's picture is here, its money is no more than it says, the trip's report is filed."""

from __future__ import annotations

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding


def documents_present(facts: Facts) -> list[Finding]:
    """What must lie before finance before anything is paid."""
    found = _attachments(facts)
    if facts.receipt.is_unreadable:
        found.append(Finding("reading_failed", "review", "REG-D3"))
    if facts.claimed_minor > facts.receipt.amount_minor:
        params = {"claimed": facts.claimed_minor, "receipt": facts.receipt.amount_minor}
        found.append(Finding("amount_over_receipt", "block", "REG-D3", params))
    return found + report_is_filed(facts)


def report_is_filed(facts: Facts) -> list[Finding]:
    """The report says that the work was done for which the person travelled."""
    return [] if facts.is_report_filed else [Finding("report_not_filed", "block", "REG-C7")]


def _attachments(facts: Facts) -> list[Finding]:
    if not facts.attachments:
        return [Finding("attachment_missing", "block", "REG-D3")]
    if any(item.status == "quarantined" for item in facts.attachments):
        return [Finding("attachment_refused", "block", "REG-D3")]
    waiting = sum(item.status != "stored" for item in facts.attachments)
    return [Finding("attachment_not_arrived", "block", "REG-D3", {"count": waiting})] if waiting else []
