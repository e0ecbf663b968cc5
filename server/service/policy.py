"""Who may write the records of the service, and what a filed report must hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.service.records import (
    REPORT_FIELDS,
    WORK_ORDER_STEPS,
    CustomerSchema,
    EquipmentSchema,
    ServiceReportSchema,
    SiteSchema,
    SurveySchema,
    TripSchema,
    WorkOrderSchema,
    customers,
    equipment,
    service_reports,
    sites,
    surveys,
    trips,
    work_orders,
)
from server.wire import RecordForm, RecordSchema
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Held, Refused
from sync.transaction import Transaction

_SERVER_FIELDS = {"technician_id", "completeness", "filed_at"}


class ReferencePolicy(Policy):
    """Reference data: the dispatcher keeps it, everybody reads it."""

    def __init__(self, schema: type[RecordSchema]) -> None:
        self.fields = frozenset(schema().fields)

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return self.fields if write.actor.is_any("dispatcher", "manager") else frozenset()

    def buckets(self, record: Record) -> set[str]:
        return {"org"}


class WorkOrderPolicy(Policy):
    """The dispatcher plans it; its technician takes it step by step to its end."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if write.actor.is_any("dispatcher", "manager"):
            return WorkOrderSchema.names()
        is_own = before is not None and before["technician_id"] == write.actor.id
        return frozenset({"status"}) if is_own else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        check_technician(write, after["technician_id"])
        if before is None or before["status"] == after["status"] or write.actor.is_any("dispatcher", "manager"):
            return {}
        steps = WORK_ORDER_STEPS
        was, now = before["status"], after["status"]
        if was not in steps or now not in steps or steps.index(now) != steps.index(was) + 1:
            raise Refused("step_not_allowed", {"status": ["step_not_allowed"]}, {"from": was, "to": now})
        return {}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['technician_id']}", "role:dispatcher", "role:manager"}


class TripPolicy(Policy):
    """The dispatcher plans a trip; its places and days are what receipts are judged by (REG-D3)."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        is_planner = write.actor.is_any("dispatcher", "manager")
        return TripSchema.names() if is_planner else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        check_technician(write, after["technician_id"])
        if before and before["technician_id"] != after["technician_id"] and write.find("claim", trip_id=after["id"]):
            raise Refused("trip_has_claim", {"technician_id": ["trip_has_claim"]})
        if not after["stops"]:
            raise Refused("invalid_fields", {"stops": ["required"]})
        if any(stop["leave_on"] < stop["arrive_on"] for stop in after["stops"]):
            raise Refused("invalid_fields", {"stops": ["leaves_before_arriving"]})
        return {}

    def buckets(self, record: Record) -> set[str]:
        desks = ("dispatcher", "finance", "manager", "warehouse")
        return {f"user:{record['technician_id']}"} | {f"role:{role}" for role in desks}


class TechnicianRecordPolicy(Policy):
    """A record that a technician makes on the phone, and that the desks read."""

    def __init__(self, schema: type[RecordSchema]) -> None:
        self.fields = frozenset(schema().fields) - _SERVER_FIELDS

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("technician"):
            return frozenset()
        if before is not None and before["technician_id"] != write.actor.id:
            return frozenset()
        return self.fields

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        return {"technician_id": write.actor.id} if before is None else {}

    def buckets(self, record: Record) -> set[str]:
        desks = ("dispatcher", "finance", "manager")
        return {f"user:{record['technician_id']}"} | {f"role:{role}" for role in desks}


class ServiceReportPolicy(TechnicianRecordPolicy):
    """A draft is saved field by field; a report is filed only when it says what REG-D6 asks for."""

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if before and before["status"] == "filed" and after["status"] != "filed":
            raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
        missing = missing_from_report(after)
        if after["status"] == "filed" and missing:
            raise Refused("report_incomplete", {name: ["required"] for name in missing})
        settled = {**super().settle(write, before, after), "completeness": _completeness(missing)}
        if after["status"] == "filed" and not after["filed_at"]:
            settled["filed_at"] = instant(write.now)
        return settled


class SurveyPolicy(TechnicianRecordPolicy):
    """The customer's word: once given, nobody changes it."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return super().writable(write, change, before) if before is None else frozenset()


def missing_from_report(report: Mapping[str, Any]) -> list[str]:
    """What a service report still lacks (REG-D6). `parts_replaced` may be an explicit "none": an empty list."""
    return [
        name
        for name in REPORT_FIELDS
        if report[name] is None or (isinstance(report[name], str) and not report[name].strip())
    ]


def check_technician(write: Transaction, user_id: str) -> None:
    """A job goes to a technician who works here. Raises Refused, or Held where the person is not known yet."""
    user = write.get("user", user_id)
    if user is None:
        raise Held("parent_unknown", {"technician_id": ["parent_unknown"]})
    if user["role"] != "technician" or user["status"] != "active":
        raise Refused("not_a_technician", {"technician_id": ["not_a_technician"]})


def _completeness(missing: list[str]) -> dict[str, Any]:
    return {"complete": not missing, "missing": missing}


_ON_SITE = {"customer_id": "customer", "site_id": "site"}
ENTITIES = (
    Entity("customer", customers, RecordForm(CustomerSchema), ReferencePolicy(CustomerSchema)),
    Entity("site", sites, RecordForm(SiteSchema), ReferencePolicy(SiteSchema), {"customer_id": "customer"}),
    Entity("equipment", equipment, RecordForm(EquipmentSchema), ReferencePolicy(EquipmentSchema), _ON_SITE),
    Entity(
        "work_order",
        work_orders,
        RecordForm(WorkOrderSchema),
        WorkOrderPolicy(),
        _ON_SITE | {"equipment_id": "equipment"},
    ),
    Entity("trip", trips, RecordForm(TripSchema), TripPolicy()),
    Entity(
        "service_report",
        service_reports,
        RecordForm(ServiceReportSchema),
        ServiceReportPolicy(ServiceReportSchema),
        {"work_order_id": "work_order", "trip_id": "trip"},
    ),
    Entity(
        "survey",
        surveys,
        RecordForm(SurveySchema),
        SurveyPolicy(SurveySchema),
        {"work_order_id": "work_order"},
    ),
)
