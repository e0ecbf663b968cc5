"""The rules that stand between a claim and its money: pure functions from facts to findings."""

from __future__ import annotations

from server.claims.rules.document_agrees import document_agrees
from server.claims.rules.documents_present import documents_present
from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.claims.rules.place_matches_trip import place_matches_trip
from server.claims.rules.receipt_in_trip_dates import receipt_in_trip_dates
from server.claims.rules.receipt_is_new import receipt_is_new
from server.claims.rules.receipt_is_valid import receipt_is_valid
from server.claims.rules.tool_returned import tool_returned

ALL_RULES = (
    place_matches_trip,
    tool_returned,
    receipt_is_valid,
    document_agrees,
    receipt_is_new,
    receipt_in_trip_dates,
    documents_present,
)


def judge(facts: Facts) -> list[Finding]:
    """What all rules find, in the order in which a person would look."""
    return [finding for rule in ALL_RULES for finding in rule(facts)]
