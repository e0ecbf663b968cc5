"""A sign-in in two steps: the password was right, and the second factor (a code or a passkey) is still to come.

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
from server.accounts.relying_party import RelyingParty, relying_party
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
    """The sign of what an enrolment may replace: another second factor, that came meanwhile, it may not."""
    offered: str = ""
    """The sealed secret of an enrolment. Bound to this browser, so that nobody else was shown it before."""


@dataclass(frozen=True)
class Shown:
    """What somebody sent as their second factor: a code, or what a passkey answered to a challenge."""

    code: str
    passkey: str = ""
    asked_for: str = ""
    """What the challenge was asked for."""


def is_required(user: Record) -> bool:
    """Whether this person may not come in without a second factor."""
    return user["role"] in services().config.second_factor


def is_asked(user: Record) -> bool:
    """Whether this person's sign-in has a second step: they must, or they wanted to."""
    return is_required(user) or (user["role"] in DESK_ROLES and has_second_factor(user))


def has_second_factor(user: Record) -> bool:
    """Whether this person has set one up."""
    with engine().database.read() as connection:
        return bool(second_factor.since(connection, user["id"]))


def begin(user: Record, wanted: str, *, may_replace: bool = False) -> Waiting:
    """Wait for the second factor of a person, or for their enrolment where they have none, or may replace it."""
    with engine().database.read() as connection:
        held = second_factor.held(connection, user["id"])
        set_at = credentials.password_set_at(connection, user["id"])
    offered = seal(_server_key(), user["id"], second_factor.new_secret())
    enrols = may_replace or not held
    waiting = Waiting(user["id"], instant(engine().clock()), set_at, wanted, enrols)
    waiting = replace(waiting, replaces=held, offered=offered) if enrols else waiting
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


def step_of(waiting: Waiting) -> str:
    """What a challenge for this second step is asked for."""
    return f"step:{waiting.user_id}:{waiting.begun_at}"


def prove(user_id: str, shown: Shown, address: str) -> int:
    """Take a person's second factor. Gives the recovery codes left to them.

    Raises Problem: too_many_attempts, code_wrong, or for a passkey passkey_wrong, passkey_expired (its challenge is
    old, used or another one), passkey_elsewhere (for another address), passkey_unknown, passkey_unverified (without
    a PIN, a finger or a face), passkey_suspended (its counter went back).
    """
    _try(user_id, address, lambda write: _accepts(write, user_id, shown))
    with engine().database.read() as connection:
        return recovery_codes.left(connection, user_id)


def prove_on_phone(user_id: str, code: str, address: str) -> None:
    """Take the code of a person who showed the right password on a phone, which can show no passkey.

    Raises Problem: second_factor_needed (they have none yet, and must), code_needed, passkey_at_desk (a passkey is all
    that they have besides recovery codes), and those of `prove` for a code.
    """
    with engine().database.read() as connection:
        has_any = bool(second_factor.since(connection, user_id))
        has_app = bool(second_factor.enrolled_at(connection, user_id))
    if not has_any:
        raise Problem(403, "second_factor_needed")
    if not code.strip():
        raise Problem(401, "code_needed" if has_app else "passkey_at_desk")
    prove(user_id, Shown(code), address)


def prove_again(user_id: str, device_id: str, shown: Shown, address: str) -> int:
    """The same of a person who is in already, for what asks for a fresh one. Gives and raises as `prove` does."""

    def work(write: Transaction) -> bool | Problem:
        accepted = _accepts(write, user_id, shown)
        if accepted is True:
            tokens.note_proof(write, device_id)
        return accepted

    _try(user_id, address, work)
    with engine().database.read() as connection:
        return recovery_codes.left(connection, user_id)


def renew_recovery_codes(user_id: str, shown: Shown, address: str) -> list[str]:
    """Ten new recovery codes for a person who shows a second factor. Raises Problem as `prove` does."""

    def work(write: Transaction) -> list[str] | Problem:
        accepted = _accepts(write, user_id, shown)
        if isinstance(accepted, Problem) or not accepted:
            return accepted or []
        return recovery_codes.renew(write.connection, user_id, _server_key())

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


def enrol_by_passkey(waiting: Waiting, name: str, answer: str, address: str) -> list[str]:
    """The same with a new passkey, for a person who has no second factor. Raises Problem as `prove` does."""
    from server.accounts import passkey_answers

    user_id, party = waiting.user_id, party_here()

    def work(write: Transaction) -> list[str] | Problem:
        if waiting.replaces or not _still_holds(write.connection, waiting):
            raise Problem(401, "token_expired")
        refused = passkey_answers.register(write, user_id, name, answer, step_of(waiting), party)
        if refused:
            return Problem(401, refused)
        second_factor.note_coming(write, user_id)
        tokens.end_all_sessions(write, user_id)
        return recovery_codes.renew(write.connection, user_id, _server_key())

    return _try(user_id, address, work)


def add_passkey(user_id: str, name: str, made: Shown) -> None:
    """Another passkey for a person who has just proved the second factor that they have.

    Raises Problem: those of `prove` for a passkey, passkey_taken, passkey_too_many.
    """
    from server.accounts import passkey_answers

    party = party_here()

    def work(write: Transaction) -> str:
        return passkey_answers.register(write, user_id, name, made.passkey, made.asked_for, party)

    refused = engine().write(SYSTEM, work)
    if refused:
        raise Problem(422, refused)


def _accepts(write: Transaction, user_id: str, shown: Shown) -> bool | Problem:
    """Whether it is right. What a passkey is refused for is given, not raised, so that its challenge stays used."""
    if not shown.passkey:
        return second_factor.accepts(write, user_id, shown.code, _server_key())
    from server.accounts import passkey_answers

    refused = passkey_answers.use(write, user_id, shown.passkey, shown.asked_for, party_here())
    return Problem(401, refused) if refused else True


def party_here(status: int = 401) -> RelyingParty:
    """Whom passkeys are shown to here. Raises Problem of that status where none can be: passkey_elsewhere."""
    party = relying_party(services().config)
    if party is None:
        raise Problem(status, "passkey_elsewhere")
    return party


def _still_holds(connection: Connection, waiting: Waiting) -> bool:
    """Whether since the first step neither the password nor, for an enrolment, the second factor has changed."""
    is_as_before = credentials.password_set_at(connection, waiting.user_id) == waiting.password_set_at
    if not waiting.enrols:
        return is_as_before
    return is_as_before and second_factor.held(connection, waiting.user_id) == waiting.replaces


def _try(user_id: str, address: str, work: Callable[[Transaction], T | Problem]) -> T:
    """What the work gives where the factor is right; a wrong one counts as a wrong password does."""
    keys = [attempts.code_key(user_id), attempts.address_key(address)]

    def counted(write: Transaction) -> T | Problem:
        write.lock(*keys)
        attempts.check(write.connection, keys, write.now)
        found = work(write)
        if found and not isinstance(found, Problem):
            attempts.forget_failures(write.connection, keys[0])
        else:
            attempts.note_failure(write.connection, keys, write.now)
        return found

    found = engine().write(SYSTEM, counted)
    if isinstance(found, Problem):
        raise found
    if not found:
        raise Problem(401, "code_wrong")
    return found


def _server_key() -> str:
    return services().config.secret_key
