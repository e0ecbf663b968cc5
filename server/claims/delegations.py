"""Delegation: while somebody is away, another person decides in their place, between two dates, and the decision names
them. Whoever stands in for another holds that person's duties beside their own (REG-D3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Index

from server.claims.gathering import today
from server.claims.judgement import company_of
from server.wire import DateField, IdField, InstantField, RecordForm, RecordSchema, TextField, choice, record_table
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

RIGHTS: Mapping[str, str] = {"approve": "finance", "second": "manager", "waive": "manager"}
"""What can be delegated, and the role that has it: to decide on lines, to approve those above the limit, to waive."""
DESKS = ("finance", "manager")


class DelegationSchema(RecordSchema):
    """One right of one person, in another's hands from a day to a day, both counted."""

    from_user = IdField(required=True)
    to_user = IdField(required=True)
    right = choice(*RIGHTS, required=True)
    from_date = DateField(required=True)
    to_date = DateField(required=True)
    reason = TextField(500, required=True)
    status = choice("active", "revoked", default="active")
    given_by = IdField()
    given_at = InstantField()


delegations = record_table("delegation", DelegationSchema, Index("ix_delegation_to_user", "to_user"))


class DelegationPolicy(Policy):
    """Everybody hands on their own right; a manager also that of somebody who is away, but never to themselves."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any(*DESKS):
            return frozenset()
        new = frozenset({"from_user", "to_user", "right", "from_date", "to_date", "reason"})
        return new if before is None else frozenset({"status"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if after["from_user"] != write.actor.id and not write.actor.is_any("manager"):
            raise Refused("not_yours")
        if before is not None:
            if (before["status"], after["status"]) != ("active", "revoked"):
                raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
            return {}
        giver, taker = (write.get("user", after[name]) for name in ("from_user", "to_user"))
        if not _is_desk(taker) or after["to_user"] in (after["from_user"], write.actor.id):
            raise Refused("delegate_unfit", {"to_user": ["delegate_unfit"]})
        if giver is None or giver["role"] != RIGHTS[after["right"]]:
            raise Refused("right_not_held", {"right": ["right_not_held"]})
        if after["to_date"] < max(after["from_date"], today(write.now, company_of(write))):
            raise Refused("invalid_fields", {"to_date": ["out_of_range"]})
        return {"given_by": write.actor.id, "given_at": instant(write.now)}

    def buckets(self, record: Record) -> set[str]:
        return {"role:finance", "role:manager"}


def stands_in_for(write: Transaction, right: str) -> tuple[str, ...]:
    """The people in whose place the writing actor may use a right today; only who has the right can hand it on."""
    if not write.actor.is_any(*DESKS):
        return ()
    day = today(write.now, company_of(write))
    given = [item for item in write.find("delegation", to_user=write.actor.id, right=right) if _is_open(item, day)]
    return tuple(item["from_user"] for item in given if _holds(write, item["from_user"], right))


def on_behalf_of(write: Transaction, right: str) -> str | None:
    """In whose place the actor uses a right: None where it is their own. Raises Refused where they have none."""
    if write.actor.is_any(RIGHTS[right]):
        return None
    others = stands_in_for(write, right)
    if not others:
        raise Refused("right_not_held")
    return others[0]


def holders_of(read: Transaction, right: str) -> list[str]:
    """The active people who may use a right today, by their role or for others."""
    day = today(read.now, company_of(read))
    own = [user["id"] for user in read.find("user", role=RIGHTS[right], status="active")]
    handed_on = [
        item["to_user"]
        for item in read.find("delegation", right=right, status="active")
        if _is_open(item, day) and item["from_user"] in own and _is_desk(read.get("user", item["to_user"]))
    ]
    return list(dict.fromkeys([*own, *handed_on]))


def rights_of(read: Transaction) -> frozenset[str]:
    """What the acting person may do on the money desk today, by their role or for others."""
    return frozenset(right for right, role in RIGHTS.items() if read.actor.is_any(role) or stands_in_for(read, right))


def _is_open(delegation: Record, day: str) -> bool:
    return delegation["status"] == "active" and str(delegation["from_date"]) <= day <= str(delegation["to_date"])


def _holds(write: Transaction, user_id: str, right: str) -> bool:
    user = write.get("user", user_id)
    return user is not None and user["role"] == RIGHTS[right] and user["status"] == "active"


def _is_desk(user: Record | None) -> bool:
    return user is not None and user["role"] in DESKS and user["status"] == "active"


_PEOPLE = {"from_user": "user", "to_user": "user"}
ENTITIES = (Entity("delegation", delegations, RecordForm(DelegationSchema), DelegationPolicy(), _PEOPLE),)
