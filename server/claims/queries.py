"""What the money desk looks at: a claim's lines with their receipts, tools and papers put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.claims.beside import Beside, beside
from server.claims.comparison import Place, Row, places_of, rows_of
from server.claims.seen import seen_of
from server.receipts.readings import readings_of
from sync.change import Record
from sync.transaction import Transaction

_RANK = {"clear": 0, "needs_review": 1, "blocked": 2}


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
    beside: dict[str, list[Beside]]
    """By the code of a finding, the other receipts that it rests on."""
    failed: list[Record]
    """Readings of the receipt's files that did not succeed, where no other reader did."""

    @property
    def seen(self) -> str:
        """The line as it is shown: what a decision has to name."""
        return seen_of(self.line, self.receipt, self.purchases)


def line_views(read: Transaction, claim: Record) -> list[LineView]:
    """The lines of one claim, those that can be decided now first."""
    lines = read.find("claim_line", claim_id=claim["id"])
    lines.sort(key=_in_order)
    return [_line_view(read, line) for line in lines]


def undecided(lines: Iterable[Record]) -> list[str]:
    """The ids of the lines that a person can decide on, in the order of the page."""
    waiting = sorted((line for line in lines if line["status"] in _RANK), key=_in_order)
    return [line["id"] for line in waiting]


def _in_order(line: Record) -> tuple[int, str]:
    return _RANK.get(line["status"], 3), line["id"]


def _line_view(read: Transaction, line: Record) -> LineView:
    receipt = read.get("receipt", line["receipt_id"]) or {}
    purchases = read.find("tool_purchase", receipt_id=line["receipt_id"])
    waivers = read.find("waiver", claim_line_id=line["id"])
    evidence = [sha256 for waiver in waivers for sha256 in waiver["attachments"] or ()]
    files = read.find_any("attachment", "sha256", [*receipt.get("attachments", []), *evidence])
    return LineView(
        line=line,
        receipt=receipt,
        purchases=purchases,
        units=read.find_any("tool_unit", "tool_purchase_id", [item["id"] for item in purchases]),
        waivers=waivers,
        media={item["sha256"]: item["media_type"] for item in files if item["status"] == "stored"},
        rows=rows_of(receipt) if receipt else [],
        places=places_of(receipt) if receipt else [],
        beside=beside(read, line),
        failed=_failed(read, receipt) if receipt else [],
    )


def _failed(read: Transaction, receipt: Record) -> list[Record]:
    if receipt["reading_status"] != "unreadable":
        return []
    failed = {item["reason"]: item for item in readings_of(read, receipt)}
    return [item for reason, item in failed.items() if reason]
