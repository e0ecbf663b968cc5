"""The databases that figures are taken on, and the machine."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import new_postgres, postgres_url


def on_both(measure: Callable[[Path, str], dict[str, str]]) -> dict[str, dict[str, str]]:
    """The figures of SQLite and of PostgreSQL, taken one after the other; each measured in a data folder of its own."""
    with tempfile.TemporaryDirectory() as folder, postgres() as url:
        return {
            "SQLite": measure(Path(folder) / "a", f"sqlite:///{folder}/bench.db"),
            "PostgreSQL": measure(Path(folder) / "b", url),
        }


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a new PostgreSQL, which is gone afterwards."""
    server = new_postgres()
    try:
        yield postgres_url(server, "postgres")
    finally:
        server.cleanup()


def machine() -> str:
    """What the figures were taken on, and how busy it was, in a line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, load {load}"
