"""REG-D3: a travel receipt belongs to the days of its trip, with some tolerance for the ways out and back."""

from __future__ import annotations

from datetime import date, timedelta

from server.claims.rules.facts import Facts
from server.claims.rules.finding import Finding
from server.receipts.evidence import is_sure, own_evidence, stated
from server.receipts.qr import RAIL, parse_qr

ARTICLE = "REG-D3"


def receipt_in_trip_dates(facts: Facts) -> list[Finding]:
    """Issued between the first arrival and the last departure; a rail ticket's invoice may be issued months later.

    Where the document states the days of travel, these are the days that count.
    """
    if not facts.trip.stops:
        return []
    begins = date.fromisoformat(min(stop.arrive_on for stop in facts.trip.stops))
    ends = date.fromisoformat(max(stop.leave_on for stop in facts.trip.stops))
    days = _days(facts)
    is_transport = facts.receipt.category == "transport"
    spare = timedelta(facts.tolerances.transport_days if is_transport else facts.tolerances.local_days)
    outside = [day for day in days if not begins - spare <= day <= ends + spare]
    if not outside:
        return []
    issued = outside[0]
    params = {"issued_on": issued.isoformat(), "from": begins.isoformat(), "to": ends.isoformat()}
    qr = parse_qr(facts.receipt.qr_text)
    is_rail = is_transport and qr is not None and qr.type == RAIL
    if is_rail and ends < issued <= ends + timedelta(facts.tolerances.rail_issue_days):
        return [Finding("ticket_issued_late", "review", ARTICLE, params)]
    return [Finding("outside_trip_dates", "block", ARTICLE, params)]


def _days(facts: Facts) -> list[date]:
    evidence = own_evidence(facts.receipt.evidence, facts.receipt.fapiao_number)
    if facts.receipt.category == "transport":
        travelled = [item["value"] for item in evidence if item["kind"] == "travel_on" and is_sure(item)]
        return [date.fromisoformat(day) for day in travelled or [facts.receipt.issued_on]]
    issued = stated(evidence, "issued_on")
    return [date.fromisoformat(issued["value"] if issued else facts.receipt.issued_on)]
