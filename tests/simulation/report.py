"""What is printed of a failure: the seed, how to repeat it, and the shortest script that still shows it."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.plan import Plan
from tests.simulation.run import Outcome, run
from tests.simulation.shrink import shrink
from tests.simulation.world import Parts


def report(
    outcome: Outcome,
    parts: Parts | None = None,
    seconds: float = 120,
    new_database: Callable[[], str] | None = None,
) -> str:
    """All that somebody needs who has to find the cause. Shrinking takes up to `seconds`."""
    seed, kind = outcome.plan.seed, outcome.violations[0].kind

    def breaks_it(plan: Plan) -> bool:
        return any(violation.kind == kind for violation in run(plan, parts, new_database).violations)

    small = shrink(outcome.plan, breaks_it, seconds)
    lines = [f"seed {seed} breaks {len(outcome.violations)} promises:"]
    lines += [f"  {violation}" for violation in outcome.violations[:5]]
    lines += [f"repeat it:  make simulate ONLY={seed}"]
    lines += [f"{len(small.steps)} of its {len(outcome.plan.steps)} steps are enough to show '{kind}':"]
    lines += [f"  {step}  (seed {step.seed})" for step in small.steps]
    return "\n".join(lines)
