"""People and their devices, as records."""

from __future__ import annotations

from sqlalchemy import Index

from server.wire import IdField, RecordSchema, TextField, choice, record_table

ROLES = ("technician", "dispatcher", "warehouse", "finance", "manager", "admin")
LANGUAGES = ("zh-Hans", "en")


class UserSchema(RecordSchema):
    """A person who signs in. What they sign in with is kept apart, and never synced."""

    username = TextField(64, required=True, pattern=r"[a-z0-9][a-z0-9._-]*")
    display_name = TextField(80, required=True)
    role = choice(*ROLES, required=True)
    language = choice(*LANGUAGES, default="zh-Hans")
    status = choice("active", "disabled", default="active")


class DeviceSchema(RecordSchema):
    """A phone or a browser on which a person has signed in."""

    user_id = IdField(required=True)
    name = TextField(80)
    status = choice("active", "revoked", default="active")


class SecondFactorSchema(RecordSchema):
    """That a person has a second factor, or that it was reset. The secret is kept apart, and never synced."""

    user_id = IdField(required=True)
    status = choice("active", "reset", default="active")


class PasskeySchema(RecordSchema):
    """A passkey of a person. Its key and its counter are kept apart, and never synced."""

    user_id = IdField(required=True)
    name = TextField(80)
    status = choice("active", "suspended", "removed", default="active")


users = record_table("user_account", UserSchema, Index("uq_user_account_username", "username", unique=True))
devices = record_table("device", DeviceSchema, Index("ix_device_user_id", "user_id"))
second_factors = record_table(
    "second_factor", SecondFactorSchema, Index("uq_second_factor_user_id", "user_id", unique=True)
)
passkeys = record_table("passkey", PasskeySchema, Index("ix_passkey_user_id", "user_id"))
