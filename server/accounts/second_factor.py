"""The second factor: codes of an authenticator app (TOTP, RFC 6238), each good once, or passkeys.

Whether a person has one is a record, so that its coming and its reset stand in the journal; the app's secret is not,
and is never synced.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import pyotp
from sqlalchemy import Column, Connection, Integer, String, Table, delete, insert, select, update

from server.accounts import passkeys, recovery_codes
from server.accounts.sealing import seal, unseal
from sync.change import instant
from sync.tables import metadata
from sync.transaction import Transaction

STEP_SECONDS = 30
DIGITS = 6

totp_secrets = Table(
    "totp_secret",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("sealed", String(200), nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("enrolled_at", String(32), nullable=False),
)


def new_secret() -> str:
    """A secret of 160 bits, as apps take it."""
    return pyotp.random_base32()


def address_of(secret: str, username: str, issuer: str) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def enrolled_at(connection: Connection, user_id: str) -> str:
    """Since when the person has an authenticator app; empty where they have none."""
    query = select(totp_secrets.c.enrolled_at).where(totp_secrets.c.user_id == user_id)
    return connection.scalar(query) or ""


def since(connection: Connection, user_id: str) -> str:
    """Since when the person has a second factor of either kind; empty where they have none."""
    known = (enrolled_at(connection, user_id), passkeys.first_created_at(connection, user_id))
    return min(filter(None, known), default="")


def held(connection: Connection, user_id: str) -> str:
    """A sign of what the person has; it changes when an app or a passkey comes or goes."""
    ids = [passkey.id for passkey in passkeys.of_person(connection, user_id)]
    parts = [enrolled_at(connection, user_id), *ids]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16] if any(parts) else ""


def enrol(write: Transaction, user_id: str, secret: str, code: str, key: str) -> list[str]:
    """Take the secret, in place of an earlier one, if the code proves that the app has it.

    Gives ten recovery codes; none where the code is wrong.
    """
    step = _step_of(secret, code, write.now, 0)
    if step is None:
        return []
    note_coming(write, user_id)
    connection = write.connection
    connection.execute(delete(totp_secrets).where(totp_secrets.c.user_id == user_id))
    row = {"user_id": user_id, "sealed": seal(key, user_id, secret), "last_step": step}
    connection.execute(insert(totp_secrets).values(row | {"enrolled_at": instant(write.now)}))
    return recovery_codes.renew(connection, user_id, key)


def note_coming(write: Transaction, user_id: str) -> None:
    """From now on the person has a second factor."""
    known = write.find("second_factor", user_id=user_id)
    if not known:
        write.create("second_factor", {"user_id": user_id})
    elif known[0]["status"] != "active":
        write.update("second_factor", known[0], {"status": "active"})


def accepts(write: Transaction, user_id: str, code: str, key: str) -> bool:
    """Whether the code is the app's, or a recovery code, and was not used before; from now on it was.

    The caller holds a lock, so that of two who show the same code at once one is refused.
    """
    plain = "".join(code.split()).replace("-", "").upper()
    if len(plain) != DIGITS:
        return recovery_codes.use(write.connection, user_id, plain, key)
    secrets = totp_secrets
    row = write.connection.execute(select(secrets).where(secrets.c.user_id == user_id)).first()
    secret = unseal(key, user_id, row.sealed) if row else None
    step = _step_of(secret, plain, write.now, row.last_step) if row and secret else None
    if step is None:
        return False
    write.connection.execute(update(secrets).where(secrets.c.user_id == user_id).values(last_step=step))
    return True


def forget(connection: Connection, user_id: str) -> None:
    """Take a person's app and recovery codes away."""
    connection.execute(delete(totp_secrets).where(totp_secrets.c.user_id == user_id))
    recovery_codes.forget(connection, user_id)


def void_used_codes(connection: Connection, now: datetime) -> None:
    """After a restore nobody knows which codes were used since the backup: none that could have been is good."""
    connection.execute(update(totp_secrets).values(last_step=_step_at(now) + 1))
    connection.execute(delete(recovery_codes.recovery_codes))


def _step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step whose code this is: the present one, the one before or the next, if none so late was used."""
    plain = "".join(code.split())
    if not plain.isascii():
        return None
    totp, here = pyotp.TOTP(secret), _step_at(now)
    later = [step for step in range(here - 1, here + 2) if step > last_step]
    return next((step for step in later if hmac.compare_digest(totp.generate_otp(step), plain)), None)


def _step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS
