"""Approving many clear lines at once: what would be approved, and the approval of each.

Each line is a transaction of its own (docs/decisions/0011-each-line-of-a-bulk-approval-stands-alone.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select

from server.claims import queue
from server.claims.queue import Looking
from sync.change import Record, is_id
from sync.errors import Refused
from sync.transaction import Transaction

MOST = 100
"""Lines in one go: more than a person looks over, and a matter of seconds."""


@dataclass(frozen=True)
class Summary:
    """What would be approved, and what is left out with the code of why. `beyond`: clear lines that do not fit."""

    lines: list[Record]
    left_out: list[tuple[Record, str]]
    beyond: int = 0

    @property
    def money(self) -> dict[str, int]:
        """The sum of what would be approved, by currency."""
        return money_of(self.lines)


def money_of(lines: Iterable[Record]) -> dict[str, int]:
    """The sum of lines by currency."""
    money: dict[str, int] = {}
    for line in lines:
        money[line["currency"]] = money.get(line["currency"], 0) + line["amount_minor"]
    return money


def of_chosen(read: Transaction, ids: Iterable[str]) -> Summary:
    """A summary of lines that a person has marked."""
    wanted = list(dict.fromkeys(line_id for line_id in ids if is_id(line_id)))[:MOST]
    return _split(read, queue.lines_named(read, wanted))


def of_filter(read: Transaction, look: Looking) -> Summary:
    """A summary of all clear lines of a filter, and of what else the filter finds."""
    clear = replace(look, wanted=replace(look.wanted, status="clear", sort="now"))
    query = select(look.rows.c.line_id).where(*clear.where()).order_by(look.rows.c.line_id).limit(MOST)
    ids = list(read.connection.scalars(query))
    counts = {count.key: count.lines for count in queue.by_status(read, look)}
    return replace(_split(read, queue.lines_named(read, ids)), beyond=counts.get("clear", 0) - len(ids))


def approve(write: Transaction, line_id: str, version: int) -> Record:
    """Approve a line as the summary showed it. Raises Refused where it has changed, or a rule stands against it."""
    line = write.get("claim_line", line_id, lock=True)
    if line is None or line["version"] != version or line["status"] != "clear":
        raise Refused("line_changed")
    return write.update("claim_line", line, {"status": "approved"})


def _split(read: Transaction, rows: list[Record]) -> Summary:
    """Which lines can be approved by this person, as far as can be told before it is tried."""
    records = read.find_any("claim_line", "id", [row["line_id"] for row in rows])
    versions = {line["id"]: line["version"] for line in records}
    left_out = [(row, why) for row in rows if (why := _why_not(read, row))]
    lines = [row | {"version": versions[row["line_id"]]} for row in rows if not _why_not(read, row)]
    return Summary(lines, left_out)


def _why_not(read: Transaction, row: Record) -> str:
    if row["technician_id"] == read.actor.id:
        return "own_claim"
    return "" if row["status"] == "clear" else "line_not_clear"
