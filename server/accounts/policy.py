"""Who may write users, devices, second factors and passkeys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.accounts import passkeys, second_factor, tokens
from server.accounts.records import (
    DeviceSchema,
    PasskeySchema,
    SecondFactorSchema,
    UserSchema,
    devices,
    second_factors,
    users,
)
from server.accounts.records import passkeys as passkey_table
from server.notices import subscriptions
from server.wire import RecordForm
from sync.change import Change, Record
from sync.entity import Entity, Policy, Registry
from sync.errors import Refused
from sync.journal import Entry
from sync.transaction import Transaction, change_of


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


class SecondFactorPolicy(Policy):
    """It comes by the sign-in only; an administrator resets another person's."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return frozenset({"status"}) if before and write.actor.is_any("admin") else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return {}
        if after["status"] != "reset":
            raise Refused("step_not_allowed")
        if after["user_id"] == write.actor.id:
            raise Refused("not_your_own_rights")
        return {}

    def buckets(self, record: Record) -> set[str]:
        return {"role:admin"}


class PasskeyPolicy(Policy):
    """It comes by its person's browser only; they name it, and remove it unless no other second factor is left."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        is_own = before is not None and before["user_id"] == write.actor.id
        return frozenset({"name", "status"}) if is_own else frozenset()

    def hold(self, write: Transaction, change: Change) -> None:
        # Note: so that of two that are removed at once the second is found to be the last.
        write.lock(passkeys.lock_of(write.actor.id))

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system or before is None:
            return {}
        if before["status"] == "removed" or after["status"] not in (before["status"], "removed"):
            raise Refused("step_not_allowed")
        if after["status"] == "removed" and not _has_another_factor(write, after):
            raise Refused("passkey_last")
        return {}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['user_id']}", "role:admin"}


def _has_another_factor(write: Transaction, passkey: Record) -> bool:
    others = write.find("passkey", user_id=passkey["user_id"], status="active")
    has_app = bool(second_factor.enrolled_at(write.connection, passkey["user_id"]))
    return has_app or any(other["id"] != passkey["id"] for other in others)


def follow_all(known: Registry) -> None:
    """What follows from a reset, and from shutting somebody out."""
    known.follow("second_factor", _on_second_factor)
    known.follow("passkey", _on_passkey)
    known.follow("device", _on_device)
    known.follow("user", _on_user)


def _on_second_factor(write: Transaction, entry: Entry) -> Iterable[Change]:
    if entry.record["status"] == "reset":
        second_factor.forget(write.connection, entry.record["user_id"])
        tokens.end_all_sessions(write, entry.record["user_id"])
        for passkey in write.find("passkey", user_id=entry.record["user_id"]):
            if passkey["status"] != "removed":
                yield change_of("passkey", passkey, {"status": "removed"})


def _on_passkey(write: Transaction, entry: Entry) -> Iterable[Change]:
    if entry.after.get("status") == "removed":
        passkeys.forget(write.connection, entry.record_id)
    return ()


def _on_device(write: Transaction, entry: Entry) -> Iterable[Change]:
    if entry.after.get("status") == "revoked":
        subscriptions.forget(write.connection, entry.record_id)
    return ()


def _on_user(write: Transaction, entry: Entry) -> Iterable[Change]:
    if entry.after.get("status") == "disabled":
        for device in write.find("device", user_id=entry.record_id):
            subscriptions.forget(write.connection, device["id"])
    return ()


ENTITIES = (
    Entity("user", users, RecordForm(UserSchema), UserPolicy()),
    Entity("device", devices, RecordForm(DeviceSchema), DevicePolicy(), references={"user_id": "user"}),
    Entity(
        "second_factor",
        second_factors,
        RecordForm(SecondFactorSchema),
        SecondFactorPolicy(),
        references={"user_id": "user"},
    ),
    Entity("passkey", passkey_table, RecordForm(PasskeySchema), PasskeyPolicy(), references={"user_id": "user"}),
)
