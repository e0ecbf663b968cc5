"""The tests' password. Its hash is made once in a run: a good one takes a tenth of a second, and tests need many."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import Connection, insert

from server.accounts.credentials import credentials

PASSWORD = "correct horse 7"


def give(connection: Connection, *user_ids: str) -> None:
    """Let these people, who have no password yet, sign in with the tests' one."""
    rows = [{"user_id": user_id, "password_hash": _hash()} for user_id in user_ids]
    connection.execute(insert(credentials), rows)


@cache
def _hash() -> str:
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1).hash(PASSWORD)
