"""Sending what waits, by any way: who still wants it, at which hour, and what becomes of what fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table

from server.notices import outbox
from server.notices.choices import choice_of, quiet_ends
from server.notices.outbox import Key
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Record
from sync.transaction import Transaction

log = logging.getLogger(__name__)


class NotSent(Exception):
    """It did not go out: for good, or to be tried again, not before a while where the other side asks for that."""

    def __init__(self, trouble: object, *, is_final: bool = False, not_before: timedelta = timedelta()) -> None:
        super().__init__(str(trouble))
        self.is_final, self.not_before = is_final, not_before


@dataclass(frozen=True)
class Letter:
    """One notice on its way to one person."""

    key: Key
    notice: Record
    person: Record
    chosen: Mapping[str, Any]


@dataclass(frozen=True)
class Way:
    """How notices leave: where its rows wait, whether somebody wants a kind by it, and how one goes (or NotSent)."""

    table: Table
    wants: Callable[[Mapping[str, Any], str], bool]
    deliver: Callable[[Services, Letter], None]


def send_due(of: Services, way: Way) -> int:
    """Send what is due. Gives how many were sent."""
    with of.engine.database.read() as connection:
        rows = outbox.due(connection, way.table, of.engine.clock())
    sent = 0
    for key, stood_for in rows:
        with of.engine.database.write() as connection:
            attempt = outbox.take(connection, way.table, key, stood_for, of.engine.clock())
        if attempt > outbox.MOST_ATTEMPTS:  # it was taken so often, and nothing came of it: it ends who sends it
            _settle(of, way, key, "failed", "nothing came of it")
        elif attempt:
            sent += _send(of, way, key, attempt)
    return sent


def _send(of: Services, way: Way, key: Key, attempt: int) -> bool:
    now = of.engine.clock()
    with of.engine.database.read() as connection:
        read = Transaction(of.engine, connection, SYSTEM)
        notice = read.get("notice", key[0]) or {"person_id": "", "is_read": True, "kind": ""}
        person, chosen = read.get("user", notice["person_id"]), choice_of(read, notice["person_id"])
    is_wanted = way.wants(chosen, notice["kind"]) and not notice["is_read"]
    if person is None or person["status"] != "active" or not is_wanted:
        _settle(of, way, key, "dropped")
        return False
    if until := quiet_ends(chosen, now.astimezone(ZoneInfo(of.config.time_zone))):
        with of.engine.database.write() as connection:
            outbox.put_off(connection, way.table, key, attempt - 1, until)
        return False
    try:
        way.deliver(of, Letter(key, notice, person, chosen))
    except NotSent as trouble:
        _failed(of, way, key, attempt, trouble)
        return False
    except Exception as error:
        # Note: one letter that nobody thought of must hold up no other, nor be tried for ever.
        log.exception("notice %s could not be sent (%s)", key[0], way.table.name)
        _failed(of, way, key, attempt, NotSent(f"unexpected: {type(error).__name__}"))
        return False
    _settle(of, way, key, "sent")
    return True


def _failed(of: Services, way: Way, key: Key, attempt: int, trouble: NotSent) -> None:
    """A refusal for good ends it; anything else is tried again, later each time."""
    log.warning("notice %s was not sent (%s): %s", key[0], way.table.name, trouble)
    if trouble.is_final or attempt >= outbox.MOST_ATTEMPTS:
        _settle(of, way, key, "failed", str(trouble))
        return
    until = of.engine.clock() + max(outbox.pause_after(attempt), trouble.not_before)
    with of.engine.database.write() as connection:
        outbox.put_off(connection, way.table, key, attempt, until, str(trouble))


def _settle(of: Services, way: Way, key: Key, state: str, trouble: str = "") -> None:
    with of.engine.database.write() as connection:
        outbox.settle(connection, way.table, key, state, trouble)
