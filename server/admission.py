"""How many requests of one kind a process works on at once: what is slow, or can wait, never takes the
places of changes.

A change that finds no place waits a moment for one. What still finds none is told when to come again; it has not been
read, and nothing of it was done.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from server import health
from server.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PLACES = {"attachments": 4, "changes": 6, "previews": 2}
WAITING = {"attachments": 0, "changes": 54, "previews": 2}
"""How many may wait for a place in each lane. The rest of a process's threads is for pages and for whoever watches."""
_PATIENCE_SECONDS = 2.0
_LONGEST_WAIT = 4


class Admission:
    """WSGI middleware that lets a request into its lane, or answers 503 with a `Retry-After` of a few seconds."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.lanes = {name: Lane(PLACES[name], WAITING[name]) for name in PLACES}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = _lane(environ)
        if name is None:
            return self.app(environ, start_response)
        lane = self.lanes[name]
        if not lane.enter():
            return _come_again(name, environ, start_response)
        try:
            return self.app(environ, start_response)
        finally:
            lane.leave()


class Lane:
    """Places for requests of one kind, and a waiting room before them."""

    def __init__(self, places: int, waiting: int) -> None:
        self._places = BoundedSemaphore(places)
        self._room = BoundedSemaphore(waiting) if waiting else None

    def enter(self) -> bool:
        """Take a place, after a short wait where there is room to wait; False where there was none."""
        if self._places.acquire(blocking=False):
            return True
        if self._room is None or not self._room.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=_PATIENCE_SECONDS)
        finally:
            self._room.release()

    def leave(self) -> None:
        """Give the place to the next."""
        self._places.release()


def _lane(environ: WSGIEnvironment) -> str | None:
    path: str = environ.get("PATH_INFO", "")
    if path.startswith("/api/attachments/uploads"):
        return "attachments" if environ["REQUEST_METHOD"] in ("PATCH", "POST") else None
    if path == "/api/attachments/previews":
        return "previews"
    return "changes" if path.startswith("/api/sync/") else None


def _come_again(lane: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    health.count_shed(lane)
    # Note: by chance, so that those who came together do not come back together.
    seconds = str(random.randint(1, _LONGEST_WAIT))  # noqa: S311 (no secret)
    return Problem(503, "server_busy", headers={"Retry-After": seconds}).response()(environ, start_response)
