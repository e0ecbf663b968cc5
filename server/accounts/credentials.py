"""What people sign in with: passwords, kept as argon2id hashes and never synced."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Column, Connection, String, Table, insert, select, update

from sync.change import instant
from sync.errors import Refused
from sync.tables import metadata

MIN_LENGTH, MAX_LENGTH = 8, 256

credentials = Table(
    "credential",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("password_hash", String(200), nullable=False),
    Column("updated_at", String(32), nullable=False, server_default=""),
)

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_two_at_once = threading.Semaphore(2)  # each takes 64 MiB
# Note: made once with the settings above and written here: made at each start it would delay every start.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$0cD++EbFxTGDEVAB6mqrXA$HU9Gizx6Sxpsh0stvfv+etCzhjfLOv4CknUtt8DveWI"


def set_password(connection: Connection, user_id: str, password: str) -> None:
    """Give a user a password of 8 to 256 characters. Raises Refused."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        limits = {"minimum": MIN_LENGTH, "maximum": MAX_LENGTH}
        raise Refused("password_length", {"password": ["password_length"]}, limits)
    with _two_at_once:
        password_hash = _hasher.hash(_bytes(password))
    values = {"password_hash": password_hash, "updated_at": instant(datetime.now(UTC))}
    changed = update(credentials).where(credentials.c.user_id == user_id).values(values)
    if not connection.execute(changed).rowcount:
        connection.execute(insert(credentials).values(user_id=user_id, **values))


def stored_hash(connection: Connection, user_id: str) -> str | None:
    """The stored hash of a user's password."""
    return connection.scalar(select(credentials.c.password_hash).where(credentials.c.user_id == user_id))


def password_set_at(connection: Connection, user_id: str) -> str:
    """When the password was last set; empty where there is none."""
    query = select(credentials.c.updated_at).where(credentials.c.user_id == user_id)
    return connection.scalar(query) or ""


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is the one of the stored hash. Without a hash it takes as long, and is wrong."""
    try:
        with _two_at_once:
            _hasher.verify(stored or _NOBODY, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    # Note: JSON can carry halves of surrogate pairs, which plain UTF-8 refuses.
    return password.encode("utf-8", "surrogatepass")
