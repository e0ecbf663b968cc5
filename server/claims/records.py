"""Claims and their lines, as records."""

from __future__ import annotations

from sqlalchemy import Index

from server.claims.states import CLAIM_STATES, LINE_STATES
from server.wire import (
    IdField,
    InstantField,
    JsonField,
    RecordSchema,
    TextField,
    choice,
    currency,
    money,
    record_table,
)


class ClaimSchema(RecordSchema):
    """What a technician asks to be paid back for one trip."""

    trip_id = IdField(required=True)
    note = TextField(1000)
    status = choice(*CLAIM_STATES, default="draft")
    technician_id = IdField()
    total_minor = money()
    currency = currency()
    submitted_at = InstantField()


class ClaimLineSchema(RecordSchema):
    """One receipt's money in a claim. A line that was split names the line that it came from.

    `approved_minor` is what finance approved of it, the whole or less; payment pays this, less what is set off against
    an advance (`set_off_minor`). A reversal takes a paid line back: its amounts are below zero, `reverses` names the
    paid line, and `reversed_by` of that line names it. Above the limit of one person's approval finance endorses
    (`endorsed_…`) and the manager approves; `endorsed_for` and `on_behalf_of` name those in whose place somebody acted.
    """

    claim_id = IdField(required=True)
    receipt_id = IdField(required=True)
    amount_minor = money(required=True)
    note = TextField(1000)
    technician_id = IdField()
    currency = currency()
    status = choice(*LINE_STATES, default="draft")
    findings = JsonField(list)
    endorsed_minor = money()
    endorsed_by = IdField()
    endorsed_for = IdField()
    endorsed_at = InstantField()
    decided_by = IdField()
    on_behalf_of = IdField()
    decided_at = InstantField()
    decision_note = TextField(1000)
    approved_minor = money()
    set_off_minor = money()
    return_reason = TextField(1000)
    returned_by = IdField()
    returned_at = InstantField()
    split_from = IdField()
    payment_batch_id = IdField()
    payment_reference = TextField(80)
    paid_by = IdField()
    paid_at = InstantField()
    reverses = IdField()
    reversed_by = IdField()


claims = record_table(
    "claim",
    ClaimSchema,
    Index("ix_claim_trip_id", "trip_id"),
    Index("ix_claim_status", "status"),
)
claim_lines = record_table(
    "claim_line",
    ClaimLineSchema,
    Index("ix_claim_line_claim_id", "claim_id"),
    Index("ix_claim_line_receipt_id", "receipt_id"),
    Index("ix_claim_line_status", "status"),
    Index("ix_claim_line_payment_batch_id", "payment_batch_id"),
    Index("ix_claim_line_endorsed_by", "endorsed_by"),
    Index("uq_claim_line_reverses", "reverses", unique=True),
    Index("ix_claim_line_paid_at", "paid_at"),
)
