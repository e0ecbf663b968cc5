"""What the browser is told that a passkey be made, or shown.

Loads the library for it, which is slow: import this where an order is asked for.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response
from webauthn import generate_authentication_options, generate_registration_options, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.accounts import challenges
from server.accounts.passkey_answers import credential_ids
from server.accounts.second_step import party_here
from server.problems import Problem
from server.services import engine, services
from sync.actor import SYSTEM
from sync.change import Record


def orders_to_show(user_id: str, asked_for: str) -> Response:
    """What the browser is told that one of the person's passkeys be shown. Raises Problem: passkey_unknown."""
    known = _descriptors(user_id)
    if not known:
        raise Problem(403, "passkey_unknown")
    options = generate_authentication_options(
        rp_id=party_here(403).id,
        challenge=_challenge(asked_for),
        timeout=_timeout(),
        allow_credentials=known,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _json(json.loads(options_to_json(options)))


def orders_to_make(user: Record, asked_for: str) -> Response:
    """What the browser is told that a passkey be made for the person, on an authenticator that has none of theirs."""
    name = services().config.company_name or "Fieldclaim"
    options = generate_registration_options(
        rp_id=party_here(403).id,
        rp_name=name,
        user_id=user["id"].encode(),
        user_name=user["username"],
        user_display_name=user["display_name"],
        challenge=_challenge(asked_for),
        timeout=_timeout(),
        exclude_credentials=_descriptors(user["id"]),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return _json(json.loads(options_to_json(options)))


def _challenge(asked_for: str) -> bytes:
    return engine().write(SYSTEM, lambda write: challenges.make(write, asked_for))


def _timeout() -> int:
    return int(challenges.LASTS.total_seconds() * 1000)


def _descriptors(user_id: str) -> list[PublicKeyCredentialDescriptor]:
    with engine().database.read() as connection:
        return [PublicKeyCredentialDescriptor(id=each) for each in credential_ids(connection, user_id)]


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")
