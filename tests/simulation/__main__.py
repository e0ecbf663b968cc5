"""`make simulate`: many seeds for a long time. Prints what was met, and for a failure the seed and a small script."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field

from tests.simulation.databases import databases, is_on_postgresql, postgresql
from tests.simulation.plan import plan_of
from tests.simulation.report import report
from tests.simulation.run import Outcome, run


@dataclass
class Sum:
    """What was met by all runs so far."""

    runs: int = 0
    device_days: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.device_days += outcome.device_days
        self.requests += outcome.requests
        self.faults += outcome.faults
        self.counts += outcome.counts
        if outcome.violations:
            self.failures.append(outcome)

    def line(self, seconds: float) -> str:
        """The figures in one line."""
        return (
            f"{self.runs} seeds, {self.device_days:,} device-days, {self.requests:,} requests, "
            f"{self.faults.total():,} faults, {len(self.failures)} seeds with violations, "
            f"{self.device_days / max(seconds, 0.001):.0f} device-days/s in {seconds:.0f} s"
        )


def main() -> int:
    """Run the seeds from SEED on until SECONDS have passed. Gives 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", action="store_true", help="run the one seed, and print its events")
    wanted = parser.parse_args()
    if wanted.only and not is_on_postgresql(wanted.seed):
        return _only(wanted.seed, None)
    with postgresql() as template:
        if wanted.only:
            return _only(wanted.seed, template)
        total = _many(wanted.seed, wanted.seconds, wanted.processes, template)
        for outcome in total.failures[:3]:
            print(_report(outcome, template))
        return 1 if total.failures else 0


def _only(seed: int, template: str | None) -> int:
    outcome = _run_seed(seed, template)
    print("\n".join(outcome.trace))
    for violation in outcome.violations:
        print(violation)
    print(f"fingerprint {outcome.fingerprint}")
    if outcome.violations:
        print(_report(outcome, template))
    return 1 if outcome.violations else 0


def _many(first: int, seconds: float, processes: int, template: str) -> Sum:
    total, start, told = Sum(), time.monotonic(), 0.0
    seed, running = first, set[Future[Outcome]]()
    with ProcessPoolExecutor(processes) as pool:
        while True:
            spent = time.monotonic() - start
            while len(running) < processes and spent < seconds:
                running.add(pool.submit(_run_seed, seed, template))
                seed += 1
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                total.add(future.result())
                for violation in future.result().violations[:2]:
                    print(f"seed {future.result().plan.seed}: {violation}", flush=True)
            if spent - told > 30:
                told = spent
                print(total.line(spent), flush=True)
    print(total.line(time.monotonic() - start))
    for title, counter in (("faults", total.faults), ("what came of it", total.counts)):
        print(f"{title}:")
        for name, count in sorted(counter.items()):
            print(f"  {count:9,}  {name}")
    return total


def _run_seed(seed: int, template: str | None) -> Outcome:
    with databases(template if is_on_postgresql(seed) else None) as new_database:
        return run(plan_of(seed), new_database=new_database)


def _report(outcome: Outcome, template: str | None) -> str:
    with databases(template if is_on_postgresql(outcome.plan.seed) else None) as new_database:
        return report(outcome, new_database=new_database)


if __name__ == "__main__":
    sys.exit(main())
