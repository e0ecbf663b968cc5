"""What the money desk looks at: claims with their lines, receipts, tools and papers put together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from server.claims.comparison import Place, Row, places_of, rows_of
from server.claims.states import JUDGED
from server.receipts.readings import readings_of
from sync.change import Record
from sync.transaction import Transaction

_RANK = {"clear": 0, "needs_review": 1, "blocked": 2}


@dataclass(frozen=True)
class QueuedClaim:
    """A claim in the queue. `counts` is the number of its lines by state; `open_minor` what is not decided yet."""

    claim: Record
    trip: Record
    technician: Record
    counts: Counter[str]
    clear_minor: int
    open_minor: int


@dataclass(frozen=True)
class LineView:
    """A line with everything that finance decides on."""

    line: Record
    receipt: Record
    purchases: list[Record]
    units: list[Record]
    waivers: list[Record]
    media: dict[str, str]
    rows: list[Row]
    places: list[Place]
    failed: list[Record]
    """Readings of the receipt's files that did not succeed, where no other reader did."""


def queue(read: Transaction, show: str) -> list[QueuedClaim]:
    """Claims that were handed in, those that can be decided now first, then the oldest. `show`: open, decided, all."""
    states = {"open": ["submitted"], "decided": ["decided"]}.get(show, ["submitted", "decided"])
    claims = read.find_any("claim", "status", states)
    lines = read.find_any("claim_line", "claim_id", [claim["id"] for claim in claims])
    trips = _by_id(read, "trip", [claim["trip_id"] for claim in claims])
    people = _by_id(read, "user", [claim["technician_id"] for claim in claims])
    queued = [
        _queued(claim, trips, people, [line for line in lines if line["claim_id"] == claim["id"]]) for claim in claims
    ]
    return sorted(queued, key=_urgency)


def line_views(read: Transaction, claim: Record) -> list[LineView]:
    """The lines of one claim, those that can be decided now first."""
    lines = read.find("claim_line", claim_id=claim["id"])
    lines.sort(key=lambda line: (_RANK.get(line["status"], 3), line["id"]))
    return [_line_view(read, line) for line in lines]


def _line_view(read: Transaction, line: Record) -> LineView:
    receipt = read.get("receipt", line["receipt_id"]) or {}
    purchases = read.find("tool_purchase", receipt_id=line["receipt_id"])
    files = read.find_any("attachment", "sha256", receipt.get("attachments", []))
    return LineView(
        line=line,
        receipt=receipt,
        purchases=purchases,
        units=read.find_any("tool_unit", "tool_purchase_id", [item["id"] for item in purchases]),
        waivers=read.find("waiver", claim_line_id=line["id"]),
        media={item["sha256"]: item["media_type"] for item in files if item["status"] == "stored"},
        rows=rows_of(receipt) if receipt else [],
        places=places_of(receipt) if receipt else [],
        failed=_failed(read, receipt) if receipt else [],
    )


def _failed(read: Transaction, receipt: Record) -> list[Record]:
    if receipt["reading_status"] != "unreadable":
        return []
    failed = {item["reason"]: item for item in readings_of(read, receipt)}
    return [item for reason, item in failed.items() if reason]


def _queued(claim: Record, trips: dict[str, Record], people: dict[str, Record], lines: list[Record]) -> QueuedClaim:
    return QueuedClaim(
        claim=claim,
        trip=trips[claim["trip_id"]],
        technician=people[claim["technician_id"]],
        counts=Counter(line["status"] for line in lines),
        clear_minor=sum(line["amount_minor"] for line in lines if line["status"] == "clear"),
        open_minor=sum(line["amount_minor"] for line in lines if line["status"] in JUDGED),
    )


def _urgency(item: QueuedClaim) -> tuple[Any, ...]:
    waiting = [rank for state, rank in _RANK.items() if item.counts[state]]
    return (min(waiting, default=9), item.claim["submitted_at"])


def _by_id(read: Transaction, entity: str, ids: list[str]) -> dict[str, Record]:
    return {record["id"]: record for record in read.find_any(entity, "id", sorted(set(ids)))}
