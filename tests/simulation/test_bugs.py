"""Tests of the tests: each seeded bug is found by the simulation, and what it prints is short and repeats."""

from __future__ import annotations

import os

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.plan import plan_of
from tests.simulation.run import run

SEEDS = range(1, 13)
QUICK = ("scope leak", "no dedupe", "ack before commit")
"""Those that `make test` looks for; `make simulate-check` looks for all."""


@pytest.mark.parametrize("bug", BUGS if os.environ.get("SIMULATE_CHECK") else QUICK)
def test_a_seeded_bug_is_found(bug: str) -> None:
    for seed in SEEDS:
        found = run(plan_of(seed), BUGS[bug]).violations
        if found:
            print(f"{bug}: seed {seed}: {found[0]}")
            return
    pytest.fail(f"{bug} was not found in {len(SEEDS)} seeds")
