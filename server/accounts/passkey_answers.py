"""What an authenticator answers (WebAuthn): a new passkey taken in, one that is shown judged.

Loads the library for it, which is slow: import this where an answer is there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AttestationFormat, CollectedClientData

from server.accounts import challenges
from server.accounts.passkeys import credentials, lock_of
from server.accounts.relying_party import RelyingParty
from sync.change import Record, instant
from sync.transaction import Transaction

MOST = 10
_MOST_TEXT = 20_000
_UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What the library raises where an answer is none: its own, and what a made-up one trips over."""


def credential_ids(connection: Connection, user_id: str) -> list[bytes]:
    """By what a person's authenticators know their passkeys."""
    query = select(credentials.c.credential_id).where(credentials.c.user_id == user_id)
    return [base64url_to_bytes(found) for found in connection.scalars(query)]


def register(write: Transaction, user_id: str, name: str, answer: str, asked_for: str, party: RelyingParty) -> str:
    """Take in what an authenticator made. Gives the code of what is wrong with it; nothing where it is taken."""
    try:
        made = parse_registration_credential_json(_bounded(answer))
        said = parse_client_data_json(made.response.client_data_json)
        attestation = parse_attestation_object(made.response.attestation_object)
    except _UNREADABLE:
        return "passkey_wrong"
    if refused := _unasked(write, said, asked_for, party):
        return refused
    # Note: none was asked for, and only one that vouches for itself needs no chain of makers' certificates.
    if attestation.fmt not in (AttestationFormat.NONE, AttestationFormat.PACKED) or attestation.att_stmt.x5c:
        return "passkey_wrong"
    try:
        taken = verify_registration_response(
            credential=made,
            expected_challenge=said.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except _UNREADABLE:
        return "passkey_wrong"
    if not taken.user_verified:
        return "passkey_unverified"
    return _keep(write, user_id, name, taken.credential_id, taken.credential_public_key, taken.sign_count)


def use(write: Transaction, user_id: str, answer: str, asked_for: str, party: RelyingParty) -> str:
    """Whether an authenticator shows one of the person's passkeys. Gives the code of what is wrong; nothing if right.

    One whose counter does not go up may have been copied: it is suspended.
    """
    try:
        shown = parse_authentication_credential_json(_bounded(answer))
        said = parse_client_data_json(shown.response.client_data_json)
    except _UNREADABLE:
        return "passkey_wrong"
    if refused := _unasked(write, said, asked_for, party):
        return refused
    row = _row(write, user_id, bytes_to_base64url(shown.raw_id))
    record = write.get("passkey", row.passkey_id) if row else None
    if row is None or record is None:
        return "passkey_unknown"
    try:
        # Note: the counter is judged below, since only a rightly signed one tells of a copy.
        proof = verify_authentication_response(
            credential=shown,
            expected_challenge=said.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=0,
        )
    except _UNREADABLE:
        return "passkey_wrong"
    if not proof.user_verified:
        return "passkey_unverified"
    return _count(write, row, record, proof.new_sign_count)


def _count(write: Transaction, row: Any, record: Record, new: int) -> str:
    """Note a rightly signed use. A counter that stays at 0 says nothing (WebAuthn level 3, section 6.1.1)."""
    if record["status"] != "active":
        return "passkey_suspended"
    if (new or row.sign_count) and new <= row.sign_count:
        write.update("passkey", record, {"status": "suspended"})
        return "passkey_suspended"
    used = {"sign_count": new, "used_at": instant(write.now)}
    write.connection.execute(update(credentials).where(credentials.c.passkey_id == row.passkey_id).values(used))
    return ""


def _keep(write: Transaction, user_id: str, name: str, credential_id: bytes, public_key: bytes, count: int) -> str:
    write.lock(lock_of(user_id))
    text, key = bytes_to_base64url(credential_id), bytes_to_base64url(public_key)
    write.lock(f"passkey:{text[:80]}")
    is_known = select(credentials.c.passkey_id).where(credentials.c.credential_id == text)
    if write.connection.scalar(is_known):
        return "passkey_taken"
    if len(credential_ids(write.connection, user_id)) >= MOST:
        return "passkey_too_many"
    if len(text) > 1400 or len(key) > 3000:
        return "passkey_wrong"
    record = write.create("passkey", {"user_id": user_id, "name": name.strip()[:80]})
    whose = {"passkey_id": record["id"], "user_id": user_id, "credential_id": text, "public_key": key}
    now = instant(write.now)
    write.connection.execute(insert(credentials).values(**whose, sign_count=count, created_at=now, used_at=""))
    return ""


def _row(write: Transaction, user_id: str, credential_id: str) -> Any:
    its, ours = credentials.c.credential_id == credential_id, credentials.c.user_id == user_id
    return write.connection.execute(select(credentials).where(its, ours)).first()


def _unasked(write: Transaction, said: CollectedClientData, asked_for: str, party: RelyingParty) -> str:
    """Why an answer is none to what was asked here; nothing where it is one. Its challenge is used in any case."""
    if not challenges.take(write, asked_for, said.challenge):
        return "passkey_expired"
    return "passkey_elsewhere" if said.origin != party.origin or said.cross_origin else ""


def _bounded(answer: str) -> str:
    if len(answer) > _MOST_TEXT:
        raise ValueError("too long")
    return answer
