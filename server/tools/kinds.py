"""What the company owns, by name and model: kept by what happens to units, read offline before a tool is bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

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
    counts = count(write.find("tool_unit", kind_key=unit["kind_key"]))
    kind = next(iter(write.find("tool_kind", key=unit["kind_key"])), None)
    if kind is None and counts["owned"]:
        named = {"key": unit["kind_key"], "name": unit["name"], "model": unit["model"]}
        yield Change(new_id(), "tool_kind", new_id(), "create", named | counts)
    changed = {name: value for name, value in counts.items() if kind and kind[name] != value}
    if kind and changed:
        yield change_of("tool_kind", kind, changed)


def count(units: Sequence[Record]) -> dict[str, Any]:
    """How many of these units the company owns, and where those on a shelf are."""
    states = Counter(unit["status"] for unit in units)
    shelves = Counter(unit["shelf"] for unit in units if unit["status"] == "stocked_in")
    return {
        "owned": sum(states[state] for state in OWNED),
        "on_shelf": states["stocked_in"],
        "issued": states["issued"],
        "in_repair": states["in_repair"],
        "shelves": [{"shelf": shelf, "quantity": shelves[shelf]} for shelf in sorted(shelves)],
    }
