"""Reading records from their tables, by id or by the values of fields.

Many values travel as one, a JSON text. So a statement is the same, and known to the database, however many are asked
for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    Text,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    select,
)

from sync.change import Record

_PAGE = 500


def rows_of(connection: Connection, table: Table, ids: Collection[str], *, lock: bool = False) -> list[Record]:
    """The records with these ids; with `lock`, held until the transaction ends."""
    # Note: in the order of the ids, so that two who lock some of the same never wait for each other in a circle.
    query = _by_any(table, "id", lock, is_sqlite(connection))
    return _records(connection, table, query, given(ids))


def bodies_of(connection: Connection, table: Table, ids: Collection[str]) -> Sequence[Any]:
    """The ids, versions and JSON of the records with these ids. The database itself writes the JSON."""
    return connection.execute(_as_json(table, is_sqlite(connection)), given(ids)).all()


def rows_any(connection: Connection, table: Table, field: str, values: Collection[Any]) -> list[Record]:
    """The records whose field has one of the values."""
    return _records(connection, table, _by_any(table, field, False, is_sqlite(connection)), given(values))


def rows_equal(connection: Connection, table: Table, names: tuple[str, ...], values: tuple[Any, ...]) -> list[Record]:
    """The records whose fields `names` have these values, in the order of the ids."""
    nulls = tuple(name for name, value in zip(names, values, strict=True) if value is None)
    given = {f"is_{name}": value for name, value in zip(names, values, strict=True) if value is not None}
    return _records(connection, table, _by_equal(table, names, nulls), given)


def pages(connection: Connection, table: Table) -> Iterator[list[Record]]:
    """All records, some hundreds at a time, in the order of the ids."""
    last = ""
    while page := _records(connection, table, _after(table), {"last": last}):
        yield page
        last = page[-1]["id"]


def _records(connection: Connection, table: Table, query: Select[Any], given: dict[str, Any]) -> list[Record]:
    names = _columns(table)
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query, given).all()]


def is_sqlite(connection: Connection) -> bool:
    """Whether the statement is for SQLite."""
    return connection.dialect.name == "sqlite"


def given(values: Collection[Any]) -> dict[str, Any]:
    """The parameter of a statement with `is_any` in it."""
    return {"wanted": orjson.dumps(list(values)).decode()}


def is_any(field: ColumnElement[Any], sqlite: bool) -> ColumnElement[bool]:
    """Whether the field has one of the values that `given` gives."""
    if sqlite:
        members = func.json_each(bindparam("wanted", type_=String)).table_valued(column("value"))
        return field.in_(select(members.c.value))
    # Note: not as an array of the driver's, which looks at each value for what it must escape.
    member = func.json_array_elements_text(cast(bindparam("wanted", type_=Text), JSON)).column_valued()
    # Note: a text is taken at its full length, for a cast to the column's would cut it and find what it begins with.
    kind = String() if isinstance(field.type, String) else field.type
    return field == any_(func.array(select(cast(member, kind)).scalar_subquery()))


@cache
def _columns(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns)


@cache
def _as_json(table: Table, sqlite: bool) -> Select[Any]:
    body = _json_object(table) if sqlite else cast(func.row_to_json(table.table_valued()), Text)
    return select(table.c.id, table.c.version, body).where(is_any(table.c.id, sqlite))


def _json_object(table: Table) -> ColumnElement[str]:
    """What `row_to_json` is to PostgreSQL. SQLite keeps JSON as text, and true as 1."""
    pairs: list[ColumnElement[Any]] = []
    for field in table.columns:
        value: ColumnElement[Any] = field
        if isinstance(field.type, JSON):
            value = func.json(cast(field, Text))
        elif isinstance(field.type, Boolean):
            value = func.json(case((field.is_(None), "null"), (field, "true"), else_="false"))
        pairs += [literal(field.name), value]
    return func.json_object(*pairs, type_=Text)


@cache
def _after(table: Table) -> Select[Any]:
    return select(table).where(table.c.id > bindparam("last", type_=String)).order_by(table.c.id).limit(_PAGE)


@cache
def _by_any(table: Table, field: str, lock: bool, sqlite: bool) -> Select[Any]:
    query = select(table).where(is_any(table.c[field], sqlite)).order_by(table.c.id)
    return query.with_for_update() if lock else query


@cache
def _by_equal(table: Table, names: tuple[str, ...], nulls: tuple[str, ...]) -> Select[Any]:
    tests = (
        table.c[name].is_(None) if name in nulls else table.c[name] == bindparam(f"is_{name}", type_=table.c[name].type)
        for name in names
    )
    return select(table).where(*tests).order_by(table.c.id)
