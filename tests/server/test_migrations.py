"""Every migration goes down and up again on both databases with data in it; what both forms hold stays."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Integer, MetaData, Table, insert, select

from server import demo, schema
from server.schema import is_current
from server.services import Services
from sync.database import Database
from sync.errors import CursorUnknown
from tests.server.api import give_password
from tests.server.world import World, digital_number

Rows = list[tuple[Any, ...]]
Held = dict[str, tuple[list[str], Rows]]


def test_every_migration_goes_down_and_up_with_data_in_it(services: Services, world: World) -> None:
    trip = world.trip()
    world.report(trip)
    receipt, tool = world.receipt(trip), world.receipt(trip, category="tool")
    world.stock_in(world.tool(trip, tool))
    world.finish_readings()
    world.create(world.anna, "notice_choice", push_kinds=["claim_paid"], quiet_from="22:00", quiet_until="07:00")
    world.limit("allowance_day", 10000)
    days = {"issued_on": trip["stops"][0]["arrive_on"], "allowance_until": trip["stops"][0]["leave_on"]}
    daily = world.create(world.anna, "receipt", trip_id=trip["id"], category="allowance", amount_minor=0, **days)
    claim = world.claim(trip, receipt, tool, daily)
    give_password(services, world.anna)
    assert world.lines(claim)
    go_down_and_up(services.engine.database)


def test_what_was_handed_in_before_the_update_is_known_again(services: Services, world: World) -> None:
    trip = world.trip()
    number = digital_number("33")
    world.claim(trip, world.receipt(trip, category="meal", number=number, seller_name=" Noodle  house"))
    world.receipt(trip)
    before = held(services.engine.database)["handed_in_sign"]
    assert len(before[1]) == 3
    move(services.engine.database, "0022")
    move(services.engine.database, "head")
    now = held(services.engine.database)["handed_in_sign"]
    assert (now[0], sorted(now[1])) == (before[0], sorted(before[1]))


def test_phones_read_all_again_after_an_upgrade_that_gave_their_records_other_fields(
    services: Services, world: World
) -> None:
    world.receipt(world.trip())
    engine = services.engine
    cursor = engine.pull(world.anna, None, 100).cursor.encode()
    move(engine.database, "0022")
    schema.upgrade(engine.database, "0026")
    move(engine.database, "head")
    assert not engine.pull(world.anna, cursor, 100).items, "no record was changed by that: they go on"
    move(engine.database, "0021")
    schema.upgrade(engine.database)
    with pytest.raises(CursorUnknown):
        engine.pull(world.anna, cursor, 100)
    fresh = engine.pull(world.anna, None, 100)
    assert any(item.record and "handed_in_as" in item.record for item in fresh.items)
    schema.upgrade(engine.database)
    assert not engine.pull(world.anna, fresh.cursor.encode(), 100).items


@pytest.mark.long
def test_every_migration_goes_down_and_up_with_the_demo_company_in_it(services: Services) -> None:
    demo.fill(services)
    go_down_and_up(services.engine.database)


def go_down_and_up(database: Database) -> None:
    """Step by step down, and step by step up again: what the two forms of a step share is the same on both ways.

    No table is empty before a step: one that the engine did not fill, or that a step up has made, gets plain rows.
    """
    script = ScriptDirectory.from_config(schema._config())
    newest_first = [each.revision for each in script.walk_revisions()]
    before = at_first = now = fill_empty_tables(database, held(database))
    for newer, older in pairwise(newest_first):
        assert empty_tables(before) == [], f"{newer} goes down with data in every table"
        move(database, older)
        now = held(database)
        assert common(before, now) == common(now, before), f"{newer} loses data on its way down"
        before = now
    lowest = now
    for older, newer in pairwise(reversed(newest_first)):
        before = fill_empty_tables(database, now)
        assert empty_tables(before) == [], f"{newer} comes with data in every table"
        move(database, newer)
        now = held(database)
        assert common(now, before) == common(before, now), f"{newer} loses data on its way up from {older}"
    assert {name: len(now[name][1]) for name in lowest} == {name: len(at_first[name][1]) for name in lowest}
    assert is_current(database)


def empty_tables(of: Held) -> list[str]:
    return sorted(name for name, (_, rows) in of.items() if not rows)


def fill_empty_tables(database: Database, of: Held) -> Held:
    """Two plain rows in every table that has none, with a value in each of its columns. Gives what is held then."""
    empty = empty_tables(of)
    if not empty:
        return of
    with database.write() as connection:
        for table in tables_in(connection, empty):
            rows = [{column.name: plain(column, number) for column in table.columns} for number in (1, 2)]
            connection.execute(insert(table), rows)
        return of | rows_of(connection, empty)


def plain(column: Column[Any], number: int) -> Any:
    """A value that the column takes; no two texts are the same."""
    if isinstance(column.type, JSON):
        return [f"plain {number}"]
    if isinstance(column.type, Boolean):
        return number == 1
    if isinstance(column.type, BigInteger | Integer):
        return number
    return uuid4().hex[: getattr(column.type, "length", None)]


def move(database: Database, revision: str) -> None:
    """Bring the tables to a revision, wherever they stand."""
    config = schema._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        order = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
        wanted = order[0] if revision == "head" else revision
        here = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        (command.upgrade if order.index(wanted) < order.index(here) else command.downgrade)(config, wanted)


def held(database: Database) -> Held:
    """Every row of every table, by its columns."""
    with database.read() as connection:
        rows = rows_of(connection)
    return rows | {"sync_feed": by_role(*rows["sync_feed"]), "sync_meta": without_audiences(*rows["sync_meta"])}


def rows_of(connection: Connection, only: Collection[str] | None = None) -> Held:
    """The rows of those tables, or of all, as they are now."""
    return {
        table.name: (sorted(table.c.keys()), [tuple(row) for row in connection.execute(columns_of(table))])
        for table in tables_in(connection, only)
    }


def tables_in(connection: Connection, only: Collection[str] | None = None) -> list[Table]:
    """The tables as they are now, but for the one that says which revision they are of."""
    found = MetaData()
    found.reflect(connection, only=only)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def by_role(columns: list[str], rows: Rows) -> tuple[list[str], Rows]:
    """The feed with a row for each role, as it was before roles shared one."""
    place, present = columns.index("bucket"), columns.index("present")
    single = {
        (*row[:place], f"{kind}:{name}", *row[place + 1 :])
        for row in rows
        for kind, _, names in [row[place].partition(":")]
        for name in names.split(",")
    }
    # Note: a role may have lost a record together with some roles, and have it together with others.
    there = {row[:present] + row[present + 1 :] for row in single if row[present]}
    return columns, [row for row in single if row[present] or row[:present] + row[present + 1 :] not in there]


def without_audiences(columns: list[str], rows: Rows) -> tuple[list[str], Rows]:
    """The server's facts but for which roles share a row of the feed."""
    return columns, [row for row in rows if row[columns.index("key")] != "audiences"]


def columns_of(table: Any) -> Any:
    return select(*(table.c[name] for name in sorted(table.c.keys())))


def common(of: Held, other: Held) -> dict[str, Rows]:
    """What one form holds in the tables and columns that the other has, too."""
    shared: dict[str, Rows] = {}
    for name in set(of) & set(other):
        columns, rows = of[name]
        places = [place for place, column in enumerate(columns) if column in other[name][0]]
        shared[name] = sorted((tuple(row[place] for place in places) for row in rows), key=repr)
    return shared
