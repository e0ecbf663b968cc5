"""A change: what one person did to one record, as a phone or a page sends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Literal, cast

from uuid6 import uuid7

from sync.canonical import canonical, digest
from sync.errors import Refused

Op = Literal["create", "update", "delete"]
Record = dict[str, Any]

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_KEYS = {"change_id", "entity", "record_id", "op", "fields", "base", "base_version", "made_at", "schema"}


@dataclass(slots=True)
class Change:
    """One change to one record. Nobody alters it.

    `fields` holds what changed; `base` the values of the same fields that the person saw before (update only);
    `base_version` the version of the record then. `made_at` is the device's clock: evidence, never used to decide.
    """

    change_id: str
    entity: str
    record_id: str
    op: Op
    fields: Record = field(default_factory=dict)
    base: Record = field(default_factory=dict)
    base_version: int | None = None
    made_at: str = ""

    def digest(self) -> str:
        """SHA-256 over the whole change: the same id with another content is not the same change."""
        return digest(canonical([self.entity, self.record_id, self.op, self.fields, self.base]))


def new_id() -> str:
    """A fresh UUIDv7."""
    return str(uuid7())


def is_id(value: object) -> bool:
    """Whether the value is a UUIDv7 in its usual lower-case form."""
    return isinstance(value, str) and _UUID7.fullmatch(value) is not None


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-24T08:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_change(raw: object) -> Change:
    """Read a change that came from outside. Raises Refused("bad_change") naming what is wrong with it."""
    if not isinstance(raw, dict):
        raise Refused("bad_change")
    errors = {} if raw.keys() <= _KEYS else {key: ["unknown_field"] for key in raw if key not in _KEYS}
    for key in ("change_id", "record_id"):
        if not is_id(raw.get(key)):
            errors[key] = ["bad_format"]
    if not isinstance(raw.get("entity"), str):
        errors["entity"] = ["bad_type"]
    if raw.get("op") not in ("create", "update", "delete"):
        errors["op"] = ["not_a_choice"]
    _note_bad_values(raw, errors)
    if errors:
        raise Refused("bad_change", {str(key)[:64]: codes for key, codes in errors.items()})
    return Change(
        change_id=raw["change_id"],
        entity=raw["entity"],
        record_id=raw["record_id"],
        op=cast(Op, raw["op"]),
        fields=dict(raw.get("fields") or {}),
        base=dict(raw.get("base") or {}),
        base_version=raw.get("base_version"),
        made_at=raw.get("made_at") or "",
    )


def _note_bad_values(raw: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    for key in ("fields", "base"):
        value = raw.get(key)
        if value is not None and not isinstance(value, dict):
            errors[key] = ["bad_type"]
        elif value is not None and not is_storable(value):
            errors[key] = ["bad_format"]
    version = raw.get("base_version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        errors["base_version"] = ["bad_type"]
    made_at = raw.get("made_at")
    if made_at is not None and not (isinstance(made_at, str) and _INSTANT.fullmatch(made_at)):
        errors["made_at"] = ["bad_format"]


def is_storable(value: object) -> bool:
    """Whether a database can keep the value: no NUL characters, no halves of surrogate pairs, no NaN, not too deep."""
    try:
        text = canonical(value)
    except (TypeError, ValueError):
        return False
    # Note: in JSON a NUL is written so, and NaN as null; only then is it worth looking at each value.
    return ("\\u0000" not in text and "null" not in text) or not _has_nul_or_nan(value)


def _has_nul_or_nan(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, float):
        return not isfinite(value)
    if isinstance(value, Mapping):
        return any(_has_nul_or_nan(key) or _has_nul_or_nan(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_nul_or_nan(item) for item in value)
