"""What pages say of passkeys: whether one can be shown here, and what a new one is called."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from server.accounts import passkeys
from server.accounts.browser import browser_name
from server.accounts.relying_party import obstacle, relying_party
from server.accounts.second_step import Shown
from server.services import engine, services
from sync.actor import Actor


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
