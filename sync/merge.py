"""Merging an update into a record: a compare-and-set per field. No clock decides, no writer is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.canonical import same
from sync.change import Record
from sync.errors import Conflict, Refused


def merge(record: Mapping[str, Any], fields: Record, base: Record, defaults: Mapping[str, Any]) -> Record:
    """The fields of `record` that the update really changes.

    Where the record still has the base value, the new value is set; where it already has the new value there is
    nothing to do; otherwise the field is in conflict. Raises Conflict naming every such field, and Refused where a
    field comes without its base. A base of null stands for the field's default (a phone leaves empty fields out).
    """
    missing = {name: ["base_missing"] for name in fields if name not in base}
    if missing:
        raise Refused("base_missing", missing)
    changed = {name: value for name, value in fields.items() if not same(record[name], value)}
    stale = [name for name in changed if not _seen(record[name], base[name], defaults.get(name))]
    if stale:
        raise Conflict(record, stale)
    return changed


def _seen(current: Any, base: Any, default: Any) -> bool:
    return same(current, base) or (base is None and same(current, default))
