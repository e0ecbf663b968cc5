"""A SQLite database with all tables and no records, to be copied: the way through all migrations takes a second."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from server.schema import upgrade
from sync.database import Database

NAME = "fieldclaim.db"


def copy_template(folder: Path) -> Path:
    """Put a copy into a folder. Gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(_template(), folder / NAME))


def migrate(url: str) -> None:
    """Give a database its tables."""
    database = Database(url)
    upgrade(database)
    database.engine.dispose()


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fieldclaim-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    migrate(f"sqlite:///{folder / NAME}")
    return folder / NAME
