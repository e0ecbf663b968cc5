"""The rules that stand between a claim and its money: pure functions from facts to findings."""

from __future__ import annotations

from server.claims.rules.allowance import CATEGORY, allowance_holds, meals_are_not_paid_twice
from server.claims.rules.amounts_look_natural import amounts_look_natural
from server.claims.rules.captured_in_time import captured_in_time
from server.claims.rules.document_agrees import document_agrees
from server.claims.rules.documents_present import documents_present, report_is_filed
from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.claims.rules.handed_in_in_time import handed_in_in_time
from server.claims.rules.not_refused_before import not_refused_before
from server.claims.rules.numbers_in_a_row import numbers_in_a_row
from server.claims.rules.place_matches_trip import place_matches_trip
from server.claims.rules.purchase_not_split import purchase_not_split
from server.claims.rules.receipt_in_trip_dates import receipt_in_trip_dates
from server.claims.rules.receipt_is_new import receipt_is_new
from server.claims.rules.receipt_is_valid import receipt_is_valid
from server.claims.rules.rest_day_planned import rest_day_planned
from server.claims.rules.serial_is_new import serial_is_new
from server.claims.rules.sold_once import sold_once
from server.claims.rules.tool_prices import tool_prices
from server.claims.rules.tool_returned import tool_returned
from server.claims.rules.travel_possible import travel_possible
from server.claims.rules.within_limits import within_limits

ALL_RULES = (
    place_matches_trip,
    tool_returned,
    tool_prices,
    serial_is_new,
    receipt_is_valid,
    document_agrees,
    receipt_is_new,
    sold_once,
    numbers_in_a_row,
    purchase_not_split,
    not_refused_before,
    within_limits,
    meals_are_not_paid_twice,
    receipt_in_trip_dates,
    handed_in_in_time,
    rest_day_planned,
    travel_possible,
    captured_in_time,
    documents_present,
    amounts_look_natural,
)


ALLOWANCE_RULES = (
    allowance_holds,
    meals_are_not_paid_twice,
    not_refused_before,
    handed_in_in_time,
    report_is_filed,
)
"""The rules of what has no paper: there is no place, seller or picture to look at."""


def judge(facts: Facts) -> list[Finding]:
    """What all rules find, in the order in which a person would look."""
    rules = ALLOWANCE_RULES if facts.receipt.category == CATEGORY else ALL_RULES
    return [finding for rule in rules for finding in rule(facts)]
