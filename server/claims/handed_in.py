"""By what a receipt that was handed in is known again, after it was withdrawn, altered, or deleted (REG-D3).

The receipt itself is its technician's: withdrawn, it may become another one, or go. What it was handed in as stays
here, so that the same paper does not come back under another category to escape a limit.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, String, Table, insert, select

from server.attachments.alike import near_files
from server.receipts.fapiao import normal
from sync.change import Change, Record
from sync.entity import Registry
from sync.journal import Entry
from sync.tables import metadata
from sync.transaction import Transaction, change_of

signs = Table(
    "handed_in_sign",
    metadata,
    Column("value", String(200), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("receipt_id", String(36), primary_key=True, index=True),
    Column("category", String(40), nullable=False),
)
"""Each sign of each receipt, with the category that it was handed in as."""

Sign = tuple[str, str]
_TOLD_BY = ("identity", "attachments", "seller_name", "amount_minor", "issued_on")


def follow_all(registry: Registry) -> None:
    """Note what is handed in, and know it again."""
    registry.follow("claim_line", on_line)
    registry.follow("receipt", on_receipt)
    registry.follow("attachment", on_attachment)


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A line is handed in."""
    if entry.op != "delete" and entry.changed("status") and entry.record["status"] == "submitted":
        receipt = write.get("receipt", entry.record["receipt_id"])
        yield from _recognised(write, receipt) if receipt else ()


def on_receipt(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A receipt that was handed in is altered, or its document was read."""
    if entry.op == "update" and entry.changed(*_TOLD_BY) and _was_handed_in(write, entry.record_id):
        yield from _recognised(write, entry.record)


def on_attachment(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A picture arrived: only now it can be compared with others."""
    for receipt in write.find_holding("receipt", "attachments", [entry.record["sha256"]]):
        if entry.record["status"] == "stored" and _was_handed_in(write, receipt["id"]):
            yield from _recognised(write, receipt)


def signs_of(receipt: Record) -> set[Sign]:
    """What tells a receipt, as pairs of value and kind: its number, its files, and its sale where a seller is named."""
    found = {(sha256, "file") for sha256 in receipt["attachments"]}
    if receipt["identity"]:
        found.add((receipt["identity"], "identity"))
    if seller := normal(receipt["seller_name"])[:80]:
        sale = (receipt["technician_id"], str(receipt["amount_minor"]), receipt["issued_on"], seller)
        found.add((":".join(sale), "sale"))
    return found


def handed_in_before_as(write: Transaction, receipt: Record) -> str:
    """Another category that the same paper was handed in with, as another receipt; "" where it was not.

    A number and a file tell it for certain. A picture much alike, and a sale of the same shop, day and amount, tell it
    only where one of the two has no number.
    """
    own = signs_of(receipt)
    certain = {sign for sign in own if sign[1] != "sale"}
    near = {(sha256, "file") for sha256 in near_files(write.connection, receipt["attachments"])}
    wanted = [value for value, _ in own | near]
    other = signs.c.receipt_id != receipt["id"]
    query = select(signs).where(signs.c.value.in_(wanted), other, signs.c.category != receipt["category"])
    found = write.connection.execute(query.order_by(signs.c.receipt_id)).all()
    numbered = _numbered(write, {row.receipt_id for row in found}) if receipt["identity"] else set()
    for row in found:
        sign = (row.value, row.kind)
        if sign in certain or (sign in own | near and row.receipt_id not in numbered):
            return str(row.category)
    return ""


def _recognised(write: Transaction, receipt: Record) -> Iterable[Change]:
    """Note the signs of a receipt; and where its paper was handed in before as something else, say so in it."""
    known = receipt["handed_in_as"] or handed_in_before_as(write, receipt)
    _note(write, receipt, known or receipt["category"])
    if known != (receipt["handed_in_as"] or ""):
        yield change_of("receipt", receipt, {"handed_in_as": known})


def _note(write: Transaction, receipt: Record, category: str) -> None:
    mine = select(signs.c.value, signs.c.kind).where(signs.c.receipt_id == receipt["id"])
    fresh = signs_of(receipt) - {(row.value, row.kind) for row in write.connection.execute(mine)}
    rows = [{"value": value, "kind": kind} for value, kind in sorted(fresh)]
    if rows:
        about = {"receipt_id": receipt["id"], "category": category}
        write.connection.execute(insert(signs), [row | about for row in rows])


def _was_handed_in(write: Transaction, receipt_id: str) -> bool:
    return any(line["status"] != "draft" for line in write.find("claim_line", receipt_id=receipt_id))


def _numbered(write: Transaction, receipt_ids: set[str]) -> set[str]:
    """Those of the receipts that were handed in with a number."""
    query = select(signs.c.receipt_id).where(signs.c.receipt_id.in_(receipt_ids), signs.c.kind == "identity")
    return set(write.connection.scalars(query))
