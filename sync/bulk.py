"""Many rows of one table in one statement: the cost of a write is that of its rows, not of its statements.

SQLite takes them one after the other inside the driver; PostgreSQL takes them as one JSON text in one round trip.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Column, Connection, Table, bindparam, text

from sync.lookup import is_sqlite

Row = Mapping[str, Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows that give every column. Raises IntegrityError where one is there already."""
    _execute(connection, table, rows, _insert(table, is_sqlite(connection)))


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows, or put them in the place of those with the same primary key."""
    _execute(connection, table, rows, _upsert(table, is_sqlite(connection)))


def update_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Put rows in the place of those with the same primary key."""
    if is_sqlite(connection):
        if rows:
            filled = _values([*_others(table), *table.primary_key], rows)
            connection.exec_driver_sql(_update(table, sqlite=True), filled)
        return
    _execute(connection, table, rows, _update(table, sqlite=False))


def delete_rows(connection: Connection, table: Table, ids: Collection[str]) -> None:
    """Take away the rows with these ids."""
    if ids:
        connection.execute(table.delete().where(table.c.id.in_(ids)))


def delete_keys(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Take away the rows with these primary keys."""
    if rows:
        keys = (table.c[column.name] == bindparam(f"key_{column.name}") for column in table.primary_key)
        given = [{f"key_{column.name}": row[column.name] for column in table.primary_key} for row in rows]
        connection.execute(table.delete().where(*keys), given)


def _execute(connection: Connection, table: Table, rows: Sequence[Row], statement: str) -> None:
    if not rows:
        return
    if is_sqlite(connection):
        connection.exec_driver_sql(statement, _values(list(table.columns), rows))
    else:
        connection.execute(_text(statement), {"rows": orjson.dumps([dict(row) for row in rows]).decode()})


def _values(columns: Sequence[Column[Any]], rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """The rows in the form in which SQLite's driver takes them: lists and objects as JSON text."""
    get = itemgetter(*(column.key for column in columns))
    at = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
    if not at:
        return [get(row) for row in rows]
    return [_with_json(list(get(row)), at) for row in rows]


def _with_json(values: list[Any], at: Iterable[int]) -> tuple[Any, ...]:
    for place in at:
        if values[place] is not None:
            values[place] = orjson.dumps(values[place]).decode()
    return tuple(values)


_text = cache(text)


def _others(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if not column.primary_key]


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


@cache
def _insert(table: Table, sqlite: bool) -> str:
    columns = _names(table.columns)
    if sqlite:
        places = ", ".join("?" for _ in table.columns)
        return f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'
    return f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM {_recordset(table)}'


@cache
def _upsert(table: Table, sqlite: bool) -> str:
    fresh = ", ".join(f'"{column.name}" = excluded."{column.name}"' for column in _others(table))
    return f"{_insert(table, sqlite)} ON CONFLICT ({_names(table.primary_key)}) DO UPDATE SET {fresh}"


@cache
def _update(table: Table, sqlite: bool) -> str:
    if sqlite:
        fresh = ", ".join(f'"{column.name}" = ?' for column in _others(table))
        place = " AND ".join(f'"{column.name}" = ?' for column in table.primary_key)
        return f'UPDATE "{table.name}" SET {fresh} WHERE {place}'
    fresh = ", ".join(f'"{column.name}" = fresh."{column.name}"' for column in _others(table))
    place = " AND ".join(f'"{table.name}"."{column.name}" = fresh."{column.name}"' for column in table.primary_key)
    return f'UPDATE "{table.name}" SET {fresh} FROM {_recordset(table)} AS fresh WHERE {place}'


def _recordset(table: Table) -> str:
    return f'json_populate_recordset(NULL::"{table.name}", CAST(:rows AS json))'
