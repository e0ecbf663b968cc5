"""What pages need to ask for a passkey, or for a new one: whether it can work here, and the browser's orders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from webauthn import generate_authentication_options, generate_registration_options, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.accounts import challenges, passkeys
from server.accounts.browser import browser_name
from server.accounts.relying_party import obstacle, relying_party
from server.accounts.second_step import Shown, party_here
from server.problems import Problem
from server.services import engine, services
from sync.actor import SYSTEM, Actor
from sync.change import Record


@dataclass(frozen=True)
class Offer:
    """What a page says of passkeys."""

    is_known: bool
    """Whether the person has one."""
    obstacle: str
    """The text that says why none can be used at this page's address; empty where one can."""
    origin: str
    """Where one can."""


def offer(user_id: str) -> Offer:
    """What the present page says of passkeys to this person."""
    party = relying_party(services().config)
    with engine().database.read() as connection:
        is_known = bool(passkeys.first_created_at(connection, user_id))
    return Offer(is_known, obstacle(services().config, request.host), party.origin if party else "")


def usual_name() -> str:
    """What a new passkey is called unless its person says otherwise."""
    return browser_name(request.user_agent.string) or "Passkey"


def shown_by(person: Actor, code: str, passkey: str) -> Shown:
    """What a signed-in person sent as a proof, in these fields of the form."""
    return Shown(request.form.get(code, ""), request.form.get(passkey, ""), proof_of(person))


def proof_of(person: Actor) -> str:
    """What a challenge for a proof of a signed-in person is asked for."""
    return f"proof:{person.id}:{person.device_id}"


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
        return [PublicKeyCredentialDescriptor(id=each) for each in passkeys.credential_ids(connection, user_id)]


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")
