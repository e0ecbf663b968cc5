"""Segregation of duties (REG-D3): nobody holds two of these for the same money, whatever their role is by now."""

from __future__ import annotations

from typing import Literal

from server.tools.states import came_back, is_excused
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

Duty = Literal["claim", "account", "receive", "waive", "endorse", "approve", "pay"]

_REFUSALS: dict[Duty, str] = {
    "claim": "own_claim",
    "account": "own_account",
    "receive": "own_stocking",
    "waive": "own_waiver",
    "endorse": "own_endorsement",
    "approve": "own_approval",
    "pay": "own_payment",
}


def refuse_own(write: Transaction, technician_id: str) -> None:
    """Nobody acts on their own money, under whichever name. Raises Refused: own_claim, own_account."""
    if write.actor.id == technician_id:
        raise Refused("own_claim")
    if write.actor.id in sharing_account(write, technician_id):
        raise Refused("own_account")


def refuse_second_duty(write: Transaction, line: Record, duty: Duty, on_behalf_of: str | None = None) -> None:
    """Let the writing actor take a duty on a line, for themselves or in another's place.

    Raises Refused naming the duty that one of the two holds already.
    """
    for held, people in holders(write, line).items():
        if held != duty and not people.isdisjoint({write.actor.id, on_behalf_of}):
            raise Refused(_REFUSALS[held])


def sharing_account(read: Transaction, user_id: str) -> set[str]:
    """The other people whose bank account has the same number: one person with two names, or of one household."""
    numbers = [account["account_number"] for account in read.find("bank_account", user_id=user_id)]
    return {person for number in numbers for person in having_account(read, number)} - {user_id}


def having_account(read: Transaction, number: str) -> set[str]:
    """The people whose bank account has this number."""
    return {account["user_id"] for account in read.find("bank_account", account_number=number)}


def holders(write: Transaction, line: Record) -> dict[Duty, set[str]]:
    """Who holds which duty on a line: by user id, from the records, so that a change of role changes nothing.

    To whose account the money goes counts as one.
    """
    purchases = [purchase["id"] for purchase in write.find("tool_purchase", receipt_id=line["receipt_id"])]
    units = write.find_any("tool_unit", "tool_purchase_id", purchases)
    waivers = [waiver for waiver in write.find("waiver", claim_line_id=line["id"]) if waiver["status"] == "given"]
    return {
        "claim": {line["technician_id"]},
        "account": sharing_account(write, line["technician_id"]),
        "receive": {unit["stocked_in_by"] for unit in units if came_back(unit)},
        "waive": ({waiver[name] for waiver in waivers for name in ("given_by", "on_behalf_of")} - {None})
        | {unit["written_off_by"] for unit in units if is_excused(unit)},
        "endorse": {line["endorsed_by"], line["endorsed_for"]} - {None},
        "approve": {line["decided_by"], line["on_behalf_of"]} - {None},
        "pay": {line["paid_by"]} - {None},
    }
