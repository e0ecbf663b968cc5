"""The counter's list: what was scanned, what is to be done with each, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.tools.records import CONDITIONS
from sync.change import Record, is_id, new_id
from sync.errors import Refused
from sync.transaction import Transaction

MAX_ROWS = 50
MAX_UNITS = 80
_FOUND = "found_tool"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "stock_in": ("stock_in", "wrong_tool", "refuse"),
    "": ("stock_in", "wrong_tool", "found_tool", "owned"),
}
"""Where a person may choose: a tool that a purchase waits for, and one that nobody knows."""
_ORIGINS = {"wrong_tool": "wrong_tool", _FOUND: "found", "owned": "owned"}
_ABOUT = ("purchase_id", "unit_id", "quantity", "reason")
_NAMES = ("code", "action", "serial_number", "name", "model", "condition", "shelf", *_ABOUT)


@dataclass(frozen=True)
class Row:
    """One line of the list. `id` is the first record that it makes, so that sending it twice makes it once."""

    id: str
    code: str
    action: str = ""
    purchase_id: str = ""
    unit_id: str = ""
    quantity: int = 1
    serial_number: str = ""
    name: str = ""
    model: str = ""
    condition: str = "good"
    shelf: str = ""
    reason: str = ""
    photos: tuple[str, ...] = ()
    error: str = ""
    is_new: bool = False


@dataclass
class Outcome:
    """What was done, in a form that can be undone, and the rows that were refused with the refusal of each."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[Row, Refused]] = field(default_factory=list)


def rows_of(form: Mapping[str, str]) -> list[Row]:
    """The list as a form carries it; what is not in its right form is dropped."""
    rows = []
    for number in range(MAX_ROWS):
        record_id = form.get(f"id-{number}", "")
        if not is_id(record_id) or form.get(f"drop-{number}"):
            continue
        given = {name: form.get(f"{name}-{number}", "").strip()[:200] for name in _NAMES}
        rows.append(_row_of(record_id, given, form.get(f"photos-{number}", "")))
    return rows


def confirm(write: Transaction, rows: Sequence[Row]) -> Outcome:
    """Do what the list says, each row on its own: one that is refused stops no other."""
    outcome = Outcome()
    if sum(max(1, row.quantity) for row in rows) > MAX_UNITS:
        raise Refused("too_many_at_once", params={"limit": MAX_UNITS})
    for row in rows:
        try:
            outcome.done += _do(write, row)
        except Refused as refused:
            outcome.refused.append((row, refused))
    return outcome


def undo(write: Transaction, done: Sequence[str], reason: str) -> int:
    """Take back what a confirmation did. Gives how many. Raises Refused where one of them cannot be undone."""
    count = 0
    for step in done:
        kind, _, record_id = step.partition(":")
        entity = "tool_issue" if kind == "back" else "tool_unit"
        record = write.get(entity, record_id) if is_id(record_id) else None
        fields = {
            "in": {"status": "cancelled", "reason": reason},
            "refused": {"status": "cancelled", "reason": reason},
            "back": {"status": "out"},
            "repaired": {"status": "in_repair", "reason": reason},
            "found": {"status": "lost", "reason": reason},
        }.get(kind)
        if record and fields and record["status"] != fields["status"]:
            write.update(entity, record, fields)
            count += 1
    return count


def _do(write: Transaction, row: Row) -> list[str]:
    if row.action == "take_back":
        return [f"back:{issue['id']}" for issue in _take_back(write, row)]
    if row.action in ("repaired", "found"):
        return _put_back(write, row)
    if row.action == "known":
        return []
    if row.action not in CHOICES["stock_in"] + CHOICES[""]:
        raise Refused("invalid_fields", {"action": ["required"]})
    if not 1 <= row.quantity <= MAX_UNITS or (row.serial_number and row.quantity > 1):
        raise Refused("invalid_fields", {"quantity": ["out_of_range"]})
    kind = "refused" if row.action == "refuse" else "in"
    return [f"{kind}:{_create(write, _nth_id(row.id, number), _unit_of(row))}" for number in range(row.quantity)]


def _unit_of(row: Row) -> dict[str, Any]:
    shared = {"serial_number": row.serial_number, "condition": row.condition, "attachments": list(row.photos)}
    if row.action in _ORIGINS:
        about = {"origin": _ORIGINS[row.action], "name": row.name, "model": row.model, "reason": row.reason}
        return shared | about | {"shelf": row.shelf}
    if not row.purchase_id:
        raise Refused("invalid_fields", {"tool_purchase_id": ["required"]})
    unit = shared | {"tool_purchase_id": row.purchase_id}
    if row.action == "refuse":
        return unit | {"status": "refused", "reason": row.reason}
    return unit | {"shelf": row.shelf}


def _create(write: Transaction, record_id: str, fields: Mapping[str, Any]) -> str:
    if write.get("tool_unit", record_id) is None:  # a form that is sent twice does its work once
        write.create("tool_unit", fields, record_id)
    return record_id


def _take_back(write: Transaction, row: Row) -> list[Record]:
    fields: dict[str, Any] = {"status": "returned", "returned_condition": row.condition, "returned_shelf": row.shelf}
    issues = write.find("tool_issue", tool_unit_id=row.unit_id, status="out")
    return [
        write.update("tool_issue", issue, fields | {"attachments": [*(issue["attachments"] or ()), *row.photos]})
        for issue in issues
    ]


def _put_back(write: Transaction, row: Row) -> list[str]:
    unit = write.get("tool_unit", row.unit_id)
    was = "in_repair" if row.action == "repaired" else "lost"
    if unit is None or unit["status"] != was:
        return []
    fields: dict[str, Any] = {"status": "stocked_in", "condition": row.condition}
    fields |= {"shelf": row.shelf} if row.shelf else {}
    fields |= {"attachments": [*(unit["attachments"] or ()), *row.photos]} if row.photos else {}
    write.update("tool_unit", unit, fields)
    return [f"{row.action}:{unit['id']}"]


def _row_of(record_id: str, given: Mapping[str, str], photos: str) -> Row:
    quantity = given["quantity"] or "1"
    return Row(
        id=record_id,
        purchase_id=given["purchase_id"] if is_id(given["purchase_id"]) else "",
        unit_id=given["unit_id"] if is_id(given["unit_id"]) else "",
        quantity=int(quantity) if quantity.isascii() and quantity.isdigit() and len(quantity) < 5 else 0,
        code=given["code"],
        action=given["action"],
        serial_number=given["serial_number"],
        name=given["name"],
        model=given["model"],
        condition=given["condition"] if given["condition"] in CONDITIONS else "good",
        shelf=given["shelf"],
        reason=given["reason"],
        photos=tuple(photos.split()),
    )


def new_row(code: str, **values: Any) -> Row:
    """A row for a code that was just scanned."""
    return Row(id=new_id(), code=code, is_new=True, **values)


def one_more(row: Row) -> Row:
    """The same purchase's code once more: one unit more."""
    return replace(row, quantity=row.quantity + 1, is_new=True)


def _nth_id(first: str, number: int) -> str:
    """The id of the n-th record of a row: the first one, counted on at its random end."""
    tail = (int(first[-12:], 16) + number) % 16**12
    return f"{first[:-12]}{tail:012x}"
