"""Reading records from their tables, by id or by the values of fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Select, Table, Text, bindparam, cast, select

from sync.change import Record

_MOST_VALUES = 10_000


def rows_of(connection: Connection, table: Table, ids: Collection[str], *, lock: bool = False) -> list[Record]:
    """The records with these ids; with `lock`, held until the transaction ends."""
    return _in_parts(connection, table, _by_any(table, "id", lock), ids)


def bodies_of(connection: Connection, table: Table, ids: Collection[str]) -> Iterator[tuple[str, int, bytes]]:
    """The ids, versions and JSON of the records with these ids. What the table keeps as JSON goes out so."""
    names, at = _columns(table), _json_places(table)
    for values in connection.execute(_as_text(table), {"wanted": list(ids)}).all():
        record = dict(zip(names, values, strict=True))
        for name in at:
            if record[name] is not None:
                record[name] = orjson.Fragment(record[name])
        yield record["id"], record["version"], orjson.dumps(record)


def rows_any(connection: Connection, table: Table, field: str, values: Collection[Any]) -> list[Record]:
    """The records whose field has one of the values."""
    return _in_parts(connection, table, _by_any(table, field, False), values)


def rows_equal(connection: Connection, table: Table, names: tuple[str, ...], values: tuple[Any, ...]) -> list[Record]:
    """The records whose fields `names` have these values, in the order of the ids."""
    nulls = tuple(name for name, value in zip(names, values, strict=True) if value is None)
    given = {f"is_{name}": value for name, value in zip(names, values, strict=True) if value is not None}
    return _records(connection, table, _by_equal(table, names, nulls), given)


def _in_parts(connection: Connection, table: Table, query: Select[Any], values: Collection[Any]) -> list[Record]:
    # Note: a statement has room for so many. Sorted, so that two who lock them never wait for each other in a circle.
    ordered = sorted(values)
    parts = (ordered[start : start + _MOST_VALUES] for start in range(0, len(ordered), _MOST_VALUES))
    return [record for part in parts for record in _records(connection, table, query, {"wanted": part})]


def _records(connection: Connection, table: Table, query: Select[Any], given: dict[str, Any]) -> list[Record]:
    names = _columns(table)
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query, given).all()]


@cache
def _columns(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns)


@cache
def _json_places(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns if isinstance(column.type, JSON))


@cache
def _as_text(table: Table) -> Select[Any]:
    columns = [cast(column, Text) if isinstance(column.type, JSON) else column for column in table.columns]
    return select(*columns).where(table.c.id.in_(bindparam("wanted", expanding=True)))


@cache
def _by_any(table: Table, field: str, lock: bool) -> Select[Any]:
    query = select(table).where(table.c[field].in_(bindparam("wanted", expanding=True))).order_by(table.c.id)
    return query.with_for_update() if lock else query


@cache
def _by_equal(table: Table, names: tuple[str, ...], nulls: tuple[str, ...]) -> Select[Any]:
    tests = (
        table.c[name].is_(None) if name in nulls else table.c[name] == bindparam(f"is_{name}", type_=table.c[name].type)
        for name in names
    )
    return select(table).where(*tests).order_by(table.c.id)
