"""Recovery codes: ten for each person with a second factor, each good once, for the day the phone is lost."""

from __future__ import annotations

import base64
import secrets

from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select

from server.accounts.sealing import keyed_hash
from sync.tables import metadata

COUNT = 10
_LENGTH = 10

recovery_codes = Table(
    "recovery_code",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)


def renew(connection: Connection, user_id: str, key: str) -> list[str]:
    """Ten new codes, to be shown once; those of before are worth nothing."""
    forget(connection, user_id)
    codes = [_new_code() for _ in range(COUNT)]
    rows = [{"user_id": user_id, "code_hash": keyed_hash(key, user_id, code)} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    half = _LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def use(connection: Connection, user_id: str, code: str, key: str) -> bool:
    """Whether this is one of the person's codes, without its hyphen; from now on it is none."""
    codes = recovery_codes.c
    code_hash = keyed_hash(key, user_id, code)
    used = delete(recovery_codes).where(codes.user_id == user_id, codes.code_hash == code_hash)
    return connection.execute(used).rowcount == 1


def left(connection: Connection, user_id: str) -> int:
    """How many codes the person has not used."""
    query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
    return connection.scalar(query) or 0


def forget(connection: Connection, user_id: str) -> None:
    """Take a person's codes away."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


def _new_code() -> str:
    return base64.b32encode(secrets.token_bytes(8)).decode()[:_LENGTH]
