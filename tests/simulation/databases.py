"""The databases of a run: every fifth seed lives on PostgreSQL, the others on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from server.schema import upgrade
from sync.database import Database
from tests.conftest import new_postgres, postgres_url

_TEMPLATE = "template_of_runs"


def is_on_postgresql(seed: int) -> bool:
    """Whether a seed's run lives on PostgreSQL."""
    return seed % 5 == 1


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own. Gives the address of the database that those of all runs are copied from."""
    server = new_postgres()
    try:
        address = postgres_url(server, _TEMPLATE)
        _on_server(address, f"CREATE DATABASE {_TEMPLATE}")
        template = Database(address)
        upgrade(template)
        template.engine.dispose()
        yield address
    finally:
        server.cleanup()


@contextmanager
def databases(template: str | None) -> Iterator[Callable[[], str] | None]:
    """Makes new databases from the template, and drops them at the end; None where there is no template."""
    names: list[str] = []

    def make() -> str:
        names.append(f"s{uuid4().hex}")
        _on_server(str(template), f"CREATE DATABASE {names[-1]} TEMPLATE {_TEMPLATE}")
        return make_url(str(template)).set(database=names[-1]).render_as_string(hide_password=False)

    yield make if template else None
    for name in names:
        _on_server(str(template), f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(address: str, statement: str) -> None:
    engine = create_engine(make_url(address).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
