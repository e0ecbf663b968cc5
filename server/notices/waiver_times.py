"""What time brings about for waivers: those that are over, those that soon will be, and requests that wait too long.

And on the first day of a month, or as soon after as the worker runs, the report of the month before to the managers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.claims.records import claim_lines
from server.claims.rules.waiving import SOON_DAYS, times_to_remind
from server.claims.states import JUDGED
from server.claims.waivers import due_to_end, end_one, waivers
from server.notices.consequences import about_waiver, claim_of, deciders_of, told
from server.reports.waivers import month_before, report_of
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Change
from sync.transaction import Transaction


def keep_time(of: Services) -> int:
    """End what is over, and tell people once of what is near, of what waits, and of the month. Gives how many."""
    ids = of.engine.write(SYSTEM, due_to_end)
    ended = sum(of.engine.write(SYSTEM, partial(end_one, waiver_id=waiver_id)) for waiver_id in ids)

    def tell(write: Transaction) -> int:
        write.lock("reminders")  # of two workers the second finds what the first has written
        changes = [*_ending(write, of), *_waiting(write, of), *_of_month(write, of)]
        new = [change for change in changes if not _is_known(write, change)]
        for change in new:
            write.apply(change)
        return len(new)

    return ended + of.engine.write(SYSTEM, tell)


def _ending(write: Transaction, of: Services) -> Iterator[Change]:
    """The claimant of a line that is not paid is told in the last days of its waiver."""
    day, known = of.today(), waivers.c
    near = known.valid_until.between(day.isoformat(), (day + timedelta(SOON_DAYS)).isoformat())
    unpaid = select(claim_lines.c.id).where(claim_lines.c.status.in_(JUDGED | {"approved"}))
    query = select(waivers).where(known.status == "given", near, known.claim_line_id.in_(unpaid)).order_by(known.id)
    for row in write.connection.execute(query).mappings().all():
        waiver = dict(row)
        cause = f"waiver_ends:{waiver['id']}:{waiver['valid_until']}"
        about = about_waiver(write, waiver)
        yield told(waiver["technician_id"], "waiver_ends_soon", about, claim_of(write, waiver), cause)


def _waiting(write: Transaction, of: Services) -> Iterator[Change]:
    """Whoever may decide is reminded of a request, again each time so many days have passed."""
    day = of.today()
    for waiver in write.find("waiver", status="asked"):
        asked_on = datetime.fromisoformat(waiver["asked_at"]).astimezone(ZoneInfo(of.config.time_zone)).date()
        times = times_to_remind(asked_on.isoformat(), day.isoformat(), of.config.waiver_answer_days)
        if times:
            about = about_waiver(write, waiver) | {"days": (day - asked_on).days}
            cause = f"waiver_waits:{waiver['id']}:{times}"
            for person in deciders_of(write, waiver):
                yield told(person, "waiver_waiting", about, ("waiver", waiver["id"]), cause)


def _of_month(write: Transaction, of: Services) -> Iterator[Change]:
    """Managers are told of the month that has ended, where anything happened in it."""
    month = month_before(of.today().isoformat()[:7])
    cause = f"waiver_report:{month}"
    managers = write.find("user", role="manager", status="active")
    if all(write.find("notice", person_id=person["id"], cause=cause) for person in managers):
        return
    report = report_of(write, month, of.config.time_zone)
    if not report.happenings:
        return
    counts = {event: report.all.counts[event] for event in ("asked", "given", "refused", "expired")}
    currency, total = max(report.all.freed.items(), key=lambda item: item[1], default=("CNY", 0))
    about = {"month": month, "total": total, "currency": currency, **counts}
    for person in managers:
        yield told(person["id"], "waiver_report", about, ("waiver_report", None), cause)


def _is_known(read: Transaction, change: Change) -> bool:
    return bool(read.find("notice", person_id=change.fields["person_id"], cause=change.fields["cause"]))
