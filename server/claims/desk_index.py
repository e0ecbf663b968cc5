"""The desk's index: for each line that was handed in, what the desk filters, sorts and adds up by.

No record: it is derived from records, in the transaction that changes them, and can be made anew at any time
(docs/decisions/0009-the-desk-reads-an-index.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, String, Table, Text, delete, insert, select
from sqlalchemy.sql.elements import ColumnElement

from server.claims.records import claim_lines, claims
from server.receipts.records import receipts
from server.service.records import trips
from sync.journal import Entry
from sync.tables import metadata

_ORDER = ("clear", "needs_review", "blocked", "submitted", "returned", "refused", "approved", "paid")
RANK = {state: rank for rank, state in enumerate(_ORDER)}
"""What can be decided now comes first; the states that are looked for together are neighbours."""
_LAST = len(RANK)
_MATTERS: Mapping[str, tuple[str, ...]] = {
    "claim_line": (),
    "claim": ("submitted_at",),
    "receipt": ("category", "issued_on", "seller_name", "fapiao_code", "fapiao_number", "note"),
    "trip": ("stops", "purpose"),
}
"""The records that a row rests on, and their fields that it takes."""
_ASKS = frozenset({"blocked", "needs_review", "submitted", "returned", "refused"})
"""States in which the findings are the reason why."""
PAYABLE = frozenset({"approved", "paid"})
"""States in which what was approved counts, not what was asked."""
_PAGE = 500


def _about() -> tuple[Column[Any], ...]:
    """What is asked of a line. Both tables hold it, so that no question needs the other one."""
    return (
        Column("claim_id", String(36), nullable=False),
        Column("receipt_id", String(36), nullable=False),
        Column("technician_id", String(36), nullable=False),
        Column("site_id", String(36), nullable=False),
        Column("status", String(40), nullable=False),
        Column("rank", Integer, nullable=False),
        Column("category", String(40), nullable=False),
        Column("currency", String(3), nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("month", String(7), nullable=False),
        Column("issued_on", String(10), nullable=False),
        Column("submitted_at", String(40), nullable=False),
        Column("words", Text, nullable=False),
    )


desk_lines = Table(
    "desk_line",
    metadata,
    Column("line_id", String(36), primary_key=True),
    *_about(),
    Index("ix_desk_line_now", "rank", "submitted_at", "line_id"),
    Index("ix_desk_line_submitted", "submitted_at", "line_id"),
    Index("ix_desk_line_amount", "amount_minor", "line_id"),
    Index("ix_desk_line_claim", "claim_id"),
    Index("ix_desk_line_claims", "rank", "claim_id", "submitted_at", "currency", "amount_minor"),
    Index("ix_desk_line_receipt", "receipt_id"),
    Index("ix_desk_line_technician", "technician_id", "rank"),
    Index("ix_desk_line_site", "site_id", "rank"),
    Index("ix_desk_line_status", "status", "currency", "amount_minor"),
    Index("ix_desk_line_category_month", "month", "category", "currency", "rank", "amount_minor"),
    Index("ix_desk_line_site_month", "site_id", "month", "currency", "rank", "amount_minor"),
)
desk_reasons = Table(
    "desk_reason",
    metadata,
    Column("line_id", String(36), primary_key=True),
    Column("code", String(60), primary_key=True),
    Column("severity", String(10), nullable=False),
    *_about(),
    Index("ix_desk_reason_now", "code", "rank", "submitted_at", "line_id"),
    Index("ix_desk_reason_counts", "code", "currency", "rank", "month", "severity", "amount_minor"),
)


def follow(connection: Connection, entries: Iterable[Entry]) -> None:
    """Bring the index up to date with what a transaction has changed, before it commits. Drafts are not the desk's."""
    touched = {kind: {entry.record_id for entry in entries if _matters(kind, entry)} for kind in _MATTERS}
    for part in _parts(touched["trip"]):
        its_claims = select(claims.c.id).where(claims.c.trip_id.in_(part))
        refresh(connection, claim_lines.c.claim_id.in_(its_claims), desk_lines.c.claim_id.in_(its_claims))
    for name in ("claim", "receipt"):
        for part in _parts(touched[name]):
            refresh(connection, claim_lines.c[f"{name}_id"].in_(part), desk_lines.c[f"{name}_id"].in_(part))
    for part in _parts(touched["claim_line"]):
        refresh(connection, claim_lines.c.id.in_(part), desk_lines.c.line_id.in_(part))


