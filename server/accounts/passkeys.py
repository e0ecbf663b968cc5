"""Passkeys (WebAuthn) as a second factor: what is kept of them.

That a person has one, and what it is called, is a record. Its key and its counter are kept apart, and never synced.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, func, select

from server.accounts.records import passkeys
from sync.tables import metadata

credentials = Table(
    "passkey_credential",
    metadata,
    Column("passkey_id", String(36), primary_key=True),
    Column("user_id", String(36), nullable=False, index=True),
    Column("credential_id", String(1400), nullable=False, unique=True),
    Column("public_key", String(3000), nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("used_at", String(32), nullable=False),
)


@dataclass(frozen=True)
class Passkey:
    """A passkey as its person sees it."""

    id: str
    name: str
    status: str
    created_at: str
    used_at: str
    """Empty where it was never used."""


def of_person(connection: Connection, user_id: str) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    row, record = credentials.c, passkeys.c
    query = select(record.id, record.name, record.status, row.created_at, row.used_at)
    found = connection.execute(
        query.join(credentials, row.passkey_id == record.id)
        .where(row.user_id == user_id)
        .order_by(row.created_at, record.id)
    )
    return [Passkey(*each) for each in found]


def first_created_at(connection: Connection, user_id: str) -> str:
    """Since when the person has a passkey; empty where they have none."""
    query = select(func.min(credentials.c.created_at)).where(credentials.c.user_id == user_id)
    return connection.scalar(query) or ""


def forget(connection: Connection, passkey_id: str) -> None:
    """A removed passkey opens nothing any more."""
    connection.execute(delete(credentials).where(credentials.c.passkey_id == passkey_id))


def lock_of(user_id: str) -> str:
    """The lock under which a person's passkeys come and go."""
    return f"passkeys:{user_id}"
