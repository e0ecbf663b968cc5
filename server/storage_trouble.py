"""When the disk or the database fails: the problem that the caller hears, and when this server must stop writing."""

from __future__ import annotations

import errno

from flask import current_app
from sqlalchemy.exc import DBAPIError

from server.problems import Problem
from server.services import engine
from sync.database import Trouble, trouble_of
from sync.errors import StorageBroken

_PROBLEMS = {
    Trouble.FULL: (507, "storage_full", 60),
    Trouble.BUSY: (503, "unavailable", 2),
    Trouble.AWAY: (503, "unavailable", 5),
    Trouble.BROKEN: (503, "storage_broken", 60),
}


def problem_of(error: Exception) -> Problem | None:
    """The problem with its `Retry-After`: the caller keeps what it has and comes again. None for any other error."""
    trouble = _trouble(error)
    if trouble is None:
        return None
    status, code, seconds = _PROBLEMS[trouble]
    if not isinstance(error, StorageBroken):  # it was logged when it broke
        current_app.logger.error("%s: %s", trouble.value, getattr(error, "orig", error))
    return Problem(status, code, headers={"Retry-After": str(seconds)})


def _trouble(error: Exception) -> Trouble | None:
    if isinstance(error, StorageBroken):
        return Trouble.BROKEN
    if isinstance(error, DBAPIError):
        return trouble_of(error)
    if not isinstance(error, OSError):
        return None
    if error.errno == errno.EIO:
        engine().database.give_up_writing()
        return Trouble.BROKEN
    return Trouble.FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
