"""A claim's trip as a map and as a timeline, with a list beside that says the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from server.accounts.gate import page_for
from server.claims.trip_map import Mark, TripMap, draw_map
from server.claims.trip_timeline import draw_timeline
from server.pages import known, read_page
from server.problems import Problem
from server.services import services
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("trip", __name__, url_prefix="/finance")


@dataclass(frozen=True)
class Row:
    """One line of the list: a claim line by the number that it has on both drawings."""

    number: int
    line: Record
    receipt: Record
    document: Mark | None
    position: Mark | None


@blueprint.get("/claims/<claim_id>/trip")
@page_for("finance", "manager")
def trip(claim_id: str) -> str:
    """Where the trip should have gone, and where its receipts are from."""
    return read_page(lambda read: _page(read, claim_id))


def _page(read: Transaction, claim_id: str) -> str:
    claim = known(read, "claim", claim_id)
    if claim["status"] == "draft":
        raise Problem(404, "not_found")
    journey = known(read, "trip", claim["trip_id"])
    lines = read.find("claim_line", claim_id=claim_id)
    receipts = {item["id"]: item for item in read.find_any("receipt", "id", [line["receipt_id"] for line in lines])}
    pairs = sorted(
        ((line, receipts[line["receipt_id"]]) for line in lines if line["receipt_id"] in receipts),
        key=lambda pair: (pair[1]["issued_on"], pair[0]["id"]),
    )
    sites = read.find_any("site", "id", [stop["site_id"] for stop in journey["stops"] if stop.get("site_id")])
    drawn = draw_map(journey, {site["id"]: site for site in sites}, pairs)
    reports = [report for report in read.find("service_report", trip_id=journey["id"]) if report["status"] == "filed"]
    days = [_day(report["filed_at"]) for report in reports if report["filed_at"]]
    return render_template(
        "claims/trip.html",
        claim=claim,
        trip=journey,
        technician=known(read, "user", claim["technician_id"]),
        map=drawn,
        timeline=draw_timeline(journey, [receipt for _, receipt in pairs], days),
        rows=_rows(pairs, drawn),
        reports=reports,
    )


def _rows(pairs: list[tuple[Record, Record]], drawn: TripMap | None) -> list[Row]:
    marks = {(mark.shape, mark.label): mark for mark in (drawn.marks if drawn else ())}
    return [
        Row(number, line, receipt, marks.get(("document", str(number))), marks.get(("position", str(number))))
        for number, (line, receipt) in enumerate(pairs, 1)
    ]


def _day(instant: str) -> str:
    zone = ZoneInfo(services().config.time_zone)
    return datetime.fromisoformat(instant).astimezone(zone).date().isoformat()
