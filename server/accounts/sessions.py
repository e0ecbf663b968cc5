"""Sessions: a device signs in once; it holds a short access token and a refresh token that changes at each use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from flask import current_app
from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from server.accounts import attempts, credentials, second_step, tokens
from server.problems import Problem
from server.services import engine, reading
from sync.actor import SYSTEM, Actor
from sync.change import Record, new_id
from sync.transaction import Transaction

ACCESS_LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Session:
    """A signed-in person on a device, with the tokens that prove it."""

    user: Record
    device: Record
    access_token: str
    refresh_token: str


def open_on_phone(user: Record, device_id: str, device_name: str, code: str, address: str) -> Session:
    """A session of an authenticated person on a phone that names itself. `code` is of their second factor, if any.

    Raises Problem: device_revoked, device_of_another_user, and those of `second_step.prove_on_phone`.
    """
    is_asked = second_step.is_asked(user)
    if is_asked:
        with engine().database.read() as connection:
            # Note: before a code is used up, since a phone that is not this person's comes again as another device.
            _refuse_device(user, Transaction(engine(), connection, SYSTEM).get("device", device_id))
        second_step.prove_on_phone(user["id"], code, address)
    return _open(user, lambda write: _named_device(write, user, device_id, device_name), is_proved=is_asked)


def open_by_page(user: Record, known: list[str], name: str, *, is_proved: bool) -> Session:
    """A session of an authenticated person on a browser; `is_proved` says whether by a second factor.

    Of the devices that the browser is known as, it goes on as the person's own, else as a new one.
    """
    return _open(user, lambda write: _own_device(write, user, known, name), is_proved=is_proved)


def refresh(token: str) -> Session:
    """Change a refresh token for its successor. The re-use of an old one shuts the device out.

    Raises Problem: refresh_invalid, refresh_reused, device_revoked, user_disabled.
    """
    key = str(current_app.config["SECRET_KEY"])

    def work(write: Transaction) -> tokens.Rotation:
        rotation = tokens.rotate(write, token, key)
        if rotation.outcome == "reused":
            revoke_device(write, rotation.device_id)
        return rotation

    rotation = engine().write(SYSTEM, work)
    if rotation.outcome == "unknown":
        raise Problem(401, "refresh_invalid")
    if rotation.outcome == "reused":
        raise Problem(401, "refresh_reused")
    user, device = _person_on(rotation.device_id)
    return Session(user, device, access_token(user, device), rotation.successor)


def log_out(token: str) -> None:
    """End a session. An unknown token is no error: the session is over either way."""

    def work(write: Transaction) -> None:
        device_id = tokens.device_of(write, token)
        if device_id is not None:
            tokens.end_sessions(write, device_id)

    engine().write(SYSTEM, work)


def revoke_device(write: Transaction, device_id: str) -> None:
    """Shut a device out; it is told to wipe at its next contact, so its tokens stay known until then."""
    device = write.get("device", device_id)
    if device is not None and device["status"] == "active":
        write.update("device", device, {"status": "revoked"})


def access_token(user: Record, device: Record) -> str:
    """A token of fifteen minutes that names the person and the device, and nothing they may do."""
    # Note: it ends by the clock that everything else here goes by.
    claims = {"device": device["id"], "exp": engine().clock() + ACCESS_LASTS}
    token: str = create_access_token(user["id"], additional_claims=claims)
    return token


def person_of(token: str) -> tuple[Record, Record]:
    """The user and the device of an access token, as they are now. Raises Problem where either is out."""
    try:
        claims = _signed_claims(token, current_app.config["JWT_SECRET_KEY"])
        if claims["type"] != "access":
            raise Problem(401, "token_invalid")
        device_id = str(claims["device"])
        is_over = int(claims["exp"]) <= engine().clock().timestamp()
    except jwt.ImmatureSignatureError as error:
        # Note: a token of the future was made before the server's clock was set back; the device renews it.
        raise Problem(401, "token_expired") from error
    except (jwt.PyJWTError, JWTExtendedException, KeyError, ValueError, TypeError) as error:
        raise Problem(401, "token_invalid") from error
    if is_over:
        raise Problem(401, "token_expired")
    user, device = _person_on(device_id)
    if user["id"] != claims["sub"]:
        raise Problem(401, "token_invalid")
    return user, device


@lru_cache(4096)
def _signed_claims(token: str, key: str) -> Mapping[str, Any]:
    """What a token says, once the key's signature on it was found good. That never changes; all else is asked anew."""
    claims: dict[str, Any] = decode_token(token, allow_expired=True)
    return claims


