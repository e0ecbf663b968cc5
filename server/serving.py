"""How the server is run: gunicorn, with what this application needs of it."""

from __future__ import annotations

from server.config import Config

THREADS = 76
"""Most of them wait for a place (`server.admission`): so fifty phones that come at once are let in one by one."""
KEEP_ALIVE_SECONDS = 75
"""How long a connection without a request stays open: a phone's next call then needs no new one."""
GRACE_SECONDS = 8
"""How long a request may still run when the server is told to end. What is cut off then, the phone sends again."""


def arguments(config: Config) -> list[str]:
    """What gunicorn is called with: one process for SQLite, as many as the settings say for PostgreSQL."""
    workers = 1 if config.database_url.startswith("sqlite") else config.workers
    return [
        "--bind",
        f"{config.host}:{config.port}",
        "--workers",
        str(workers),
        "--threads",
        str(THREADS),
        "--keep-alive",
        str(KEEP_ALIVE_SECONDS),
        "--graceful-timeout",
        str(GRACE_SECONDS),
        "--no-control-socket",
        "server.wsgi:app",
    ]
