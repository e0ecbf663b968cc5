"""What is to be sent by e-mail or web push: a row for each, written in the transaction that makes the notice.

So none is lost by a crash, and none is sent of what did not happen. The worker takes the rows (`sending.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Index, Integer, String, Table, and_, insert, select, update

from server.notices.choices import notice_choices, wants_mail, wants_push
from server.notices.subscriptions import devices_of
from sync.change import Record, instant
from sync.journal import Entry
from sync.tables import metadata

Key = tuple[str, ...]
"""What names a row: the notice, and for web push the device."""
MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(hours=6)
_LEASE = timedelta(minutes=5)
_AT_ONCE = 100


def _outbox(name: str, *keys: str) -> Table:
    return Table(
        name,
        metadata,
        *(Column(key, String(36), primary_key=True) for key in keys),
        Column("state", String(20), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_at", String(40), nullable=False),
        Column("made_at", String(40), nullable=False),
        Column("trouble", String(200), nullable=False),
        Index(f"ix_{name}_next_at", "state", "next_at"),
    )


notice_mail = _outbox("notice_mail", "notice_id")
notice_push = _outbox("notice_push", "notice_id", "device_id")
"""`state`: waiting, sent, dropped (it was read before, or is not wanted any more) or failed."""


def follow(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add rows for each new notice that its person wants by e-mail, or on their devices."""
    made = [entry.record for entry in entries if entry.entity == "notice" and entry.op == "create"]
    if not made:
        return
    people = {notice["person_id"] for notice in made}
    chosen, devices = _choices(connection, people), devices_of(connection, people)
    _add(
        connection,
        notice_mail,
        ({"notice_id": notice["id"]} | _new(notice) for notice in made if wants_mail(*_wish(chosen, notice))),
    )
    _add(
        connection,
        notice_push,
        (
            {"notice_id": notice["id"], "device_id": device_id} | _new(notice)
            for notice in made
            if wants_push(*_wish(chosen, notice))
            for device_id in devices.get(notice["person_id"], ())
        ),
    )


def due(connection: Connection, table: Table, now: datetime) -> list[tuple[Key, str]]:
    """What is to be sent now: the rows' keys, each with the moment for which it stood there."""
    rows, keys = table.c, table.primary_key.columns
    query = select(rows.next_at, *keys).where(rows.state == "waiting", rows.next_at <= instant(now))
    found = connection.execute(query.order_by(rows.next_at).limit(_AT_ONCE))
    return [(tuple(key), next_at) for next_at, *key in found]


def take(connection: Connection, table: Table, key: Key, stood_for: str, now: datetime) -> int:
    """Take a row for a while, so that no second worker sends it. Gives which attempt this is; 0 where it is taken."""
    rows = table.c
    same = _is(table, key) & (rows.state == "waiting") & (rows.next_at == stood_for)
    later = update(table).where(same).values(next_at=instant(now + _LEASE), attempts=rows.attempts + 1)
    if not connection.execute(later).rowcount:
        return 0
    return connection.scalar(select(rows.attempts).where(_is(table, key))) or 0


def settle(connection: Connection, table: Table, key: Key, state: str, trouble: str = "") -> None:
    """A row is at its end."""
    _set(connection, table, key, state=state, trouble=trouble[:200])


def put_off(connection: Connection, table: Table, key: Key, attempts: int, until: datetime, trouble: str = "") -> None:
    """A row waits until then."""
    _set(connection, table, key, attempts=attempts, next_at=instant(until), trouble=trouble[:200])


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, then twice as long each time, at most six hours."""
    return min(timedelta(minutes=2 ** (attempts - 1)), LONGEST_PAUSE)


def _choices(connection: Connection, people: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    rows = connection.execute(select(notice_choices).where(notice_choices.c.owner_id.in_(people)))
    return {row["owner_id"]: dict(row) for row in rows.mappings()}


def _wish(chosen: Mapping[str, Mapping[str, Any]], notice: Record) -> tuple[Mapping[str, Any], str]:
    return chosen.get(notice["person_id"], {}), notice["kind"]


def _new(notice: Record) -> Record:
    times = {"made_at": notice["made_at"], "next_at": notice["made_at"]}
    return times | {"state": "waiting", "attempts": 0, "trouble": ""}


def _add(connection: Connection, table: Table, rows: Iterable[Record]) -> None:
    if found := list(rows):
        connection.execute(insert(table), found)


def _is(table: Table, key: Key) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))


def _set(connection: Connection, table: Table, key: Key, **values: object) -> None:
    connection.execute(update(table).where(_is(table, key)).values(**values))