def actor_for(user: Record, device: Record) -> Actor:
    """Who acts, with the role that the user has at this moment."""
    return Actor(user["id"], frozenset({user["role"]}), device["id"])


def authenticate(username: str, password: str, address: str) -> Record:
    """The active user of that name and password. Whatever is wrong, the answer and the time it takes are the same.

    Raises Problem: invalid_credentials, too_many_attempts.
    """
    name, now = username.strip().lower(), engine().clock()
    keys = [attempts.account_key(name), attempts.address_key(address)]
    with engine().database.read() as connection:
        attempts.check(connection, keys, now)
        user = _active_user(Transaction(engine(), connection, SYSTEM), name)
        stored = credentials.stored_hash(connection, user["id"] if user else "")
    is_right = credentials.is_right(stored, password)

    def work(write: Transaction) -> None:
        # Note: counted again under the lock, so that a hundred tries at once get no more answers than ten.
        write.lock(*keys)
        attempts.check(write.connection, keys, now)
        if not is_right:
            attempts.note_failure(write.connection, keys, now)
            return
        attempts.forget_failures(write.connection, keys[0])
        if user and stored and credentials.is_outdated(stored):
            credentials.set_password(write.connection, user["id"], password)

    engine().write(SYSTEM, work)
    if user is None or not is_right:
        raise Problem(401, "invalid_credentials")
    return user


def _active_user(read: Transaction, name: str) -> Record | None:
    # Note: what no database can hold as text is nobody's name.
    is_text = name.isprintable()
    found = read.find("user", username=name, status="active") if is_text else []
    return found[0] if found else None


def _open(user: Record, choose: Callable[[Transaction], Record], *, is_proved: bool = False) -> Session:
    def work(write: Transaction) -> tuple[Record, str]:
        device = choose(write)
        return device, tokens.begin(write, device["id"], is_proved=is_proved)

    device, token = engine().write(SYSTEM, work)
    return Session(user, device, access_token(user, device), token)


def _named_device(write: Transaction, user: Record, device_id: str, name: str) -> Record:
    device = write.get("device", device_id, lock=True)
    _refuse_device(user, device)
    return device or write.create("device", {"user_id": user["id"], "name": name[:80]}, device_id)


def _refuse_device(user: Record, device: Record | None) -> None:
    if device is not None and device["user_id"] != user["id"]:
        raise Problem(409, "device_of_another_user")
    if device is not None and device["status"] == "revoked":
        raise Problem(401, "device_revoked", wipe=True)


def _own_device(write: Transaction, user: Record, known: list[str], name: str) -> Record:
    devices = write.find_any("device", "id", known)
    own = [item for item in devices if item["user_id"] == user["id"] and item["status"] == "active"]
    return own[-1] if own else write.create("device", {"user_id": user["id"], "name": name}, new_id())


def _person_on(device_id: str) -> tuple[Record, Record]:
    with reading() as connection:
        found = tokens.person_on(connection, device_id)
    if found is None:
        raise Problem(401, "token_invalid")
    user, device = found.user, found.device
    if device["status"] == "revoked":
        raise Problem(401, "device_revoked", wipe=True)
    if user["status"] != "active":
        raise Problem(401, "user_disabled", wipe=True)
    if not found.is_signed_in:
        # Note: a device that renews an expired token learns that its session has ended, and keeps its work.
        raise Problem(401, "token_expired")
    if second_step.is_required(user) and not found.is_proved:
        # Note: so also where the person got another role, or the setting was changed, after they had signed in.
        raise Problem(401, "second_factor_needed")
    return user, device
