"""The engine on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.engine import Engine
from tests.sync.domain import small_engine


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = small_engine(empty_database_url)
    yield engine
    engine.database.engine.dispose()
