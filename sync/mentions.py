"""Which records hold a value in a list: looked up, and made anew from the records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, delete, select

from sync.bulk import insert_rows
from sync.entity import Registry
from sync.tables import mention


def holders(connection: Connection, entity: str, field: str, values: Collection[str]) -> dict[str, set[str]]:
    """For each of the values the ids of the records whose list holds it."""
    found: dict[str, set[str]] = {value: set() for value in values}
    wanted = (mention.c.entity == entity) & (mention.c.field == field) & mention.c.value.in_(sorted(found))
    for row in connection.execute(select(mention.c.value, mention.c.record_id).where(wanted)):
        found[row.value].add(row.record_id)
    return found


def texts_in(values: Iterable[Any]) -> set[str]:
    """The members of a list by which its record can be found: texts, of at most 64 characters."""
    return {value for value in values if isinstance(value, str)}


def rebuild(connection: Connection, registry: Registry) -> None:
    """Make all mentions anew, after the records came from elsewhere than a transaction."""
    connection.execute(delete(mention))
    for name, entity in registry.entities.items():
        for field in entity.lists:
            rows = connection.execute(select(entity.table.c.id, entity.table.c[field])).all()
            about = {"entity": name, "field": field}
            held = [
                about | {"record_id": record_id, "value": value}
                for record_id, values in rows
                for value in texts_in(values)
            ]
            insert_rows(connection, mention, held)
