"""Customers, sites, equipment, work orders, trips, service reports and surveys, as records."""

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
    Part,
    Position,
    RecordSchema,
    TextField,
    choice,
    division,
    record_table,
    sha256,
)

WORK_ORDER_STEPS = ("planned", "accepted", "travelling", "on_site", "done")
REPORT_FIELDS = ("fault_cause", "remedy", "parts_replaced", "customer_opinion")
"""What a filed service report must say (REG-D6)."""


class CustomerSchema(RecordSchema):
    """A company that owns equipment of ours."""

    name = TextField(120, required=True)
    phone = TextField(40)
    address = TextField(300)


class SiteSchema(RecordSchema):
    """A place where equipment stands."""

    customer_id = IdField(required=True)
    name = TextField(120, required=True)
    division_code = division(required=True)
    address = TextField(300)
    position = ObjectField(Position)


class EquipmentSchema(RecordSchema):
    """A machine, by its serial number."""

    customer_id = IdField(required=True)
    site_id = IdField(required=True)
    name = TextField(120, required=True)
    model = TextField(80)
    serial_number = TextField(80, required=True)
    warranty_until = DateField(nullable=True)


class WorkOrderSchema(RecordSchema):
    """A job for one technician at one site."""

    number = TextField(40, required=True)
    customer_id = IdField(required=True)
    site_id = IdField(required=True)
    equipment_id = IdField()
    problem = TextField(2000, required=True)
    technician_id = IdField(required=True)
    promised_arrival_at = InstantField(nullable=True)
    status = choice(*WORK_ORDER_STEPS, "cancelled", default="planned")


class Stop(Part):
    """One destination of a trip, from its first to its last day there."""

    division_code = division(required=True)
    site_id = IdField()
    arrive_on = DateField(required=True)
    leave_on = DateField(required=True)


class TripSchema(RecordSchema):
    """One journey of one technician."""

    technician_id = IdField(required=True)
    purpose = TextField(300, required=True)
    home_division = division(required=True)
    stops = ListField(ObjectField(Stop, required=True), 20)
    work_order_ids = ListField(IdField(required=True), 50)
    status = choice("planned", "active", "finished", "cancelled", default="planned")


class ReplacedPart(Part):
    """A part that was replaced: its name must be given (REG-D6)."""

    name = TextField(120, required=True)
    quantity = IntegerField(1, 10_000, default=1)
    serial = TextField(80)


class ServiceReportSchema(RecordSchema):
    """What was wrong, what was done, and what the customer says of it. `parts_replaced`: null until answered."""

    work_order_id = IdField(required=True)
    trip_id = IdField(required=True)
    fault_cause = TextField(4000)
    remedy = TextField(4000)
    parts_replaced = ListField(ObjectField(ReplacedPart, required=True), 100, nullable=True)
    customer_opinion = TextField(2000)
    customer_signature = sha256()
    customer_signature_name = TextField(80)
    status = choice("draft", "filed", default="draft")
    technician_id = IdField()
    completeness = JsonField(None)
    filed_at = InstantField()


class Scores(Part):
    """What the customer gives, 1 to 5."""

    attitude = IntegerField(1, 5, required=True)
    punctuality = IntegerField(1, 5, required=True)
    skill = IntegerField(1, 5, required=True)
    result = IntegerField(1, 5, required=True)


class SurveySchema(RecordSchema):
    """The customer's satisfaction survey (REG-C7)."""

    work_order_id = IdField(required=True)
    scores = ObjectField(Scores, required=True)
    comment = TextField(2000)
    signature = sha256()
    technician_id = IdField()


customers = record_table("customer", CustomerSchema)
sites = record_table("site", SiteSchema, Index("ix_site_customer_id", "customer_id"))
equipment = record_table("equipment", EquipmentSchema, Index("ix_equipment_site_id", "site_id"))
work_orders = record_table(
    "work_order",
    WorkOrderSchema,
    Index("uq_work_order_number", "number", unique=True),
    Index("ix_work_order_technician_id", "technician_id"),
)
trips = record_table("trip", TripSchema, Index("ix_trip_technician_id", "technician_id"))
service_reports = record_table("service_report", ServiceReportSchema, Index("ix_service_report_trip_id", "trip_id"))
surveys = record_table("survey", SurveySchema, Index("ix_survey_work_order_id", "work_order_id"))
