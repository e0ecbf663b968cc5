"""Records read from their tables."""

from __future__ import annotations

import orjson
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, MetaData, String, Table

from sync.bulk import insert_rows
from sync.engine import Engine
from sync.lookup import bodies_of, rows_of

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
