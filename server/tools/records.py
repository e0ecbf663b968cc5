"""Tools bought on the road, the units that the warehouse holds, who has them, and the counts of its shelves."""

from __future__ import annotations

from sqlalchemy import Index, text

from server.tools.states import COUNT_STATES, DECISIONS, DIFFERENCE_STEPS, ISSUE_STATES, ORIGINS, UNIT_STATES
from server.wire import (
    DateField,
    IdField,
    InstantField,
    IntegerField,
    JsonField,
    ListField,
    ObjectField,
    Part,
    RecordSchema,
    TextField,
    choice,
    currency,
    record_table,
    sha256,
)

CONDITIONS = ("good", "worn", "damaged")
MAX_COUNTED = 2000


class ToolPurchaseSchema(RecordSchema):
    """What was bought, and how many of it.

    `stocked_in_quantity` counts the units that came back (REG-A12), `excused_quantity` those that never will and are
    paid all the same, `forfeited_quantity` those that came back and are not paid: the last two by a manager's word.
    """

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
    excused_quantity = IntegerField(0, 1000)
    forfeited_quantity = IntegerField(0, 1000)


class ToolUnitSchema(RecordSchema):
    """One tool. It came in over the counter, from a purchase or without one, or is reported lost on the road.

    `technician_id` is who bought it, `holder_id` who has it now. `stocked_in_at` is empty until it came in.
    """

    tool_purchase_id = IdField()
    origin = choice(*ORIGINS, default="purchase")
    name = TextField(120)
    model = TextField(80)
    kind_key = TextField(400)
    label = TextField(20)
    serial_number = TextField(80)
    serial_key = TextField(400)
    condition = choice(*CONDITIONS, default="good")
    attachments = ListField(sha256(required=True), 20)
    shelf = TextField(40)
    status = choice(*UNIT_STATES, default="stocked_in")
    reason = TextField(500)
    technician_id = IdField()
    holder_id = IdField()
    due_on = DateField(nullable=True)
    stocked_in_at = InstantField()
    stocked_in_by = IdField()
    calibrated_on = DateField(nullable=True)
    calibration_days = IntegerField(0, 3660)
    calibration_due_on = DateField(nullable=True)
    loss_reported_by = IdField()
    reimbursement = choice("", *DECISIONS)
    decision_reason = TextField(500)
    written_off_by = IdField()
    written_off_at = InstantField()


class ToolIssueSchema(RecordSchema):
    """One check-out of a unit to a technician, until it is returned or lost."""

    tool_unit_id = IdField(required=True)
    technician_id = IdField(required=True)
    trip_id = IdField()
    due_on = DateField(required=True)
    note = TextField(500)
    status = choice(*ISSUE_STATES, default="out")
    issued_at = InstantField()
    issued_by = IdField()
    returned_at = InstantField()
    received_by = IdField()
    returned_condition = choice("", *CONDITIONS)
    returned_shelf = TextField(40)
    attachments = ListField(sha256(required=True), 20)


class ToolKindSchema(RecordSchema):
    """What the company owns of one name and model, and where: known offline on every phone, before a purchase."""

    key = TextField(400, required=True)
    name = TextField(120)
    model = TextField(80)
    owned = IntegerField(0, 10**6)
    on_shelf = IntegerField(0, 10**6)
    issued = IntegerField(0, 10**6)
    in_repair = IntegerField(0, 10**6)
    shelves = JsonField(list)


class Adjustment(Part):
    """What a difference of a count leads to, and why."""

    code = TextField(80, required=True)
    step = choice(*DIFFERENCE_STEPS, required=True)
    reason = TextField(500, required=True)


class StockCountSchema(RecordSchema):
    """One count of one shelf. `counted` holds what was scanned: labels or serial numbers."""

    shelf = TextField(40, required=True)
    status = choice(*COUNT_STATES, default="open")
    counted = ListField(TextField(80, required=True), MAX_COUNTED)
    differences = JsonField(list)
    adjustments = ListField(ObjectField(Adjustment, required=True), MAX_COUNTED)
    note = TextField(500)
    started_at = InstantField()
    started_by = IdField()
    closed_at = InstantField()
    closed_by = IdField()


def _unique(name: str, *columns: str, where: str) -> Index:
    condition = text(where)
    return Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


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
    Index("ix_tool_unit_kind_key", "kind_key"),
    Index("ix_tool_unit_status", "status"),
    Index("uq_tool_unit_label", "label", unique=True),
    _unique(
        "uq_tool_unit_serial_key",
        "serial_key",
        where="serial_key <> '' AND status NOT IN ('refused', 'cancelled')",
    ),
)
tool_issues = record_table(
    "tool_issue",
    ToolIssueSchema,
    Index("ix_tool_issue_tool_unit_id", "tool_unit_id"),
    Index("ix_tool_issue_technician_id", "technician_id"),
    _unique("uq_tool_issue_out", "tool_unit_id", where="status = 'out'"),
)
tool_kinds = record_table("tool_kind", ToolKindSchema, Index("uq_tool_kind_key", "key", unique=True))
stock_counts = record_table(
    "stock_count",
    StockCountSchema,
    Index("ix_stock_count_shelf", "shelf"),
    _unique("uq_stock_count_open", "shelf", where="status = 'open'"),
)
