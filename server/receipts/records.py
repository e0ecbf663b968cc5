"""Receipts, and what a person read off their pictures, as records."""

from __future__ import annotations

from sqlalchemy import Index

from server.wire import (
    DateField,
    IdField,
    InstantField,
    IntegerField,
    JsonField,
    ListField,
    ObjectField,
    Position,
    RecordSchema,
    TextField,
    choice,
    currency,
    division,
    money,
    record_table,
    sha256,
)

ALLOWANCE = "allowance"
"""The category of a receipt without paper: the company's fixed sum for each day of travel."""
CATEGORIES = ("transport", "lodging", "meal", "tool", "parts", "other", ALLOWANCE)


class ReceiptSchema(RecordSchema):
    """A receipt as its technician captured it. `evidence` is what it says of its place, and where that was read.

    `handed_in_as` is the category that it, or another receipt for the same paper, had when it was first handed in,
    where it has another now. An allowance has no paper: it holds the days from `issued_on` to `allowance_until`, and
    `allowance_days` are these with their rates, from which the server computes its amount.
    """

    trip_id = IdField(required=True)
    category = choice(*CATEGORIES, required=True)
    amount_minor = money(required=True)
    currency = currency()
    issued_on = DateField(required=True)
    nights = IntegerField(0, 366)
    seller_name = TextField(200)
    seller_tax_id = TextField(32)
    fapiao_code = TextField(20)
    fapiao_number = TextField(30)
    typed_division = division(nullable=True)
    captured_at = InstantField()
    capture_position = ObjectField(Position)
    attachments = ListField(sha256(required=True), 20)
    qr_text = TextField(1000)
    note = TextField(1000)
    technician_id = IdField()
    identity = TextField(40)
    evidence = JsonField(list)
    reading_status = choice("pending", "read", "unreadable", default="pending")
    handed_in_as = choice("", *CATEGORIES)
    allowance_until = DateField()
    allowance_days = JsonField(list)


class EvidenceSchema(RecordSchema):
    """What somebody of finance read off a receipt's picture, under their name."""

    receipt_id = IdField(required=True)
    kind = choice("reviewer", default="reviewer")
    division_code = division(required=True)
    note = TextField(1000, required=True)
    technician_id = IdField()
    read_by = IdField()
    read_at = InstantField()


class ReadingSchema(RecordSchema):
    """What one reader of one version found in one file: `facts` as in `readers/fact.py`, once it is no longer waiting.

    `nothing`: the reader has nothing to do there. `unreadable`: `reason` says why.
    """

    sha256 = sha256(required=True)
    owner_id = IdField(required=True)
    media_type = TextField(80)
    reader = TextField(20, required=True)
    reader_version = TextField(10, required=True)
    status = choice("waiting", "read", "nothing", "unreadable", default="waiting")
    reason = TextField(60)
    facts = JsonField(list)
    read_at = InstantField()


receipts = record_table(
    "receipt",
    ReceiptSchema,
    Index("ix_receipt_trip_id", "trip_id"),
    Index("ix_receipt_identity", "identity"),
    Index("ix_receipt_technician_day", "technician_id", "issued_on"),
    Index("ix_receipt_amount_day", "amount_minor", "issued_on"),
)
readings = record_table(
    "reading",
    ReadingSchema,
    Index("ix_reading_file", "sha256", "owner_id", "reader", "reader_version", unique=True),
    Index("ix_reading_status", "status"),
)
evidence = record_table("evidence", EvidenceSchema, Index("ix_evidence_receipt_id", "receipt_id"))
