"""A whole server on each kind of database: its engine, its application, and its people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server.app import create_app
from server.config import Config, from_environment
from server.schema import upgrade
from server.services import Services, build
from sync.engine import Engine
from tests.server.desk import Desk, desks_of
from tests.server.world import World


@pytest.fixture
def config(empty_database_url: str, tmp_path: Path) -> Config:
    return from_environment(
        {
            "FIELDCLAIM_DATA": str(tmp_path / "data"),
            "FIELDCLAIM_DATABASE_URL": empty_database_url,
            "FIELDCLAIM_SECRET_KEY": "k" * 40,
            "FIELDCLAIM_COMPANY_NAME": "Northern Pumps Co.",
            "FIELDCLAIM_COMPANY_TAX_ID": "91110000802100433B",
        }
    )


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    services = build(config)
    upgrade(services.engine.database)
    app = create_app(config)
    yield app
    for each in (services, app.extensions["fieldclaim"]):
        each.engine.database.engine.dispose()


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
