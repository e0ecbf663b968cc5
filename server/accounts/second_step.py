"""A sign-in in two steps: the password was right, and the code of the second factor is still to come.

What is between the two is kept in the browser's signed cookie, for ten minutes; a secret in it is sealed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from flask import session as form_session
from sqlalchemy import Connection

from server.accounts import attempts, credentials, recovery_codes, second_factor, tokens
from server.accounts.sealing import seal, unseal
from server.config import DESK_ROLES
from server.problems import Problem
from server.services import engine, services
from sync.actor import SYSTEM
from sync.change import Record, instant
from sync.transaction import Transaction

T = TypeVar("T")
LASTS = timedelta(minutes=10)
FEW_CODES = 2
"""So few recovery codes left are told at each sign-in."""
_KEY = "second_step"


@dataclass(frozen=True)
class Waiting:
    """Whose second step is awaited, and where they wanted to go."""

    user_id: str
    begun_at: str
    password_set_at: str
    wanted: str
    enrols: bool
    replaces: str = ""
    """When the second factor came that an enrolment may replace: another one, that came meanwhile, it may not."""
    offered: str = ""
    """The sealed secret of an enrolment. Bound to this browser, so that nobody else was shown it before."""


def is_required(user: Record) -> bool:
    """Whether this person may not come in without a second factor."""
    return user["role"] in services().config.second_factor


def is_asked(user: Record) -> bool:
    """Whether this person's sign-in has a second step: they must, or they wanted to. On phones nobody is asked."""
    return is_required(user) or (user["role"] in DESK_ROLES and has_second_factor(user))


def has_second_factor(user: Record) -> bool:
    """Whether this person has set one up."""
    with engine().database.read() as connection:
        return bool(second_factor.enrolled_at(connection, user["id"]))


def begin(user: Record, wanted: str, *, may_replace: bool = False) -> Waiting:
    """Wait for the code of a person, or for their enrolment where they have no second factor, or may replace it."""
    with engine().database.read() as connection:
        enrolled = second_factor.enrolled_at(connection, user["id"])
        set_at = credentials.password_set_at(connection, user["id"])
    offered = seal(_server_key(), user["id"], second_factor.new_secret())
    enrols = may_replace or not enrolled
    waiting = Waiting(user["id"], instant(engine().clock()), set_at, wanted, enrols)
    waiting = replace(waiting, replaces=enrolled, offered=offered) if enrols else waiting
    form_session[_KEY] = asdict(waiting)
    return waiting


def waiting_person() -> tuple[Waiting, Record]:
    """Whose second step this browser waits for. Raises Problem where it does not, or does no longer."""
    kept = form_session.get(_KEY)
    waiting = Waiting(**kept) if kept else None
    if waiting is None or datetime.fromisoformat(waiting.begun_at) < engine().clock() - LASTS:
        raise Problem(401, "token_expired")
    with engine().database.read() as connection:
        user = Transaction(engine(), connection, SYSTEM).get("user", waiting.user_id)
        if not _still_holds(connection, waiting) or user is None or user["status"] != "active":
            raise Problem(401, "token_expired")
    return waiting, user


def offered_secret(waiting: Waiting) -> str:
    """The secret that an enrolment shows. Raises Problem where the server's key has changed meanwhile."""
    secret = unseal(_server_key(), waiting.user_id, waiting.offered)
    if secret is None:
        raise Problem(401, "token_expired")
    return secret


def prove(user_id: str, code: str, address: str) -> int:
    """Take a code of a person's second factor. Gives the recovery codes left to them.

    Raises Problem: code_wrong, too_many_attempts.
    """
    _try(user_id, address, lambda write: second_factor.accepts(write, user_id, code, _server_key()))
    with engine().database.read() as connection:
        return recovery_codes.left(connection, user_id)


def prove_again(user_id: str, device_id: str, code: str, address: str) -> int:
    """Take a code of a person who is in already, for what asks for a fresh one. Gives and raises as `prove` does."""

    def work(write: Transaction) -> bool:
        is_right = second_factor.accepts(write, user_id, code, _server_key())
        if is_right:
            tokens.note_proof(write, device_id)
        return is_right

    _try(user_id, address, work)
    with engine().database.read() as connection:
        return recovery_codes.left(connection, user_id)


def renew_recovery_codes(user_id: str, code: str, address: str) -> list[str]:
    """Ten new recovery codes for a person who shows a code. Raises Problem as `prove` does."""

    def work(write: Transaction) -> list[str]:
        is_right = second_factor.accepts(write, user_id, code, _server_key())
        return recovery_codes.renew(write.connection, user_id, _server_key()) if is_right else []

    return _try(user_id, address, work)


def enrol(waiting: Waiting, code: str, address: str) -> list[str]:
    """Take the offered secret if the code is right; sessions opened without it end. Gives the recovery codes.

    Raises Problem as `prove` does.
    """
    secret = offered_secret(waiting)

    def work(write: Transaction) -> list[str]:
        if not _still_holds(write.connection, waiting):
            raise Problem(401, "token_expired")
        codes = second_factor.enrol(write, waiting.user_id, secret, code, _server_key())
        if codes:
            tokens.end_all_sessions(write, waiting.user_id)
        return codes

    return _try(waiting.user_id, address, work)


def _still_holds(connection: Connection, waiting: Waiting) -> bool:
    """Whether since the first step neither the password nor, for an enrolment, the second factor has changed."""
    is_as_before = credentials.password_set_at(connection, waiting.user_id) == waiting.password_set_at
    if not waiting.enrols:
        return is_as_before
    return is_as_before and second_factor.enrolled_at(connection, waiting.user_id) == waiting.replaces


def _try(user_id: str, address: str, work: Callable[[Transaction], T]) -> T:
    """What the work gives where the code is right; a wrong one counts as a wrong password does."""
    keys = [attempts.code_key(user_id), attempts.address_key(address)]

    def counted(write: Transaction) -> T:
        write.lock(*keys)
        attempts.check(write.connection, keys, write.now)
        found = work(write)
        if found:
            attempts.forget_failures(write.connection, keys[0])
        else:
            attempts.note_failure(write.connection, keys, write.now)
        return found

    found = engine().write(SYSTEM, counted)
    if not found:
        raise Problem(401, "code_wrong")
    return found


def _server_key() -> str:
    return services().config.secret_key
