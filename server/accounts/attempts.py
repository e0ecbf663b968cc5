"""How often a wrong password may be tried: counted in the database, so that all processes count together."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select

from server.problems import Problem
from sync.change import instant, new_id
from sync.tables import metadata

MAX_FAILURES = 10
WINDOW = timedelta(minutes=15)

login_failures = Table(
    "login_failure",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", String(120), nullable=False, index=True),
    Column("at", String(32), nullable=False),
)


def account_key(username: str) -> str:
    """What the failures of an account are counted under, whether or not there is such an account."""
    return "user:" + hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()


def code_key(user_id: str) -> str:
    """What the failures of a person's second factor are counted under; a right password does not forget them."""
    return f"code:{user_id}"


def address_key(address: str) -> str:
    """What the failures of an address are counted under; an IPv6 customer has a whole /64 to try from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address[:100]}"
    prefix = 64 if parsed.version == 6 else 32
    return f"address:{ipaddress.ip_network((parsed, prefix), strict=False)}"


def check(connection: Connection, keys: list[str], now: datetime) -> None:
    """Raises Problem 429 with the seconds to wait where one of the keys has failed too often."""
    failures = login_failures
    recent = select(func.count(), func.min(failures.c.at)).where(failures.c.at > instant(now - WINDOW))
    rows = connection.execute(recent.where(failures.c.key.in_(keys)).group_by(failures.c.key))
    waits = [_seconds_left(first, now) for count, first in rows if count >= MAX_FAILURES]
    if waits:
        wait = max(waits)
        headers = {"Retry-After": str(wait)}
        raise Problem(429, "too_many_attempts", params={"retry_after": wait}, headers=headers)


def note_failure(connection: Connection, keys: list[str], now: datetime) -> None:
    """Count a failure under each key; forget those that no longer count."""
    connection.execute(delete(login_failures).where(login_failures.c.at < instant(now - WINDOW)))
    rows = [{"id": new_id(), "key": key, "at": instant(now)} for key in keys]
    connection.execute(insert(login_failures), rows)


def forget_failures(connection: Connection, key: str) -> None:
    """The account was entered rightly: its failures no longer count."""
    connection.execute(delete(login_failures).where(login_failures.c.key == key))


def _seconds_left(first: str, now: datetime) -> int:
    return int((datetime.fromisoformat(first) + WINDOW - now).total_seconds()) + 1