def _matters(kind: str, entry: Entry) -> bool:
    if entry.entity != kind or entry.is_empty:
        return False
    if kind == "claim_line":
        return entry.record["status"] != "draft" or entry.changed("status")
    return entry.op == "update" and entry.changed(*_MATTERS[kind])


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    """As many ids at a time as one statement takes."""
    known = sorted(ids)
    return (known[at : at + _PAGE] for at in range(0, len(known), _PAGE))


def rebuild(connection: Connection) -> None:
    """Make the whole index anew."""
    refresh(connection, claim_lines.c.status != "draft", desk_lines.c.line_id != "")


def is_empty(connection: Connection) -> bool:
    """Whether there is nothing in the index."""
    return connection.execute(select(desk_lines.c.line_id).limit(1)).first() is None


def refresh(connection: Connection, lines: ColumnElement[bool], rows: ColumnElement[bool]) -> None:
    """Make the index anew for the claim lines of one condition; the other names the same lines in the index."""
    gone = select(desk_lines.c.line_id).where(rows)
    connection.execute(delete(desk_reasons).where(desk_reasons.c.line_id.in_(gone)))
    connection.execute(delete(desk_lines).where(rows))
    for page in _pages(connection, lines):
        rows_of_page = [_row(line) for line in page]
        connection.execute(insert(desk_lines), rows_of_page)
        reasons = [row | reason for line, row in zip(page, rows_of_page, strict=True) for reason in _reasons(line)]
        if reasons:
            connection.execute(insert(desk_reasons), reasons)


def _pages(connection: Connection, lines: ColumnElement[bool]) -> Iterator[Sequence[Mapping[str, Any]]]:
    query = (
        select(
            *(claim_lines.c[name] for name in ("id", "claim_id", "receipt_id", "status", "amount_minor", "currency")),
            claim_lines.c.approved_minor,
            *(claim_lines.c[name] for name in ("technician_id", "findings", "note")),
            *(receipts.c[name] for name in ("category", "issued_on", "seller_name", "fapiao_code", "fapiao_number")),
            receipts.c.note.label("receipt_note"),
            claims.c.submitted_at,
            trips.c.stops,
            trips.c.purpose,
        )
        .join(claims, claims.c.id == claim_lines.c.claim_id)
        .join(receipts, receipts.c.id == claim_lines.c.receipt_id)
        .join(trips, trips.c.id == claims.c.trip_id)
        .where(lines, claim_lines.c.status != "draft")
    )
    found = connection.execute(query).mappings()
    while page := found.fetchmany(_PAGE):
        yield [dict(row) for row in page]


def _row(line: Mapping[str, Any]) -> dict[str, Any]:
    words = (line["seller_name"], line["fapiao_code"] + line["fapiao_number"], line["purpose"])
    return {
        "line_id": line["id"],
        **{name: line[name] for name in ("claim_id", "receipt_id", "status", "category", "currency", "issued_on")},
        "technician_id": line["technician_id"] or "",
        "amount_minor": line["approved_minor"] if line["status"] in PAYABLE else line["amount_minor"],
        "site_id": _site_on(line["stops"], line["issued_on"]),
        "rank": RANK.get(line["status"], _LAST),
        "month": line["issued_on"][:7],
        "submitted_at": line["submitted_at"] or "",
        "words": " ".join((*words, line["receipt_note"], line["note"])).lower(),
    }


def _site_on(stops: Iterable[Mapping[str, Any]] | None, day: str) -> str:
    """The site where the technician was on that day; on a day of travel the trip's first."""
    with_site = [stop for stop in stops or () if stop.get("site_id")]
    there = [stop for stop in with_site if stop["arrive_on"] <= day <= stop["leave_on"]]
    return str(next(iter(there or with_site), {"site_id": ""})["site_id"])


def _reasons(line: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each kind of finding that stands against the line, once, with its gravest severity."""
    if line["status"] not in _ASKS:
        return []
    found: dict[str, str] = {}
    for finding in line["findings"] or ():
        if finding["severity"] == "info" or finding.get("waived"):
            continue
        if found.get(finding["code"]) != "block":
            found[finding["code"]] = finding["severity"]
    return [{"code": code, "severity": severity} for code, severity in found.items()]
