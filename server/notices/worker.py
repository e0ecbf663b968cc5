"""The background work of notices: what time brings about, and the e-mails."""

from __future__ import annotations

import logging
import time
from threading import Event

from server.notices.mailer import send_waiting
from server.notices.reminders import remind
from server.services import Services

_PAUSE_SECONDS = 5.0
_REMIND_SECONDS = 60.0
log = logging.getLogger(__name__)


def work(of: Services, ends: Event) -> None:
    """Remind people and send what waits, until told to stop."""
    reminded_at = float("-inf")
    while not ends.is_set():
        try:
            if time.monotonic() - reminded_at > _REMIND_SECONDS:
                remind(of)
                reminded_at = time.monotonic()
            send_waiting(of)
        except Exception:  # the outermost edge: a database that is away comes back, and what waits still waits
            log.exception("notices stopped; they go on in a moment")
        ends.wait(_PAUSE_SECONDS)
