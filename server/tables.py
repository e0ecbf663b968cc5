"""Every table of the server, by importing each module that declares one."""

from __future__ import annotations

from server import domain
from server.accounts import attempts, challenges, credentials, passkeys, recovery_codes, second_factor, tokens
from server.attachments import records
from server.notices import push_key
from sync.tables import metadata

__all__ = [
    "attempts",
    "challenges",
    "credentials",
    "domain",
    "metadata",
    "passkeys",
    "push_key",
    "records",
    "recovery_codes",
    "second_factor",
    "tokens",
]
