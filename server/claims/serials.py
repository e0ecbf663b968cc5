"""Serial numbers that purchases name, and which other purchases name them too. For REG-A12."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, String, Table, delete, insert, select

from server.claims.rules.others import SerialElsewhere
from server.tools.naming import normal_serial
from server.tools.states import came_back
from sync.change import Record
from sync.journal import Entry
from sync.tables import metadata
from sync.transaction import Transaction

purchase_serials = Table(
    "purchase_serial",
    metadata,
    Column("serial_number", String(80), primary_key=True),
    Column("tool_purchase_id", String(36), primary_key=True, index=True),
)
"""The serial numbers in `tool_purchase.serial_numbers`, so that they are found by an index."""


def note_serials(write: Transaction, entry: Entry) -> None:
    """A purchase was logged, changed or deleted: its serial numbers follow."""
    if not (entry.op == "delete" or entry.changed("serial_numbers")):
        return
    own = purchase_serials.c.tool_purchase_id == entry.record_id
    write.connection.execute(delete(purchase_serials).where(own))
    serials = {normal_serial(text) for text in entry.record["serial_numbers"]} - {""}
    if serials and entry.op != "delete":
        rows = [{"serial_number": serial, "tool_purchase_id": entry.record_id} for serial in sorted(serials)]
        write.connection.execute(insert(purchase_serials), rows)


def receipts_sharing(write: Transaction, entry: Entry) -> set[str]:
    """The receipts of other purchases that name a serial number which this one names or named."""
    known = {normal_serial(text) for state in (entry.record, entry.before) for text in state.get("serial_numbers", ())}
    named = select(purchase_serials.c.tool_purchase_id).where(purchase_serials.c.serial_number.in_(known))
    purchases = write.find_any("tool_purchase", "id", list(write.connection.execute(named).scalars()))
    return {purchase["receipt_id"] for purchase in purchases if purchase["receipt_id"]}


def serials_elsewhere(write: Transaction, receipt_id: str) -> Iterator[SerialElsewhere]:
    """The serial numbers of the tools on one receipt that other purchases name, or that came back for another."""
    for purchase in write.find("tool_purchase", receipt_id=receipt_id):
        own = {normal_serial(text) for text in purchase["serial_numbers"]} - {""}
        units = [unit for unit in write.find_any("tool_unit", "serial_number", sorted(own)) if _is_back(unit)]
        back = {(unit["serial_number"], unit["tool_purchase_id"]) for unit in units}
        named = select(purchase_serials).where(purchase_serials.c.serial_number.in_(own))
        pairs = {(row.serial_number, row.tool_purchase_id) for row in write.connection.execute(named)}
        for serial, other_id in sorted(pairs | back):
            other = write.get("tool_purchase", other_id)
            if other and other_id != purchase["id"]:
                yield _elsewhere(write, purchase, other, serial, is_back=(serial, other_id) in back)


def _elsewhere(write: Transaction, own: Record, other: Record, serial: str, *, is_back: bool) -> SerialElsewhere:
    return SerialElsewhere(
        serial=serial,
        purchase_id=other["id"],
        is_earlier=write.first_seq("tool_purchase", other["id"]) < write.first_seq("tool_purchase", own["id"]),
        is_stocked_in=is_back,
        same_tool=normal_serial(own["name"] + own["model"]) == normal_serial(other["name"] + other["model"]),
    )


def _is_back(unit: Record) -> bool:
    return came_back(unit) and unit["tool_purchase_id"] is not None
