"""Tests of the tests: a failing run is made small, and the small one fails in the same way."""

from __future__ import annotations

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.plan import Plan, Step, plan_of
from tests.simulation.report import report
from tests.simulation.run import Outcome, run
from tests.simulation.shrink import shrink

BUG = BUGS["no dedupe"]
PLAN = plan_of(4).with_steps(tuple(step for step in plan_of(4).steps[:80] if step.who in ("chen", "fei"))[-14:])
"""Some days of two people in a run, in which the bug shows; of the whole plan it would take a minute."""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """A run that fails by the bug."""
    return run(PLAN, BUG)


def test_a_seeded_bug_is_shown_by_a_run_of_a_few_steps(outcome: Outcome) -> None:
    kind = outcome.violations[0].kind

    def breaks_it(plan: Plan) -> bool:
        return any(violation.kind == kind for violation in run(plan, BUG).violations)

    small = shrink(PLAN, breaks_it)
    assert 0 < len(small.steps) <= 4 < len(PLAN.steps)
    remaining = iter(PLAN.steps)
    assert all(any(is_calmer(step, other) for other in remaining) for step in small.steps), "in their order"
    assert breaks_it(small)
    assert not run(small).violations, "without the bug it is a good run"


def test_what_is_needed_stays_and_everything_else_goes() -> None:
    plan = plan_of(14)
    first, second = plan.steps[40], plan.steps[-7]

    def needs_both(shorter: Plan) -> bool:
        kept = [step for step in shorter.steps if step.seed in (first.seed, second.seed)]
        return [step.seed for step in kept] == [first.seed, second.seed]

    small = shrink(plan, needs_both)
    assert [(step.who, step.act, step.seed, step.faults) for step in small.steps] == [
        (step.who, step.act, step.seed, ()) for step in (first, second)
    ]


def test_a_fault_that_is_needed_stays() -> None:
    plan = plan_of(14)
    troubled = next(step for step in plan.steps if len(step.faults) > 1)

    def needs_it(shorter: Plan) -> bool:
        return any(step.seed == troubled.seed and troubled.faults[-1] in step.faults for step in shorter.steps)

    (step,) = shrink(plan, needs_it).steps
    assert step.faults == (troubled.faults[-1],)


def test_where_time_is_over_the_run_stays_as_it_is() -> None:
    plan = plan_of(14)
    assert shrink(plan, lambda _: True, seconds=0) == plan


def test_a_report_names_the_seed_and_the_steps(outcome: Outcome) -> None:
    text = report(outcome, BUG, seconds=0)
    assert "make simulate ONLY=4" in text
    assert str(outcome.violations[0]) in text
    assert str(PLAN.steps[0]) in text


def is_calmer(step: Step, other: Step) -> bool:
    """Whether it is the other step, with all of its faults or with fewer."""
    return step.seed == other.seed and step.minute == other.minute and set(step.faults) <= set(other.faults)
