"""How many requests of one kind a process works on at once: slow uploads never take the places of changes.

A request that finds no place is told at once when to come again; it has not been read, and nothing of it was done.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from server import health
from server.problems import PROTOCOL, Problem
from server.serving import THREADS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PLACES = {"attachments": THREADS // 2, "changes": THREADS - 2}
"""Places in each lane, of a process's threads. The rest is for pages, for signing in, and for whoever watches."""
_LONGEST_WAIT = 4


class Admission:
    """WSGI middleware that lets a request into its lane, or answers 503 with a `Retry-After` of a few seconds."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.lanes = {name: BoundedSemaphore(places) for name, places in PLACES.items()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = _lane(environ)
        if name is None:
            return self.app(environ, start_response)
        lane = self.lanes[name]
        if not lane.acquire(blocking=False):
            return _come_again(name, environ, start_response)
        try:
            return self.app(environ, start_response)
        finally:
            lane.release()


def _lane(environ: WSGIEnvironment) -> str | None:
    path: str = environ.get("PATH_INFO", "")
    if path.startswith("/api/attachments/uploads"):
        return "attachments" if environ["REQUEST_METHOD"] in ("PATCH", "POST") else None
    return "changes" if path.startswith("/api/sync/") else None


def _come_again(lane: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    health.count_shed(lane)
    # Note: by chance, so that those who came together do not come back together.
    seconds = str(random.randint(1, _LONGEST_WAIT))  # noqa: S311 (no secret)
    answer = Problem(503, "server_busy", headers={"Retry-After": seconds}).response()
    answer.headers["Fieldclaim-Protocol"] = PROTOCOL
    return answer(environ, start_response)
