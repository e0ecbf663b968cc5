"""What the warehouse looks at: what is expected back, units, what is out, what is to be calibrated, histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from server.tools.naming import kind_key, label_in, purchase_code, serial_key
from server.tools.records import tool_issues, tool_purchases, tool_units
from server.tools.states import OWNED
from sync import journal
from sync.change import Record
from sync.tables import journal as entries
from sync.transaction import Transaction

GRACE = timedelta(days=7)
"""A bought tool is overdue when its trip has ended longer ago than this."""
SOON = timedelta(days=30)
"""Calibrations are listed this long before they are due."""
PAGE = 100


@dataclass(frozen=True)
class Expected:
    """A purchase of which units are still on the road."""

    purchase: Record
    technician: Record
    trip: Record
    due_on: str
    is_overdue: bool
    code: str
    lost: int

    @property
    def waiting(self) -> int:
        """How many of its units are still to come."""
        here = self.purchase["stocked_in_quantity"] + self.purchase["excused_quantity"]
        return max(0, int(self.purchase["quantity"]) - int(here))


def expected_back(read: Transaction, today: date, wanted: str = "") -> list[Expected]:
    """Purchases with units on the road, overdue first, then by technician."""
    lost = [unit for unit in read.find("tool_unit", status="lost") if not unit["stocked_in_at"]]
    bought = tool_purchases.c
    is_open = bought.stocked_in_quantity + bought.excused_quantity < bought.quantity
    found = read.connection.execute(select(tool_purchases).where(is_open).order_by(bought.id))
    open_purchases = [dict(row._mapping) for row in found]
    people = by_id(read, "user", [item["technician_id"] for item in open_purchases])
    trips = by_id(read, "trip", [item["trip_id"] for item in open_purchases])
    items = []
    for purchase in open_purchases:
        trip = trips[purchase["trip_id"]]
        due = date.fromisoformat(max(stop["leave_on"] for stop in trip["stops"])) + GRACE
        gone = sum(unit["tool_purchase_id"] == purchase["id"] for unit in lost)
        technician = people[purchase["technician_id"]]
        code = purchase_code(purchase["id"])
        items.append(Expected(purchase, technician, trip, due.isoformat(), due < today, code, gone))
    named = [item for item in items if _names(item, wanted)]
    return sorted(named, key=lambda item: (not item.is_overdue, item.technician["display_name"], item.due_on))


def list_units(read: Transaction, wanted: str, status: str, shelf: str, after: str) -> list[Record]:
    """Units by what is written on them, the newest first; `after` is the last id of the page before."""
    unit = tool_units.c
    found = select(tool_units).order_by(unit.id.desc()).limit(PAGE + 1)
    if status:
        found = found.where(unit.status.in_(OWNED if status == "owned" else [status]))
    if shelf:
        found = found.where(unit.shelf == shelf)
    if after:
        found = found.where(unit.id < after)
    if wanted:
        text = f"%{wanted.lower().replace('%', '').replace('_', '')}%"
        bears = or_(unit.label == label_in(wanted), and_(unit.serial_key != "", unit.serial_key == serial_key(wanted)))
        named = or_(func.lower(unit.name).like(text), func.lower(unit.model).like(text))
        found = found.where(or_(bears, named, unit.holder_id.in_(_people(read, wanted))))
    return [dict(row._mapping) for row in read.connection.execute(found)]


def shelves(read: Transaction) -> list[str]:
    """Every shelf that has a unit on it."""
    on_shelf = select(tool_units.c.shelf).where(tool_units.c.status == "stocked_in", tool_units.c.shelf != "")
    return sorted(read.connection.execute(on_shelf.distinct()).scalars())


def open_issues(read: Transaction, overdue_before: str = "") -> list[tuple[Record, Record]]:
    """What is out, with its unit, by the day it is due; with a day, only what was due before it."""
    issue = tool_issues.c
    query = select(tool_issues).where(issue.status == "out").order_by(issue.due_on, issue.id)
    if overdue_before:
        query = query.where(issue.due_on < overdue_before)
    issues = [dict(row._mapping) for row in read.connection.execute(query)]
    units = by_id(read, "tool_unit", [item["tool_unit_id"] for item in issues])
    return [(item, units[item["tool_unit_id"]]) for item in issues]


def to_calibrate(read: Transaction, before: str) -> list[Record]:
    """Units that the company owns and that are due for calibration before that day, the longest overdue first."""
    unit = tool_units.c
    due = select(tool_units).where(unit.calibration_due_on < before, unit.status.in_(OWNED))
    found = read.connection.execute(due.order_by(unit.calibration_due_on, unit.id))
    return [dict(row._mapping) for row in found]


def history(read: Transaction, unit: Record) -> list[dict[str, Any]]:
    """All that ever happened to a unit and its check-outs, as the journal has it, the newest first.

    `behind` is who caused what the system did.
    """
    issues = read.find("tool_issue", tool_unit_id=unit["id"])
    ids = [unit["id"], *(issue["id"] for issue in issues)]
    query = select(entries).where(entries.c.entity.in_(("tool_unit", "tool_issue")), entries.c.record_id.in_(ids))
    rows = read.connection.execute(query.order_by(entries.c.seq.desc())).all()
    behind = journal.find(read.connection, [row.caused_by for row in rows if row.caused_by])
    return [
        {"entity": row.entity, "at": row.received_at, "actor": row.actor, "op": row.op}
        | {"behind": behind[row.caused_by].actor if row.caused_by in behind else ""}
        | {"after": journal.values(row.after)}
        for row in rows
    ]


def by_id(read: Transaction, entity: str, ids: Sequence[str | None]) -> dict[str, Record]:
    """Records by their ids."""
    return {record["id"]: record for record in read.find_any(entity, "id", sorted({item for item in ids if item}))}


def _people(read: Transaction, wanted: str) -> list[str]:
    people = read.find("user", role="technician")
    return [user["id"] for user in people if wanted.lower() in user["display_name"].lower()]


def _names(item: Expected, wanted: str) -> bool:
    if not wanted:
        return True
    keys = {serial_key(serial) for serial in [*item.purchase["serial_numbers"], item.code]}
    texts = (item.purchase["name"], item.purchase["model"], item.technician["display_name"])
    is_named = any(wanted.lower() in text.lower() for text in texts)
    return is_named or serial_key(wanted) in keys or kind_key(wanted, "")[:-1] in kind_key(*texts[:2])
