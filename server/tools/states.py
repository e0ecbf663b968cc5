"""The life of a tool: which step leads where, who takes it, and when a unit answers for its purchase (REG-A12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNIT_STATES = ("stocked_in", "issued", "in_repair", "lost", "written_off", "refused", "cancelled")
ORIGINS = ("purchase", "wrong_tool", "found", "owned")
"""Where a unit is from. Only one from a purchase counts for money."""
DECISIONS = ("reimbursed", "not_reimbursed")
"""A manager's word, at a write-off, on whether the purchase is paid all the same."""
ISSUE_STATES = ("out", "returned", "lost", "cancelled")
COUNT_STATES = ("open", "closed", "cancelled")
DIFFERENCE_STEPS = ("lost", "here", "left")
"""What a count does about a difference: the unit is lost, it is really here, or it is left as it is."""

_WAREHOUSE, _MANAGER = frozenset({"warehouse"}), frozenset({"manager"})
_CONSEQUENCE: frozenset[str] = frozenset()  # only ever follows from a change of another record
UNIT_STEPS: Mapping[tuple[str, str], frozenset[str]] = {
    ("stocked_in", "issued"): _CONSEQUENCE,
    ("issued", "stocked_in"): _CONSEQUENCE,
    ("issued", "lost"): _CONSEQUENCE,
    ("stocked_in", "in_repair"): _WAREHOUSE,
    ("stocked_in", "lost"): _WAREHOUSE,
    ("stocked_in", "cancelled"): _WAREHOUSE,
    ("stocked_in", "written_off"): _MANAGER,
    ("in_repair", "stocked_in"): _WAREHOUSE,
    ("in_repair", "lost"): _WAREHOUSE,
    ("in_repair", "written_off"): _MANAGER,
    ("lost", "stocked_in"): _WAREHOUSE,
    ("lost", "issued"): _CONSEQUENCE,
    ("lost", "written_off"): _MANAGER,
    ("lost", "cancelled"): frozenset({"technician"}),
    ("written_off", "lost"): _MANAGER,
    ("refused", "cancelled"): _WAREHOUSE,
}
"""Every step of a unit, and the roles that take it by themselves."""
ISSUE_STEPS: Mapping[tuple[str, str], frozenset[str]] = {
    ("out", "returned"): _WAREHOUSE,
    ("out", "lost"): frozenset({"warehouse", "technician"}),
    ("out", "cancelled"): _WAREHOUSE,
    ("returned", "out"): _WAREHOUSE,
    ("lost", "returned"): _WAREHOUSE,
    ("lost", "out"): frozenset({"warehouse", "technician"}),
}
"""Every step of a check-out. Back to `out` undoes a return, or a report of a loss."""
VOID = frozenset({"refused", "cancelled"})
"""Such a unit never was: its serial number is free again."""
OWNED = frozenset({"stocked_in", "issued", "in_repair"})
ALLOWED_STEPS: Mapping[str, frozenset[str]] = {
    "missing": frozenset({"lost", "left"}),
    "misplaced": frozenset({"here", "left"}),
    "unexpected": frozenset({"here", "left"}),
    "unknown": frozenset({"left"}),
}
"""What may be done about each kind of difference of a count."""


def came_back(unit: Mapping[str, Any]) -> bool:
    """Whether the unit came in once. Issued, repaired or lost later, it still did; a cancelled stock-in never was."""
    return bool(unit["stocked_in_at"]) and unit["status"] not in VOID


def is_excused(unit: Mapping[str, Any]) -> bool:
    """Whether the unit never came in, and a manager pays for it all the same."""
    return unit["status"] == "written_off" and not came_back(unit) and unit["reimbursement"] == "reimbursed"


def is_forfeited(unit: Mapping[str, Any]) -> bool:
    """Whether the unit came in, and a manager decided at its write-off that it is not paid."""
    return unit["status"] == "written_off" and came_back(unit) and unit["reimbursement"] == "not_reimbursed"


def answers(unit: Mapping[str, Any]) -> bool:
    """Whether the unit uses up one of those that were bought: none of them can come back twice."""
    return came_back(unit) or is_excused(unit)
