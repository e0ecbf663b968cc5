"""The server's disk is full, or fails (D3 of our bar): clear refusals, nothing torn, and never a false "saved"."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sync.database import Database
from tests.conftest import new_postgres, on_server, postgres_url
from tests.e2e.running import RunningServer
from tests.faults import devices
from tests.faults.conftest import MakeServer
from tests.faults.small_disk import SmallDisk, small_disk
from tests.faults.whole_server import WholeServer
from tests.server.attachments.files import PART, UPLOADS, opening, picture


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(megabytes=4) as made:
        print(f"the disk: {made.means}")
        yield made


def test_a_full_disk_is_said_clearly_and_everything_goes_on_when_there_is_room(disk: SmallDisk, seed: int) -> None:
    server = RunningServer(disk.folder / "data")
    server.start()
    try:
        crowd = devices.crowd(server, seed, count=3)
        for device in crowd:
            device.padding = 900
        devices.start(crowd)
        wait_for_refusals(crowd, 12)
        assert refused_photo(crowd[0]) == (507, "storage_full")
        assert crowd[0].ask("GET", "/api/sync/pull").status == 200, "what was saved can still be read"
        disk.make_room()
        before = sum(len(device.acknowledged) for device in crowd)
        wait_for_progress(crowd, before + 20)
        devices.finish(crowd)
        assert refused_photo(crowd[0]) is None
        assert {key for device in crowd for key in device.refusals} == {(507, "storage_full", "60")}
        assert sum(device.unknown for device in crowd) == 0
        assert devices.check(server, crowd) > before
    finally:
        server.kill()
        server.engine.database.engine.dispose()


@pytest.fixture
def url_on_small_disk() -> Iterator[tuple[str, SmallDisk]]:
    """A PostgreSQL of its own, with the tables of a database on a small disk and its log elsewhere."""
    with small_disk(megabytes=40) as disk:
        print(f"the disk: {disk.means}")
        postgres = new_postgres()
        owner = Path(str(postgres.pgdata)).stat()
        tables = disk.folder / "tables"
        tables.mkdir()
        disk.folder.chmod(0o755)
        os.chown(tables, owner.st_uid, owner.st_gid)
        on_server(postgres, f"CREATE TABLESPACE small LOCATION '{tables}'")
        on_server(postgres, "CREATE DATABASE filled TABLESPACE small")
        yield postgres_url(postgres, "filled"), disk
        postgres.cleanup()


@pytest.mark.long
def test_a_full_disk_of_postgresql_is_said_as_clearly(
    url_on_small_disk: tuple[str, SmallDisk], seed: int, tmp_path: Path
) -> None:
    url, disk = url_on_small_disk
    server = RunningServer(tmp_path / "data", database_url=url)
    server.start()
    try:
        crowd = devices.crowd(server, seed, count=3)
        for device in crowd:
            device.padding = 900
        fill = disk.folder / "fill"
        with fill.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk.folder).free - 2**20)
        devices.start(crowd)
        wait_for_refusals(crowd, 12)
        assert crowd[0].ask("GET", "/api/sync/pull").status == 200, "what was saved can still be read"
        fill.unlink()
        before = sum(len(device.acknowledged) for device in crowd)
        wait_for_progress(crowd, before + 20)
        devices.finish(crowd)
        assert {key for device in crowd for key in device.refusals} == {(507, "storage_full", "60")}
        assert sum(device.unknown for device in crowd) == 0
        assert devices.check(server, crowd) > before
    finally:
        server.kill()
        server.engine.database.engine.dispose()


def test_a_database_that_is_opened_on_a_full_disk_is_no_broken_one(disk: SmallDisk) -> None:
    url = f"sqlite:///{disk.folder / 'opened.db'}"
    first = Database(url)
    with first.write() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT)"))
    first.engine.dispose()
    fill = disk.folder / "fill"
    with suppress(OSError), fill.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1024)
    database = Database(url)
    with suppress(DBAPIError), database.read() as connection:
        connection.execute(text("SELECT * FROM note"))
    fill.unlink()
    with database.write() as connection:
        connection.execute(text("INSERT INTO note VALUES ('kept')"))
    database.engine.dispose()


@pytest.mark.long
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("call", "first"), [("fdatasync,fsync", 50), ("pwrite64", 300)])
def test_after_the_disk_has_failed_nothing_is_acknowledged_until_a_restart(
    new_server: MakeServer, seed: int, call: str, first: int
) -> None:
    """EIO by strace on some of a thread's calls, from the `first` on."""
    assert shutil.which("strace"), "install strace to run this test"
    fault = f"inject={call}:error=EIO:when={first}..{first + 20}"
    server = new_server(WholeServer, wrapper=["strace", "-f", "-qq", "-o", "/dev/null", "-e", fault])
    server.start()
    crowd = devices.crowd(server, seed, count=3)
    devices.start(crowd)
    wait_for_refusals(crowd, 3, seconds=120)
    time.sleep(0.5)  # answers that were on their way
    acknowledged = sum(len(device.acknowledged) for device in crowd)
    time.sleep(2)
    assert sum(len(device.acknowledged) for device in crowd) == acknowledged
    assert crowd[0].ask("GET", "/readyz").status == 503
    assert crowd[0].ask("GET", "/api/sync/pull").status == 200
    assert {key for device in crowd for key in device.refusals} == {(503, "storage_broken", "60")}
    server.kill()
    server.wrapper = []
    server.start()
    devices.finish(crowd)
    assert devices.check(server, crowd) > acknowledged


def wait_for_refusals(crowd: list[devices.Device], count: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while sum(sum(device.refusals.values()) for device in crowd) < count:
        assert time.monotonic() < until, "the fault never came"
        time.sleep(0.02)


def wait_for_progress(crowd: list[devices.Device], count: int) -> None:
    until = time.monotonic() + 60
    while sum(len(device.acknowledged) for device in crowd) < count:
        assert time.monotonic() < until, "it never went on"
        time.sleep(0.02)


def refused_photo(device: devices.Device) -> tuple[int, str] | None:
    """Send a photo by tus. Gives how it was refused."""
    data = picture(2500)
    address = f"http://127.0.0.1:{device.port}"
    token = {"Authorization": f"Bearer {device.token}"}
    answer = requests.post(address + UPLOADS, headers=opening(data) | token, timeout=60)
    if answer.ok:
        part = PART | {"Upload-Offset": "0"} | token
        answer = requests.patch(address + answer.headers["Location"], data=data, headers=part, timeout=60)
    return None if answer.ok else (answer.status_code, answer.json()["code"])
