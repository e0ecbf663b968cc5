"""The life of a waiver (REG-A12, REG-D3): asked for, given until a day, refused, or over; and what it lifts of a line.

A waiver is an exception to one finding of one line. It lifts what was found then, and no longer than its last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from server.claims.rules.within_limits import OVER, allowed_minor

STATES = ("asked", "given", "refused", "withdrawn", "taken_back", "expired", "void")
"""`withdrawn` by who asked, `taken_back` by the manager, `void` when what it spoke of is no longer so."""
MOST_DAYS = 366
SOON_DAYS = 3
_WAITS = frozenset({"blocked", "needs_review", "clear"})
_OVER_WITH = frozenset({"approved", "refused", "paid", "returned"})
"""States of a line in which nothing is left to be asked."""


def counts(waiver: Mapping[str, Any], line: Mapping[str, Any], day: str) -> bool:
    """Whether a waiver lifts its finding on a day: it was given after the line was last returned, and is not over."""
    is_given = waiver["status"] == "given" and waiver["given_at"] > (line["returned_at"] or "")
    return is_given and not has_run_out(waiver, day)


def has_run_out(waiver: Mapping[str, Any], day: str) -> bool:
    """Whether its last day is behind; that day still counts. One without a last day never runs out."""
    return bool(waiver["valid_until"]) and str(waiver["valid_until"]) < day


def runs_out_soon(waiver: Mapping[str, Any], day: str) -> bool:
    """Whether it is given and one of its last days has come."""
    if waiver["status"] != "given" or not waiver["valid_until"] or has_run_out(waiver, day):
        return False
    return date.fromisoformat(waiver["valid_until"]) - date.fromisoformat(day) <= timedelta(SOON_DAYS)


def measure(findings: Iterable[Mapping[str, Any]], code: str) -> dict[str, Any]:
    """How much a waiver of a finding lifts: the amount above a limit, the tools that are not back or not paid, and the
    other receipts that it names. What is the same whatever it says has no measure.
    """
    found: dict[str, Any] = {}
    for item in (item for item in findings if item["code"] == code):
        params = item["params"]
        for name, size in (("over", params.get("over")), ("missing", _missing(code, params))):
            if size is not None:
                found[name] = max(found.get(name, 0), int(size))
        named = {part["value"] for part in item.get("evidence", ()) if part["kind"] == "receipt"}
        if named:
            found["receipts"] = sorted({*found.get("receipts", ()), *named})
    return found


def covers(waiver: Mapping[str, Any], finding: Mapping[str, Any]) -> bool:
    """Whether a waiver lifts a finding as it is now: no more of it than when the waiver was given."""
    if waiver["finding_code"] != finding["code"]:
        return False
    given, now = waiver["lifts"], measure([finding], finding["code"])
    if not given:
        return True
    is_more = any(now.get(name, 0) > given.get(name, 0) for name in ("over", "missing"))
    return not is_more and set(now.get("receipts", ())) <= set(given.get("receipts", ()))


def may_ask(code: str, line: Mapping[str, Any], waivers: Iterable[Mapping[str, Any]], day: str) -> bool:
    """Whether the claimant may ask for a finding of a line: it stands in the way, or its waiver is about to end."""
    mine = [waiver for waiver in waivers if waiver["finding_code"] == code]
    if line["status"] not in _WAITS or any(waiver["status"] == "asked" for waiver in mine):
        return False
    found = [item for item in line["findings"] or () if item["code"] == code and item["severity"] != "info"]
    stands = any(not item.get("waived") for item in found)
    return stands or (bool(found) and any(runs_out_soon(waiver, day) for waiver in mine))


def is_moot(waiver: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    """Whether nothing is left to decide: the line is decided on or was returned, or the finding is gone."""
    if line["status"] in _WAITS:
        return waiver["finding_code"] not in {item["code"] for item in line["findings"] or ()}
    return line["status"] in _OVER_WITH


def last_day(asked: str, day: str, usual_days: int) -> str:
    """The day until which a waiver is given: the one asked for, else so many days from today; "" where it cannot be."""
    begin = date.fromisoformat(day)
    until = date.fromisoformat(asked) if asked else begin + timedelta(usual_days)
    return until.isoformat() if begin <= until <= begin + timedelta(MOST_DAYS) else ""


def free_minor(amount_minor: int, findings: Iterable[Mapping[str, Any]]) -> int:
    """What of a line nothing stands in the way of: nothing while a block or a doubt stands, else what limits leave."""
    known = list(findings)
    stands = [item for item in known if item["severity"] != "info" and not item.get("waived")]
    return 0 if any(item["code"] not in OVER for item in stands) else max(0, allowed_minor(amount_minor, known))


def lifted(findings: Sequence[Mapping[str, Any]], code: str) -> list[dict[str, Any]]:
    """The findings as they would be with one of them waived."""
    return [dict(item) | ({"waived": True} if item["code"] == code else {}) for item in findings]


def freed_minor(amount_minor: int, findings: Sequence[Mapping[str, Any]], code: str) -> int:
    """What a waiver of one finding adds to what is free. The waivers of one line never add up to more than the line."""
    return free_minor(amount_minor, lifted(findings, code)) - free_minor(amount_minor, findings)


def _missing(code: str, params: Mapping[str, Any]) -> int | None:
    """How many tools a finding of REG-A12 is about."""
    if code == "tool_not_returned":
        return int(params["bought"]) - int(params["returned"])
    return int(params["count"]) if code == "tool_forfeited" else None


def times_to_remind(asked_on: str, day: str, answer_days: int) -> int:
    """How often the deciders should have been reminded of a request by now: once for each `answer_days` that passed."""
    passed = (date.fromisoformat(day) - date.fromisoformat(asked_on)).days
    return max(0, passed // answer_days) if answer_days else 0
