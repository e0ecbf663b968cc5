"""A server restored from an older backup: nothing that a device still holds is lost, and nothing is doubled."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import MetaData, select
from werkzeug.serving import make_server

from server import schema
from server.app import create_app
from server.backup import BackupBroken, _add_bytes, _add_table, backup, check, restore
from server.config import Config, from_environment
from server.payments.reconciliation import RESTORED_AT
from server.schema import is_current
from server.services import Services, build
from sync import journal as journals
from sync.audit import verify
from sync.client import SyncClient, Unreachable
from sync.facts import read_fact
from sync.tables import journal
from tests.server.api import PASSWORD, give_password
from tests.server.test_migrations import Held, held, move
from tests.server.world import World, digital_number


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    """The application over real HTTP."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def another(tmp_path: Path, config: Config) -> Iterator[Callable[[], tuple[Config, Services]]]:
    """A second, empty server; it has the same key."""
    made: list[Services] = []

    def make() -> tuple[Config, Services]:
        folder = tmp_path / "restored"
        config_of = from_environment({"FIELDCLAIM_DATA": str(folder), "FIELDCLAIM_SECRET_KEY": config.secret_key})
        services = build(config_of)
        made.append(services)
        return config_of, services

    yield make
    for services in made:
        services.engine.database.engine.dispose()


def a_customer(world: World, name: str) -> None:
    world.create(world.dispatcher, "customer", name=name)


def test_phones_bring_back_what_the_backup_did_not_hold(
    app: Flask, services: Services, world: World, tmp_path: Path, another: Callable[[], tuple[Config, Services]]
) -> None:
    for person in (world.anna, world.bo):
        give_password(services, person)
    trips = {"anna": world.trip(), "bo": world.trip(world.bo)}
    phones: dict[str, SyncClient] = {}
    kept: dict[str, list[str]] = {"anna": [], "bo": []}

    def log(name: str) -> None:
        fields = {"trip_id": trips[name]["id"], "category": "meal", "amount_minor": 100, "issued_on": "2026-11-10"}
        kept[name].append(phones[name].create("receipt", fields))
        phones[name].sync()

    with served(app) as address:
        for name in phones.keys() | trips.keys():
            phones[name] = SyncClient(address, tmp_path / f"{name}.db")
            phones[name].log_in(name, PASSWORD)
            log(name)
        backup(services, tmp_path / "backup.tgz")
        for name in phones:
            log(name)
        phones["anna"].update("receipt", kept["anna"][0], {"note": "after the backup"})
        phones["anna"].sync()
    config_of, fresh = another()
    restore(fresh, tmp_path / "backup.tgz")
    with served(create_app(config_of)) as address:
        for name, phone in phones.items():
            phone.address = address
            phone.log_in(name, PASSWORD)
            phone.sync()
            phone.sync()
    restored = World(fresh.engine)
    for name, phone in phones.items():
        assert [item["id"] for item in phone.records("receipt")] == kept[name]
        assert phone.outbox() == []
        for receipt_id in kept[name]:
            assert restored.now("receipt", receipt_id)["technician_id"] == world.people[name].id
    assert restored.now("receipt", kept["anna"][0])["note"] == "after the backup"
    with fresh.engine.database.read() as connection:
        assert read_fact(connection, RESTORED_AT), "payments would go on without a comparison with the bank"
        ids = list(connection.execute(select(journal.c.change_id)).scalars())
        assert len(ids) == len(set(ids))
        assert verify(connection, fresh.engine.registry) is None
    assert fresh.engine.durability().epoch != services.engine.durability().epoch


