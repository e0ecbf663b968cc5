"""Who may write users and devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.accounts.records import DeviceSchema, UserSchema, devices, users
from server.wire import RecordForm
from sync.change import Change, Record
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction


class UserPolicy(Policy):
    """An administrator keeps the users; everybody chooses their own language."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if write.actor.is_any("admin"):
            return UserSchema.names() - ({"username"} if before else set())
        is_own = before is not None and before["id"] == write.actor.id
        return frozenset({"language"}) if is_own else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if before is None and write.find("user", username=after["username"]):
            raise Refused("username_taken", {"username": ["username_taken"]})
        is_own = after["id"] == write.actor.id
        if before and is_own and (before["role"], before["status"]) != (after["role"], after["status"]):
            raise Refused("not_your_own_rights")
        return {}

    def buckets(self, record: Record) -> set[str]:
        desks = ("dispatcher", "warehouse", "finance", "manager", "admin")
        return {f"user:{record['id']}"} | {f"role:{role}" for role in desks}


class DevicePolicy(Policy):
    """A device is known from its first login; its person or an administrator can revoke it, for good."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if before is None:
            return frozenset()
        return frozenset({"name", "status"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if before and before["status"] == "revoked" and after["status"] != "revoked":
            raise Refused("step_not_allowed")
        return {}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['user_id']}", "role:admin"}


ENTITIES = (
    Entity("user", users, RecordForm(UserSchema), UserPolicy()),
    Entity("device", devices, RecordForm(DeviceSchema), DevicePolicy(), references={"user_id": "user"}),
)
