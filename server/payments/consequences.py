"""What follows from a change to a batch for its lines, and from a change to a line for its batch."""

from __future__ import annotations

from collections.abc import Iterable

from server.payments.selection import payments_of, totals_of
from sync.change import Change, Record
from sync.entity import Registry
from sync.journal import Entry
from sync.transaction import Transaction, change_of


def follow_all(registry: Registry) -> None:
    """Keep batches and their lines in step."""
    registry.follow("payment_batch", on_batch)
    registry.follow("payment_result", on_result)
    registry.follow("claim_line", on_line)


def on_batch(write: Transaction, entry: Entry) -> Iterable[Change]:
    """Lines join the batch that they are put in, are paid as the bank answers, and are free again where it does not."""
    batch = entry.record
    joining = batch["line_ids"] if batch["status"] == "draft" else []
    for line in write.find_any("claim_line", "id", joining):
        if line["payment_batch_id"] != batch["id"]:
            yield change_of("claim_line", line, {"payment_batch_id": batch["id"]})
    asked = {line_id: payment for payment in batch["payments"] for line_id in payment["line_ids"]}
    for line in write.find("claim_line", payment_batch_id=batch["id"]):
        payment = asked.get(line["id"], {"outcome": ""})
        if line["status"] == "paid":
            continue
        if payment["outcome"] == "paid":
            paid = {"status": "paid", "payment_reference": payment["bank_reference"] or payment["reference"]}
            yield change_of("claim_line", line, paid | {name: payment[name] for name in ("paid_at", "paid_by")})
        elif payment["outcome"] == "failed" or batch["status"] == "cancelled" or line["id"] not in batch["line_ids"]:
            yield change_of("claim_line", line, {"payment_batch_id": None})


def on_result(write: Transaction, entry: Entry) -> Iterable[Change]:
    """The bank's answers stand in the batch; when there is one for every payment, it is settled."""
    batch = write.get("payment_batch", entry.record["batch_id"], lock=True)
    if batch is None:
        return
    answers = {row["reference"]: row for row in entry.record["rows"]}
    payments = [_answered(payment, answers.get(payment["reference"]), entry) for payment in batch["payments"]]
    changed: dict[str, object] = {"payments": payments}
    if all(payment["outcome"] for payment in payments):
        changed |= {"status": "settled", "settled_at": entry.record["imported_at"]}
    yield change_of("payment_batch", batch, changed)


def on_line(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A draft follows its lines: an approval that goes away takes its line out, an advance that is set off against it
    makes it smaller, and a person who would get nothing leaves.
    """
    if not entry.changed("status", "approved_minor", "set_off_minor") or entry.record["status"] == "paid":
        return
    batch = draft_of(write, entry.record)
    if batch is None:
        return
    lines = write.find_any("claim_line", "id", batch["line_ids"])
    payments = payments_of(line for line in lines if line["status"] == "approved")
    left = [line["id"] for payment in payments if payment.amount_minor > 0 for line in payment.lines]
    left = sorted(left, key=batch["line_ids"].index)
    current = {"line_ids": left} | totals_of(write, batch | {"line_ids": left})
    changed = {name: value for name, value in current.items() if batch[name] != value}
    if changed:
        yield change_of("payment_batch", batch, changed)


def draft_of(read: Transaction, line: Record) -> Record | None:
    """The draft batch that a line is in."""
    batch = read.get("payment_batch", line["payment_batch_id"])
    return batch if batch and batch["status"] == "draft" and line["id"] in batch["line_ids"] else None


def _answered(payment: Record, answer: Record | None, entry: Entry) -> Record:
    if answer is None:
        return payment
    told = {name: answer[name] for name in ("outcome", "bank_reference", "reason")}
    told |= {"answered_at": entry.record["imported_at"], "result_id": entry.record_id}
    if answer["outcome"] == "paid":
        told |= {"paid_at": entry.record["imported_at"], "paid_by": entry.record["imported_by"]}
    return payment | told
