"""The e-mails that are to be sent: a row for each, written in the transaction that makes the notice.

So none is lost by a crash, and none is sent of what did not happen. The worker takes the rows (`mailer.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Index, Integer, String, Table, insert, select, update

from server.notices.choices import notice_choices
from sync.change import instant
from sync.journal import Entry
from sync.tables import metadata

MOST_ATTEMPTS = 12
_LEASE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=6)
_AT_ONCE = 100

notice_mail = Table(
    "notice_mail",
    metadata,
    Column("notice_id", String(36), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", String(40), nullable=False),
    Column("made_at", String(40), nullable=False),
    Column("trouble", String(200), nullable=False),
    Index("ix_notice_mail_next_at", "state", "next_at"),
)
"""`state`: waiting, sent, dropped (it was read before, or is not wanted any more) or failed."""


def follow(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add a row for each new notice that its person wants by e-mail."""
    made = [entry.record for entry in entries if entry.entity == "notice" and entry.op == "create"]
    if not made:
        return
    query = select(notice_choices.c.owner_id, notice_choices.c.mail_kinds)
    people = {notice["person_id"] for notice in made}
    chosen = {
        row.owner_id: row.mail_kinds for row in connection.execute(query.where(notice_choices.c.owner_id.in_(people)))
    }
    rows = [
        {"notice_id": notice["id"], "made_at": notice["made_at"], "next_at": notice["made_at"]}
        | {"state": "waiting", "attempts": 0, "trouble": ""}
        for notice in made
        if notice["kind"] in chosen.get(notice["person_id"], ())
    ]
    if rows:
        connection.execute(insert(notice_mail), rows)


def due(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """What is to be sent now: the notices' ids, each with the moment for which it stood there."""
    mail = notice_mail.c
    query = select(mail.notice_id, mail.next_at).where(mail.state == "waiting", mail.next_at <= instant(now))
    rows = connection.execute(query.order_by(mail.next_at).limit(_AT_ONCE))
    return [(row.notice_id, row.next_at) for row in rows]


def take(connection: Connection, notice_id: str, stood_for: str, now: datetime) -> int:
    """Take a row for a while, so that no second worker sends it. Gives which attempt this is; 0 where it is taken."""
    mail = notice_mail.c
    same = (mail.notice_id == notice_id) & (mail.state == "waiting") & (mail.next_at == stood_for)
    later = update(notice_mail).where(same).values(next_at=instant(now + _LEASE), attempts=mail.attempts + 1)
    if not connection.execute(later).rowcount:
        return 0
    return connection.scalar(select(mail.attempts).where(mail.notice_id == notice_id)) or 0


def settle(connection: Connection, notice_id: str, state: str, trouble: str = "") -> None:
    """A row is at its end."""
    _set(connection, notice_id, state=state, trouble=trouble[:200])


def put_off(connection: Connection, notice_id: str, attempts: int, until: datetime, trouble: str = "") -> None:
    """A row waits until then."""
    _set(connection, notice_id, attempts=attempts, next_at=instant(until), trouble=trouble[:200])


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, then twice as long each time, at most six hours."""
    return min(timedelta(minutes=2 ** (attempts - 1)), _LONGEST_PAUSE)


def _set(connection: Connection, notice_id: str, **values: object) -> None:
    connection.execute(update(notice_mail).where(notice_mail.c.notice_id == notice_id).values(**values))
