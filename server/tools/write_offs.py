"""A manager writes a unit off, and says whether its purchase is paid all the same (REG-A12)."""

from __future__ import annotations

from typing import Any

from server.tools.purchases import check_room, is_paid
from server.tools.states import came_back, is_excused, is_forfeited
from sync.change import Record, instant
from sync.errors import Refused
from sync.transaction import Transaction

_INVOLVED = ("loss_reported_by", "holder_id", "stocked_in_by", "technician_id")
_NOTHING = {"reimbursement": "", "decision_reason": "", "written_off_by": None, "written_off_at": ""}


def write_off(write: Transaction, before: Record, after: Record, purchase: Record | None) -> dict[str, Any]:
    """The decision, its reason and its name; nobody decides who bought, held, received or lost the tool."""
    if after["status"] != "written_off":
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
    if write.actor.id in {before[name] for name in _INVOLVED}:
        raise Refused("own_write_off")
    if not after["decision_reason"].strip():
        raise Refused("invalid_fields", {"decision_reason": ["required"]})
    settled = {"written_off_by": write.actor.id, "written_off_at": instant(write.now)}
    if purchase is None:
        return settled | {"reimbursement": ""}
    if not after["reimbursement"]:
        raise Refused("invalid_fields", {"reimbursement": ["required"]})
    if after["reimbursement"] == "reimbursed" and not came_back(before):
        check_room(write, after, purchase)
    _check_unpaid(write, before, after, purchase)
    return settled


def undo_write_off(write: Transaction, before: Record, after: Record, purchase: Record | None) -> dict[str, Any]:
    """The unit is only lost again, and the decision is gone."""
    if purchase is not None:
        _check_unpaid(write, before, after, purchase)
    return dict(_NOTHING)


def _check_unpaid(write: Transaction, before: Record, after: Record, purchase: Record) -> None:
    """What money was paid on is not taken from under it. Raises Refused("unit_already_paid")."""
    takes_away = (is_forfeited(after) and not is_forfeited(before)) or (is_excused(before) and not is_excused(after))
    if takes_away and is_paid(write, purchase):
        raise Refused("unit_already_paid")
