"""Running a plan: the same plan gives the same run, event by event."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher

from server.accounts import credentials
from sync import change as ids
from tests.simulation.oracle import Violation
from tests.simulation.plan import Plan
from tests.simulation.world import Parts, World

_MEMORY = Path("/dev/shm")
_QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_NOBODY = _QUICK_HASHER.hash("nobody's password")


@dataclass
class Outcome:
    """What became of a run. `trace` is equal for equal runs."""

    plan: Plan
    violations: list[Violation]
    device_days: int
    requests: int
    faults: Counter[str]
    counts: Counter[str]
    trace: list[str]

    @property
    def fingerprint(self) -> str:
        """A short name of the whole run."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


def cheap_passwords() -> AbstractContextManager[Any]:
    """A hash that takes a tenth of a second, as it should, would be most of what a run does."""
    return patch.multiple(credentials, _hasher=_QUICK_HASHER, _NOBODY=_NOBODY)


def run(plan: Plan, parts: Parts | None = None, new_database: Callable[[], str] | None = None) -> Outcome:
    """Run a plan in a folder of its own, and check everything at its end."""
    with ExitStack() as stack:
        place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place, prefix="simulation-")))
        stack.enter_context(cheap_passwords())
        world = World(plan, folder, parts or Parts(), new_database)
        stack.callback(world.close)
        stack.enter_context(patch.object(ids, "uuid7", world.fresh_id))
        world.open()
        for step in plan.steps:
            world.take(step)
        world.quiesce()
        days = len(world.devices) * plan.days
        oracle = world.oracle
        return Outcome(plan, oracle.violations, days, world.network.requests, world.faults, oracle.counts, world.trace)
