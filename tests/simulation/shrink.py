"""Making a failing plan small: fewer devices, fewer steps, fewer faults, as long as the same promise is broken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from tests.simulation.plan import Plan, Step

Steps = tuple[Step, ...]


def shrink(plan: Plan, still_fails: Callable[[Plan], bool], seconds: float = 120) -> Plan:
    """The smallest plan found in that time for which `still_fails` holds; it holds for `plan`."""
    until = time.monotonic() + seconds

    def fails(steps: Steps) -> bool:
        return time.monotonic() < until and still_fails(plan.with_steps(steps))

    steps = _without_parties(plan.steps, fails)
    steps = _without_parts(steps, fails)
    return plan.with_steps(_without_faults(steps, fails))


def _without_parties(steps: Steps, fails: Callable[[Steps], bool]) -> Steps:
    for who in sorted({step.who for step in steps}):
        fewer = tuple(step for step in steps if step.who != who)
        if fails(fewer):
            steps = fewer
    return steps


def _without_parts(steps: Steps, fails: Callable[[Steps], bool]) -> Steps:
    """Delta debugging (Zeller, 2002): leave out one part after the other, in ever smaller parts."""
    size = max(1, len(steps) // 2)
    while True:
        start = 0
        while start < len(steps):
            fewer = steps[:start] + steps[start + size :]
            if fails(fewer):
                steps = fewer
            else:
                start += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def _without_faults(steps: Steps, fails: Callable[[Steps], bool]) -> Steps:
    for at, step in enumerate(steps):
        for number in reversed(range(len(step.faults))):
            calmer = replace(steps[at], faults=steps[at].faults[:number] + steps[at].faults[number + 1 :])
            if fails((*steps[:at], calmer, *steps[at + 1 :])):
                steps = (*steps[:at], calmer, *steps[at + 1 :])
    return steps
