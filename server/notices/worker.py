"""The background work of notices: what time brings about, the e-mails, web push, and forgetting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from server.notices import mailer, pusher
from server.notices.forgetting import forget_old
from server.notices.reminders import remind
from server.notices.waiver_times import keep_time
from server.services import Services

_PAUSE_SECONDS = 5.0
_REMIND_SECONDS = 60.0
_FORGET_SECONDS = 3600.0
WORK: tuple[tuple[Callable[[Services], int], float], ...] = (
    (remind, _REMIND_SECONDS),
    (keep_time, _REMIND_SECONDS),
    (mailer.send_waiting, _PAUSE_SECONDS),
    (pusher.send_waiting, _PAUSE_SECONDS),
    (forget_old, _FORGET_SECONDS),
)
log = logging.getLogger(__name__)


def start(of: Services, ends: Event) -> None:
    """Do it all beside the caller, until told to stop. Each has its own thread, so that none waits for another."""
    for each, pause in WORK:
        Thread(target=_repeat, args=(each, of, ends, pause), daemon=True).start()


def _repeat(work: Callable[[Services], int], of: Services, ends: Event, pause: float) -> None:
    while not ends.is_set():
        try:
            work(of)
        except Exception:  # the outermost edge: a database that is away comes back, and what waits still waits
            log.exception("notices stopped; they go on in a moment")
        ends.wait(pause)
