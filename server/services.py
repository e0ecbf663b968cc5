"""What a request needs of the server: the engine, the settings, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from zoneinfo import ZoneInfo

from flask import current_app, g
from sqlalchemy import Connection

from server.attachments.store import FileStore
from server.claims.settings import Company
from server.claims.working_days import read_own_days
from server.config import Config
from server.domain import registry
from sync.database import Database
from sync.engine import Engine

P = ParamSpec("P")
R = TypeVar("R")
_KEY = "fieldclaim"


@dataclass(frozen=True)
class Services:
    """The parts of one running server."""

    config: Config
    engine: Engine
    files: FileStore

    def today(self) -> date:
        """The company's calendar date."""
        return self.engine.clock().astimezone(ZoneInfo(self.config.time_zone)).date()


def build(config: Config) -> Services:
    """Connect the parts. Raises EngineMisconfigured where the database would lose acknowledged work."""
    database = Database(config.database_url)
    database.check()
    own_days = read_own_days(config.data)
    company = Company(
        config.company_name,
        config.company_tax_id,
        config.time_zone,
        config.waiver_days,
        config.waiver_answer_days,
        own_days,
    )
    engine = Engine(database, registry(), is_replicated=config.is_replicated, settings=company)
    return Services(config, engine, FileStore(config.data / "files"))


def services() -> Services:
    """The services of the application that handles this request."""
    return cast(Services, current_app.extensions[_KEY])


def engine() -> Engine:
    """The engine of the application that handles this request."""
    return services().engine


def in_one_read(view: Callable[P, R]) -> Callable[P, R]:
    """All that the call reads by `reading` comes from one transaction: one state of the database, and asked at once."""

    @wraps(view)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with engine().database.read() as connection:
            g.reading = connection
            try:
                return view(*args, **kwargs)
            finally:
                del g.reading

    return call


@contextmanager
def reading() -> Iterator[Connection]:
    """The read of a call that is in one, else a read of its own."""
    if "reading" in g:
        yield g.reading
        return
    with engine().database.read() as connection:
        yield connection
