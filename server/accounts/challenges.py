"""Challenges for passkeys: made by the server, good once, for five minutes, and for the one session that asked."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from sync.change import instant
from sync.tables import metadata
from sync.transaction import Transaction

LASTS = timedelta(minutes=5)

challenges = Table(
    "passkey_challenge",
    metadata,
    Column("asked_for", String(120), primary_key=True),
    Column("challenge", String(64), nullable=False),
    Column("made_at", String(32), nullable=False),
)


def make(write: Transaction, asked_for: str) -> bytes:
    """A new challenge for what it is asked for; an earlier one for the same is worth nothing from now on."""
    write.lock(f"challenge:{asked_for}")
    rows = challenges
    is_over = rows.c.made_at <= instant(write.now - LASTS)
    write.connection.execute(delete(rows).where(is_over | (rows.c.asked_for == asked_for)))
    challenge = secrets.token_bytes(32)
    row = {"asked_for": asked_for, "challenge": challenge.hex(), "made_at": instant(write.now)}
    write.connection.execute(insert(rows).values(row))
    return challenge


def take(write: Transaction, asked_for: str, challenge: bytes) -> bool:
    """Whether this is the challenge that was given out for it, and lately; whatever the answer, it is used."""
    write.lock(f"challenge:{asked_for}")
    rows = challenges
    row = write.connection.execute(select(rows).where(rows.c.asked_for == asked_for)).first()
    if row is None:
        return False
    write.connection.execute(delete(rows).where(rows.c.asked_for == asked_for))
    is_recent = datetime.fromisoformat(row.made_at) > write.now - LASTS
    return is_recent and hmac.compare_digest(row.challenge, challenge.hex())


def forget_all(connection: Connection) -> None:
    """After a restore nobody knows which were used."""
    connection.execute(delete(challenges))
