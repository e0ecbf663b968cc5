"""Refresh tokens: opaque, stored as hashes, one chain for each session of a device."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Boolean, Column, Connection, String, Table, bindparam, delete, exists, insert, select, update

from server.accounts.records import devices, users
from server.notices import subscriptions
from sync.change import Record, instant
from sync.tables import metadata
from sync.transaction import Transaction

REFRESH_LASTS = timedelta(days=60)

refresh_tokens = Table(
    "refresh_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("device_id", String(36), nullable=False, index=True),
    Column("is_used", Boolean, nullable=False),
    Column("made_at", String(32), nullable=False),
)
devices_seen = Table(
    "device_seen",
    metadata,
    Column("device_id", String(36), primary_key=True),
    Column("seen_at", String(32), nullable=False),
)
proofs = Table(
    "session_proof",
    metadata,
    Column("device_id", String(36), primary_key=True),
    Column("proved_at", String(32), nullable=False),
)


_HAS_SESSION = exists().where(refresh_tokens.c.device_id == devices.c.id).label("is_signed_in")
_IS_PROVED = exists().where(proofs.c.device_id == devices.c.id).label("is_proved")
_PERSON = select(_HAS_SESSION, _IS_PROVED, *users.c, *devices.c).where(
    devices.c.id == bindparam("device"), users.c.id == devices.c.user_id
)


@dataclass(frozen=True)
class Rotation:
    """What became of a token that was shown. `successor` is set where it may go on."""

    outcome: Literal["renewed", "unknown", "reused"]
    device_id: str = ""
    successor: str = ""


@dataclass(frozen=True)
class Person:
    """Who uses a device, and how they came in."""

    user: Record
    device: Record
    is_signed_in: bool
    is_proved: bool
    """Whether they signed in with a second factor."""


def begin(write: Transaction, device_id: str, *, is_proved: bool) -> str:
    """The first token of a new session; an earlier session of the device ends."""
    end_sessions(write, device_id)
    if is_proved:
        write.connection.execute(insert(proofs).values(device_id=device_id, proved_at=instant(write.now)))
    token = secrets.token_urlsafe(32)
    _keep(write, token, device_id)
    return token


def rotate(write: Transaction, token: str, key: str) -> Rotation:
    """Change a token for its successor.

    A token whose answer was lost on the way can be shown again: as long as its successor was not used, the same
    successor is given. After that its re-use means that somebody else holds a copy.
    """
    row = _find(write, token)
    if row is None:
        return Rotation("unknown")
    device_id: str = row.device_id
    write.lock(_name(device_id))
    successor = _successor(token, key)
    follows = _find(write, successor)
    if follows is not None and follows.is_used:
        return Rotation("reused", device_id)
    used = update(refresh_tokens).where(refresh_tokens.c.token_hash == _hash(token)).values(is_used=True)
    if not write.connection.execute(used).rowcount:
        return Rotation("unknown")  # the session ended while this waited
    if follows is None:
        _keep(write, successor, device_id)
    return Rotation("renewed", device_id, successor)


def device_of(write: Transaction, token: str) -> str | None:
    """The device whose session a token belongs to."""
    row = _find(write, token)
    return row.device_id if row is not None else None


def proved_at(connection: Connection, device_id: str) -> str:
    """When the person of a session last proved their second factor; empty where they did not."""
    return connection.scalar(select(proofs.c.proved_at).where(proofs.c.device_id == device_id)) or ""


def note_proof(write: Transaction, device_id: str) -> None:
    """The person of a session has proved their second factor now."""
    now = instant(write.now)
    write.lock(_name(device_id))
    of_device = update(proofs).where(proofs.c.device_id == device_id).values(proved_at=now)
    if not write.connection.execute(of_device).rowcount:
        write.connection.execute(insert(proofs).values(device_id=device_id, proved_at=now))


def end_sessions(write: Transaction, device_id: str) -> None:
    """Forget every refresh token of a device, and where it is reached; its access tokens are worth nothing then."""
    write.lock(_name(device_id))
    write.connection.execute(delete(refresh_tokens).where(refresh_tokens.c.device_id == device_id))
    write.connection.execute(delete(proofs).where(proofs.c.device_id == device_id))
    subscriptions.forget(write.connection, device_id)


def end_all_sessions(write: Transaction, user_id: str) -> None:
    """End the sessions of a user on every device."""
    for device in write.find("device", user_id=user_id):
        end_sessions(write, device["id"])


def person_on(connection: Connection, device_id: str) -> Person | None:
    """Who uses a device. None where there is no such device."""
    row = connection.execute(_PERSON, {"device": device_id}).first()
    if row is None:
        return None
    is_signed_in, is_proved, *values = row
    user = dict(zip(users.c.keys(), values[: len(users.c)], strict=True))
    device = dict(zip(devices.c.keys(), values[len(users.c) :], strict=True))
    return Person(user, device, is_signed_in, is_proved)


def last_seen(connection: Connection) -> dict[str, str]:
    """When each device last signed in or renewed its session; while it is in use, at most 15 minutes ago."""
    rows = connection.execute(select(devices_seen.c.device_id, devices_seen.c.seen_at))
    return {row.device_id: row.seen_at for row in rows}


def _name(device_id: str) -> str:
    return f"sessions:{device_id}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _successor(token: str, key: str) -> str:
    """Made from the token by the server's key: the same each time, and nobody else can make it."""
    return hmac.new(key.encode(), b"refresh:" + token.encode(), hashlib.sha256).hexdigest()


def _find(write: Transaction, token: str) -> Any:
    oldest = instant(write.now - REFRESH_LASTS)
    tokens = refresh_tokens
    query = select(tokens).where(tokens.c.token_hash == _hash(token), tokens.c.made_at > oldest)
    return write.connection.execute(query).first()


def _keep(write: Transaction, token: str, device_id: str) -> None:
    now, tokens, seen = instant(write.now), refresh_tokens, devices_seen
    outlived = (tokens.c.device_id == device_id) & (tokens.c.made_at <= instant(write.now - REFRESH_LASTS))
    write.connection.execute(delete(tokens).where(outlived))
    row = {"token_hash": _hash(token), "device_id": device_id, "is_used": False, "made_at": now}
    write.connection.execute(insert(tokens).values(row))
    was_seen = update(seen).where(seen.c.device_id == device_id).values(seen_at=now)
    if not write.connection.execute(was_seen).rowcount:
        write.connection.execute(insert(seen).values(device_id=device_id, seen_at=now))