def test_a_phone_forgets_only_what_a_backup_holds(app: Flask, services: Services, world: World, tmp_path: Path) -> None:
    give_password(services, world.anna)
    trip = world.trip()
    fields = {"trip_id": trip["id"], "category": "meal", "amount_minor": 100, "issued_on": "2026-11-10"}
    with served(app) as address:
        phone = SyncClient(address, tmp_path / "phone.db")
        phone.log_in("anna", PASSWORD)
        phone.create("receipt", fields)
        phone.sync()
        count = "SELECT count(*) FROM change"
        assert phone.store.execute(count).fetchone() == (1,)
        backup(services, tmp_path / "one.tgz")
        phone.create("receipt", fields)
        phone.sync()
        assert phone.store.execute(count).fetchone() == (1,), "the first is in the backup, the second is not"
    with pytest.raises(Unreachable):
        phone.sync()


def test_a_backup_holds_the_files_and_gives_them_back_whole(
    services: Services, world: World, tmp_path: Path, another: Callable[[], tuple[Config, Services]]
) -> None:
    data = b"%PDF-1.7 a receipt"
    sha256 = hashlib.sha256(data).hexdigest()
    part = services.files.part("x")
    part.write_bytes(data)
    services.files.keep(part, sha256)
    a_customer(world, "Qiantang Pumps")
    seq = backup(services, tmp_path / "backup.tgz")
    assert services.engine.durability().durable_seq == seq
    _, fresh = another()
    restore(fresh, tmp_path / "backup.tgz")
    assert fresh.files.is_whole(sha256)
    assert is_current(fresh.engine.database)


def test_a_server_that_holds_records_is_never_overwritten(services: Services, world: World, tmp_path: Path) -> None:
    a_customer(world, "Qiantang Pumps")
    backup(services, tmp_path / "backup.tgz")
    with pytest.raises(BackupBroken, match="already holds records"):
        restore(services, tmp_path / "backup.tgz")


def test_the_backup_of_an_older_version_is_brought_up_to_date_like_its_database(
    services: Services, world: World, another: Callable[[], tuple[Config, Services]], tmp_path: Path
) -> None:
    trip = world.trip()
    world.claim(trip, world.receipt(trip, category="meal", number=digital_number("33")))
    fields = {"user_id": world.bo.id, "holder_name": "Bo", "account_number": "62220001", "bank_name": "Bank of Tim"}
    world.create(world.finance, "bank_account", **fields)
    database, archive = services.engine.database, tmp_path / "older.tgz"
    move(database, "0019")
    old_backup(services, archive, "0019")
    schema.upgrade(database)
    wanted = held(database)
    _, restored = another()
    restore(restored, archive)
    found = held(restored.engine.database)
    assert is_current(restored.engine.database)
    assert [row["status"] for row in rows_of(found, "bank_account")] == ["unconfirmed"]
    for name in ("receipt", "claim_line", "bank_account", "handed_in_sign", "notice"):
        assert sorted(found[name][1], key=repr) == sorted(wanted[name][1], key=repr), name
    old_backup(services, tmp_path / "newer.tgz", "9999")
    with pytest.raises(BackupBroken, match="newer version"):
        restore(another()[1], tmp_path / "newer.tgz")


def rows_of(tables: Held, name: str) -> list[dict[str, Any]]:
    columns, rows = tables[name]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def old_backup(services: Services, target: Path, revision: str) -> None:
    """What `backup` writes, from the tables as they stand."""
    tables = MetaData()
    with services.engine.database.read() as connection, tarfile.open(target, "w:gz") as archive:
        tables.reflect(connection)
        kept = [table for table in tables.sorted_tables if table.name != "alembic_version"]
        counts = {table.name: _add_table(archive, connection, table) for table in kept}
        head = journals.head(connection)
        about = {"format": 1, "revision": revision, "seq": head.seq, "hash": head.hash, "rows": counts, "files": 0}
        _add_bytes(archive, "about.json", json.dumps(about).encode())


def test_a_damaged_backup_is_not_trusted(services: Services, world: World, tmp_path: Path) -> None:
    a_customer(world, "Qiantang Pumps")
    target = tmp_path / "backup.tgz"
    backup(services, target)
    data = target.read_bytes()
    for broken in (data[: len(data) // 2], b"not an archive", b""):
        target.write_bytes(broken)
        with pytest.raises(BackupBroken):
            check(target)
