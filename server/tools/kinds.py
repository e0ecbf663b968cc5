"""What the company owns, by name and model: kept by what happens to units, read offline before a tool is bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from server.tools.records import tool_units
from server.tools.states import OWNED
from sync.change import Change, Record, new_id
from sync.entity import Policy
from sync.journal import Entry
from sync.transaction import Transaction, change_of


class ToolKindPolicy(Policy):
    """Nobody writes it; everybody reads it."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return frozenset()

    def buckets(self, record: Record) -> set[str]:
        return {"org"}


def on_unit(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A unit came, went or moved: its kind is counted again."""
    if entry.op != "create" and not entry.changed("status", "shelf"):
        return
    unit = entry.record
    write.lock(f"kind:{unit['kind_key']}")
    counts = count(write, unit["kind_key"])
    kind = next(iter(write.find("tool_kind", key=unit["kind_key"])), None)
    if kind is None and counts["owned"]:
        named = {"key": unit["kind_key"], "name": unit["name"], "model": unit["model"]}
        yield Change(new_id(), "tool_kind", new_id(), "create", named | counts)
    changed = {name: value for name, value in counts.items() if kind and kind[name] != value}
    if kind and changed:
        yield change_of("tool_kind", kind, changed)


def count(write: Transaction, key: str) -> dict[str, Any]:
    """How many units of this kind the company owns, and where those on a shelf are."""
    unit = tool_units.c
    query = select(unit.status, unit.shelf, func.count()).where(unit.kind_key == key).group_by(unit.status, unit.shelf)
    states: Counter[str] = Counter()
    shelves: Counter[str] = Counter()
    for status, shelf, quantity in write.connection.execute(query):
        states[status] += quantity
        shelves[shelf] += quantity if status == "stocked_in" else 0
    return {
        "owned": sum(states[state] for state in OWNED),
        "on_shelf": states["stocked_in"],
        "issued": states["issued"],
        "in_repair": states["in_repair"],
        "shelves": [{"shelf": shelf, "quantity": shelves[shelf]} for shelf in sorted(shelves) if shelves[shelf]],
    }
