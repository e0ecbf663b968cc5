"""The few facts that a server keeps about itself, beside the journal."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from sync.tables import meta

FORM = "form"
"""The fact that names the form in which records are stored; empty where it never changed."""
_ALL = select(meta.c.key, meta.c.value)
_SET = update(meta).where(meta.c.key == bindparam("fact")).values(value=bindparam("given"))


@dataclass(frozen=True)
class Durability:
    """The server's epoch, and the newest seq that would survive the loss of this server."""

    epoch: str
    durable_seq: int

    def to_wire(self) -> dict[str, Any]:
        """As every answer says it."""
        return {"epoch": self.epoch, "durable_seq": self.durable_seq}


def read_fact(connection: Connection, key: str, default: str = "") -> str:
    """One fact, or the default."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == key)) or default


def read_facts(connection: Connection) -> dict[str, str]:
    """All facts."""
    return dict(connection.execute(_ALL).all())


def write_fact(connection: Connection, key: str, value: str) -> None:
    """Set one fact."""
    if not connection.execute(_SET, {"fact": key, "given": value}).rowcount:
        connection.execute(insert(meta).values(key=key, value=value))


def start_epoch(connection: Connection) -> str:
    """Give the database a new epoch: at its birth, and whenever it was restored. Devices then pull from zero."""
    epoch = secrets.token_hex(16)
    write_fact(connection, "epoch", epoch)
    return epoch
