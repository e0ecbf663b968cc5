"""Is this tool really one that was bought, and not yet another's return? A unit answers for one purchase, for ever."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Text, cast, or_, select

from server.attachments.alike import near_files
from server.tools.naming import kind_key, label_in
from server.tools.records import tool_units
from server.tools.states import VOID
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction


def check_identity(write: Transaction, unit: Record, purchase: Record | None) -> None:
    """Raises Refused where the tool is known already: by its serial number, by our label, by a photo, or because the
    company issued it to the very person who now returns it as bought.
    """
    _check_label(write, unit)
    _check_serial(write, unit)
    check_photos(write, unit, unit["attachments"] or ())
    if purchase:
        _check_not_issued(write, unit, purchase)


def check_photos(write: Transaction, unit: Record, added: Collection[str]) -> None:
    """A photo proves one return. Those that were handed in together, for one purchase, may share it."""
    if not added or not unit["tool_purchase_id"]:
        return
    write.lock(*(f"unit_photo:{sha256}" for sha256 in added))
    pictures = set(added) | near_files(write.connection, added)
    for other in _shown_on(write, pictures):
        if other.id != unit["id"] and other.tool_purchase_id != unit["tool_purchase_id"] and other.status not in VOID:
            raise Refused("photo_reused", {"attachments": ["photo_reused"]}, {"label": other.label})


def _check_label(write: Transaction, unit: Record) -> None:
    """A tool that bears our label is in the books: it is not taken in as another one."""
    label = label_in(unit["serial_number"])
    for other in write.find("tool_unit", label=label) if label else []:
        if other["id"] != unit["id"]:
            raise Refused("unit_already_answered", {"serial_number": ["unit_already_answered"]}, {"serial": label})


def _check_serial(write: Transaction, unit: Record) -> None:
    if not unit["serial_key"]:
        return
    write.lock(f"serial:{unit['serial_key']}")
    for other in write.find("tool_unit", serial_key=unit["serial_key"]):
        if other["id"] == unit["id"] or other["status"] in VOID:
            continue
        if other["status"] == "issued":
            raise Refused("unit_is_issued", {"serial_number": ["unit_is_issued"]}, {"label": other["label"]})
        serial = {"serial": unit["serial_number"]}
        raise Refused("unit_already_answered", {"serial_number": ["unit_already_answered"]}, serial)


def _check_not_issued(write: Transaction, unit: Record, purchase: Record) -> None:
    """Where one of the two has no serial number in the books only the kind tells: what this person was issued of that
    kind comes back first. Any number could be typed for a unit of ours that has none.
    """
    key = kind_key(unit["name"], unit["model"])
    held = [
        other
        for other in write.find("tool_unit", holder_id=purchase["technician_id"], status="issued")
        if other["kind_key"] == key and not (unit["serial_key"] and other["serial_key"])
    ]
    if held:
        raise Refused("same_kind_issued", {"serial_number": ["required"]}, {"label": held[0]["label"]})


def _shown_on(write: Transaction, pictures: Collection[str]) -> list[Row[Any]]:
    columns = (tool_units.c.id, tool_units.c.tool_purchase_id, tool_units.c.status, tool_units.c.label)
    shows = or_(*(cast(tool_units.c.attachments, Text).contains(sha256) for sha256 in sorted(pictures)))
    return list(write.connection.execute(select(*columns).where(shows)))
