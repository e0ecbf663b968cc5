"""The engine's refusals. Each has a stable code; whoever shows it words it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FieldErrors = Mapping[str, list[str]]


class Refused(Exception):
    """A change that may not be applied.

    `code` is stable and meant for programs, `errors` maps field names to lists of codes, `params` fills the
    sentence that a person reads.
    """

    status = "rejected"

    def __init__(self, code: str, errors: FieldErrors | None = None, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.errors: dict[str, list[str]] = dict(errors or {})
        self.params: dict[str, Any] = dict(params or {})


class Held(Refused):
    """A change that waits for another one: nothing is wrong with it, but what it builds on is not here."""

    status = "held"


class Conflict(Refused):
    """Fields of the record are no longer what the person saw. `record` is what the server has."""

    status = "conflict"

    def __init__(self, record: Mapping[str, Any], fields: list[str]) -> None:
        super().__init__("conflict", params={"fields": fields})
        self.record = dict(record)


class CursorUnknown(Exception):
    """The cursor is from another epoch, another scope, or not one of ours: pull from zero."""


class EngineMisconfigured(Exception):
    """The database is not set up in a way that keeps acknowledged work safe; the server must not start."""


class StorageBroken(Exception):
    """The disk failed while a commit was being written: this process writes nothing more until it is started again."""
