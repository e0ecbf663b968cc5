"""What a scanned code means at the counter, and which action is right for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.tools.counts import units_by_code
from server.tools.naming import serial_key
from server.tools.queries import Expected, expected_back
from sync.change import Record
from sync.transaction import Transaction

MAX_CODE = 80
_BY_STATE = {"issued": "take_back", "in_repair": "repaired", "lost": "found"}


@dataclass(frozen=True)
class Meaning:
    """A code, what it names, and what the counter should do. `action` is empty where a person must choose."""

    code: str
    action: str
    unit: Record | None = None
    expected: Expected | None = None
    serial_number: str = ""
    holder: str = ""


def meaning_of(read: Transaction, code: str, today: date) -> Meaning:
    """A unit in the books goes before a purchase: a tool that came back once is not taken in for another one."""
    unit = units_by_code(read, [code])[0]
    if unit is not None and unit["status"] not in ("refused", "cancelled"):
        holder = read.get("user", unit["holder_id"]) or {"display_name": ""}
        return Meaning(code, _BY_STATE.get(unit["status"], "known"), unit, None, "", holder["display_name"])
    key = serial_key(code)
    for item in expected_back(read, today):
        if key == serial_key(item.code):
            return Meaning(code, "stock_in", expected=item)
        if key in {serial_key(serial) for serial in item.purchase["serial_numbers"]}:
            return Meaning(code, "stock_in", expected=item, serial_number=code)
    return Meaning(code, "", serial_number=code)
