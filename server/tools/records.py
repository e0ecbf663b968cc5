"""Tools bought on the road, and the units that came back, as records."""

from __future__ import annotations

from sqlalchemy import Index

from server.wire import (
    IdField,
    InstantField,
    IntegerField,
    ListField,
    RecordSchema,
    TextField,
    choice,
    currency,
    record_table,
    sha256,
)

CONDITIONS = ("good", "worn", "damaged")


class ToolPurchaseSchema(RecordSchema):
    """What was bought, and how many of it. `stocked_in_quantity` counts the units that came back (REG-A12)."""

    trip_id = IdField(required=True)
    receipt_id = IdField()
    name = TextField(120, required=True)
    model = TextField(80)
    quantity = IntegerField(1, 1000, required=True)
    unit_price_minor = IntegerField(0, 10**10, required=True)
    currency = currency()
    serial_numbers = ListField(TextField(80, required=True), 1000)
    attachments = ListField(sha256(required=True), 20)
    technician_id = IdField()
    stocked_in_quantity = IntegerField(0, 1000)


class ToolUnitSchema(RecordSchema):
    """One tool at the counter: stocked in, refused with a reason, or a stocking-in that was cancelled."""

    tool_purchase_id = IdField(required=True)
    label = TextField(20)
    serial_number = TextField(80)
    condition = choice(*CONDITIONS, default="good")
    shelf = TextField(40)
    status = choice("stocked_in", "refused", "cancelled", default="stocked_in")
    reason = TextField(500)
    technician_id = IdField()
    stocked_in_at = InstantField()
    stocked_in_by = IdField()


tool_purchases = record_table(
    "tool_purchase",
    ToolPurchaseSchema,
    Index("ix_tool_purchase_receipt_id", "receipt_id"),
    Index("ix_tool_purchase_trip_id", "trip_id"),
)
tool_units = record_table(
    "tool_unit",
    ToolUnitSchema,
    Index("ix_tool_unit_tool_purchase_id", "tool_purchase_id"),
    Index("ix_tool_unit_serial_number", "serial_number"),
    Index("uq_tool_unit_label", "label", unique=True),
)
