"""Stock-taking: a shelf is counted, each difference is settled with a reason, and somebody closes the count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.tools.naming import label_in, normal_shelf, serial_key
from server.tools.states import ALLOWED_STEPS, OWNED, VOID
from sync.change import Change, Record, instant
from sync.entity import Policy
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of

_WRITTEN = frozenset({"shelf", "status", "counted", "adjustments", "note"})


class StockCountPolicy(Policy):
    """The warehouse counts. A shelf is counted once at a time, and a closed count is never changed."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("warehouse"):
            return frozenset()
        return _WRITTEN if before is None else _WRITTEN - {"shelf"}

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        shelf = normal_shelf(after["shelf"])
        if before is not None and before["status"] != "open":
            raise Refused("count_closed")
        if before is None:
            _check_alone(write, shelf)
        differences = find_differences(write, shelf, after["counted"])
        settled = {"shelf": shelf, "differences": differences}
        if before is None:
            settled |= {"started_at": instant(write.now), "started_by": write.actor.id}
        if after["status"] == "closed":
            _check_settled(differences, after["adjustments"])
        if after["status"] != "open":
            settled |= {"closed_at": instant(write.now), "closed_by": write.actor.id}
        return settled

    def buckets(self, record: Record) -> set[str]:
        return {"role:warehouse", "role:manager"}


def find_differences(read: Transaction, shelf: str, counted: Sequence[str]) -> list[dict[str, Any]]:
    """What was scanned against what should lie there.

    `missing`: should be there, was not scanned; `misplaced`: belongs on another shelf; `unexpected`: is in the books as
    issued, in repair, lost or written off; `unknown`: no unit has this label or serial number.
    """
    seen: set[str] = set()
    found = []
    for code, unit in zip(counted, units_by_code(read, counted), strict=True):
        if unit is None:
            found.append({"difference": "unknown", "code": code})
        elif unit["id"] not in seen and unit["status"] != "stocked_in":
            found.append(_difference("unexpected", unit))
        elif unit["id"] not in seen and unit["shelf"] != shelf:
            found.append(_difference("misplaced", unit))
        seen.add(unit["id"] if unit else "")
    due = read.find("tool_unit", shelf=shelf, status="stocked_in")
    return found + [_difference("missing", unit) for unit in due if unit["id"] not in seen]


def units_by_code(read: Transaction, codes: Sequence[str]) -> list[Record | None]:
    """For each scanned code the unit that bears it, by our label or by its serial number."""
    labels = [label for code in codes if (label := label_in(code))]
    keys = [key for code in codes if (key := serial_key(code))]
    by_label = {unit["label"]: unit for unit in read.find_any("tool_unit", "label", labels)}
    by_key: dict[str, Record] = {}
    for unit in read.find_any("tool_unit", "serial_key", keys):
        if unit["status"] not in VOID or unit["serial_key"] not in by_key:
            by_key[unit["serial_key"]] = unit
    return [by_label.get(label_in(code)) or by_key.get(serial_key(code)) for code in codes]


def allowed_steps(difference: Mapping[str, Any]) -> frozenset[str]:
    """What may be done about a difference. A unit that never came in, or was written off or cancelled, is not put on a
    shelf by a count.
    """
    can_be_here = difference["difference"] != "unexpected" or difference["can_be_here"]
    return ALLOWED_STEPS[difference["difference"]] - (frozenset() if can_be_here else {"here"})


def on_count(write: Transaction, entry: Entry) -> Iterable[Change]:
    """A count was closed: what it found out about units is written down."""
    if entry.record["status"] != "closed" or not (entry.op == "create" or entry.changed("status")):
        return
    for adjustment in entry.record["adjustments"]:
        unit = units_by_code(write, [adjustment["code"]])[0]
        if unit and adjustment["step"] != "left":
            yield from _adjust(write, unit, adjustment, entry)


def _adjust(write: Transaction, unit: Record, adjustment: Mapping[str, Any], entry: Entry) -> Iterable[Change]:
    shelf, reason = entry.record["shelf"], adjustment["reason"]
    if adjustment["step"] == "lost":
        yield change_of("tool_unit", unit, {"status": "lost", "reason": reason, "loss_reported_by": entry.actor})
    elif unit["status"] == "issued":
        for issue in write.find("tool_issue", tool_unit_id=unit["id"], status="out"):
            back = {"returned_at": entry.received_at, "received_by": entry.actor, "returned_shelf": shelf}
            yield change_of("tool_issue", issue, {"status": "returned", "note": reason} | back)
    else:
        free = {"holder_id": None, "reason": "", "loss_reported_by": None}
        yield change_of("tool_unit", unit, {"status": "stocked_in", "shelf": shelf} | free)


def _check_alone(write: Transaction, shelf: str) -> None:
    write.lock(f"shelf:{shelf}")
    if write.find("stock_count", shelf=shelf, status="open"):
        raise Refused("count_open", {"shelf": ["count_open"]}, {"shelf": shelf})


def _check_settled(differences: Sequence[Mapping[str, Any]], adjustments: Sequence[Mapping[str, Any]]) -> None:
    """Each difference has its adjustment and its reason, and nothing else is adjusted."""
    steps = {adjustment["code"]: adjustment["step"] for adjustment in adjustments}
    open_codes = [item["code"] for item in differences if item["code"] not in steps]
    if open_codes:
        raise Refused("count_not_settled", {"adjustments": ["required"]}, {"codes": ", ".join(open_codes)})
    allowed = {item["code"]: allowed_steps(item) for item in differences}
    wrong = [code for code, step in steps.items() if step not in allowed.get(code, ())]
    if wrong:
        raise Refused("adjustment_not_allowed", {"adjustments": ["not_a_choice"]}, {"codes": ", ".join(wrong)})


def _difference(difference: str, unit: Record) -> dict[str, Any]:
    shown = {name: unit[name] for name in ("label", "name", "model", "serial_number", "status", "shelf")}
    can_be_here = unit["status"] in OWNED | {"lost"} and bool(unit["stocked_in_at"])
    return {
        "difference": difference,
        "code": unit["label"],
        "tool_unit_id": unit["id"],
        "can_be_here": can_be_here,
    } | shown
