"""What follows from a change to a batch for its lines, and from a change to a line for its batch."""

from __future__ import annotations

from collections.abc import Iterable

from server.payments.selection import payments_of
from sync.change import Change, Record
from sync.entity import Registry
from sync.journal import Entry
from sync.transaction import Transaction, change_of


def follow_all(registry: Registry) -> None:
    """Keep batches and their lines in step."""
    registry.follow("payment_batch", on_batch)
    registry.follow("claim_line", on_line)


def on_batch(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Lines know the batch that they are in; those of a cancelled one, or taken out of a draft, are free again."""
    batch = entry.record
    is_over = batch["status"] == "cancelled"
    for line in write.find_any("claim_line", "id", [] if is_over else batch["line_ids"]):
        if line["payment_batch_id"] != batch["id"]:
            yield change_of("claim_line", line, {"payment_batch_id": batch["id"]})
    for line in write.find("claim_line", payment_batch_id=batch["id"]):
        if line["status"] != "paid" and (is_over or line["id"] not in batch["line_ids"]):
            yield change_of("claim_line", line, {"payment_batch_id": None})


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """An approval that goes away takes its line out of a draft batch, and with it a person who would get nothing."""
    batch = draft_of(write, entry.record)
    if batch is None or entry.op != "update" or entry.record["status"] == "approved":
        return
    others = write.find_any("claim_line", "id", [item for item in batch["line_ids"] if item != entry.record_id])
    left = [line["id"] for payment in payments_of(others) if payment.amount_minor > 0 for line in payment.lines]
    yield change_of("payment_batch", batch, {"line_ids": left})


def draft_of(read: Transaction, line: Record) -> Record | None:
    """The draft batch that a line is in."""
    batch = read.get("payment_batch", line["payment_batch_id"])
    return batch if batch and batch["status"] == "draft" and line["id"] in batch["line_ids"] else None
