"""What only time brings about: tools that are due back, or late. One notice for each check-out, person and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from server.notices.consequences import told
from server.services import Services
from server.tools.issues import days_overdue
from sync.actor import SYSTEM
from sync.change import Change, Record
from sync.transaction import Transaction

_DAYS_BEFORE = 1


def remind(of: Services) -> int:
    """Tell everybody whose tool is due or late today, unless they were told today. Gives how many were told."""
    day = of.today()

    def tell(write: Transaction) -> int:
        write.lock("reminders")  # of two workers the second finds what the first has written
        changes = [change for issue in write.find("tool_issue", status="out") for change in _of(write, issue, day)]
        for change in changes:
            write.apply(change)
        return len(changes)

    return of.engine.write(SYSTEM, tell)


def _of(write: Transaction, issue: Record, day: date) -> Iterator[Change]:
    late = days_overdue(issue, day)
    if not late and date.fromisoformat(issue["due_on"]) > day + timedelta(_DAYS_BEFORE):
        return
    unit = write.get("tool_unit", issue["tool_unit_id"])
    if unit is None:
        return
    people = [issue["technician_id"], *([issue["issued_by"]] if late else [])]
    about = {"tool": f"{unit['name']} {unit['label']}".strip(), "day": issue["due_on"], "days": late}
    kind, cause = "tool_overdue" if late else "tool_due", f"due:{issue['id']}:{day.isoformat()}"
    for person in filter(None, dict.fromkeys(people)):
        if not write.find("notice", person_id=person, cause=cause):
            yield told(person, kind, about, ("tool_unit", unit["id"]), cause)
