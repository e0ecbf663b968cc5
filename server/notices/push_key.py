"""The server's own key for web push: made once, kept sealed. Phones subscribe for it: a new one ends what they have."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from server.accounts.sealing import seal, unseal
from server.notices import subscriptions
from server.notices.web_push import CURVE
from server.services import Services
from sync.actor import SYSTEM
from sync.change import instant
from sync.tables import metadata
from sync.transaction import Transaction

_NAME = "push key"

push_keys = Table(
    "push_key",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("sealed", String(200), nullable=False),
    Column("made_at", String(40), nullable=False),
)


def own_key(of: Services) -> ec.EllipticCurvePrivateKey:
    """The key; made where there is none yet, or where the server's secret has changed and it cannot be opened."""
    secret_key = of.config.secret_key
    with of.engine.database.read() as connection:
        known = _opened(connection, secret_key)
    return known or of.engine.write(SYSTEM, lambda write: _made(write, secret_key))


def _opened(connection: Connection, secret_key: str) -> ec.EllipticCurvePrivateKey | None:
    sealed = connection.scalar(select(push_keys.c.sealed).where(push_keys.c.name == _NAME))
    secret = unseal(secret_key, _NAME, sealed) if sealed else None
    return ec.derive_private_key(int(secret, 16), CURVE) if secret else None


def _made(write: Transaction, secret_key: str) -> ec.EllipticCurvePrivateKey:
    write.lock(_NAME)  # of two processes the second finds what the first has made
    known = _opened(write.connection, secret_key)
    if known:
        return known
    key = ec.generate_private_key(CURVE)
    sealed = seal(secret_key, _NAME, f"{key.private_numbers().private_value:x}")
    write.connection.execute(delete(push_keys))
    write.connection.execute(insert(push_keys).values(name=_NAME, sealed=sealed, made_at=instant(write.now)))
    subscriptions.forget_all(write.connection)
    return key
