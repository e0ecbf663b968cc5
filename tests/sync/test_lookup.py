"""Records read from their tables."""

from __future__ import annotations

import orjson
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, MetaData, String, Table

from sync.bulk import insert_rows
from sync.engine import Engine
from sync.lookup import bodies_of, rows_any, rows_of

things = Table(
    "thing",
    MetaData(),
    Column("id", String(36), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("text", String(200)),
    Column("count", BigInteger),
    Column("is_good", Boolean),
    Column("parts", JSON(none_as_null=True)),
)


def test_what_is_looked_for_is_found_by_its_whole_value_and_type(engine: Engine) -> None:
    given = [
        {"id": "x" * 36, "version": 1, "text": "泵's \"\\{}, 😀", "count": 2**62, "is_good": True, "parts": None},
        {"id": "other", "version": 1, "text": None, "count": None, "is_good": None, "parts": None},
    ]
    with engine.database.write() as connection:
        things.create(connection)
        insert_rows(connection, things, given)
        assert rows_of(connection, things, ["x" * 36, "nobody"]) == given[:1]
        assert rows_of(connection, things, ["x" * 37]) == [], "it is not cut to the column's length"
        assert rows_any(connection, things, "text", [given[0]["text"], None, "泵"]) == given[:1]
        assert rows_any(connection, things, "count", [2**62, -1]) == given[:1]
        assert rows_any(connection, things, "is_good", [True]) == given[:1]
        assert rows_any(connection, things, "text", []) == []


def test_the_json_that_the_database_writes_is_the_record(engine: Engine) -> None:
    nested = {"lat": -30.25, "tiny": 1e-7, "big": 2**53, "ok": True, "none": None, "名": ['a"b\\', "\n\u2028", {}]}
    rows = [
        {"text": 'say "泵" \\ \t\n\r\x01\x7f\u2028😀 </script>', "count": 2**62, "is_good": True, "parts": nested},
        {"text": "", "count": -1, "is_good": False, "parts": []},
        {"text": None, "count": None, "is_good": None, "parts": None},
    ]
    given = [{"id": str(place), "version": place + 1, **row} for place, row in enumerate(rows)]
    with engine.database.write() as connection:
        things.create(connection)
        insert_rows(connection, things, given)
        ids = [row["id"] for row in given]
        assert rows_of(connection, things, ids) == given
        bodies = sorted(tuple(row) for row in bodies_of(connection, things, ids))
    assert [(key, version, orjson.loads(body)) for key, version, body in bodies] == [
        (row["id"], row["version"], row) for row in given
    ]
    assert [list(orjson.loads(body)) for _, _, body in bodies] == [list(row) for row in given]
