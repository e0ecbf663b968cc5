"""The demo month, judged: which planted frauds the rules catch, which they miss, and which honest lines they stop."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from server.config import from_environment
from server.demo import COMPANY_NAME, COMPANY_TAX_ID
from server.demo_month import Size, fill_month, papers_of
from server.demo_month.outcome import Outcome, outcome_of
from server.schema import upgrade
from server.services import build


def main() -> None:
    """Build the month on SQLite, in a folder that is thrown away, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        config = from_environment(
            {
                "FIELDCLAIM_DATA": str(Path(folder) / "data"),
                "FIELDCLAIM_COMPANY_NAME": COMPANY_NAME,
                "FIELDCLAIM_COMPANY_TAX_ID": COMPANY_TAX_ID,
            }
        )
        services = build(config)
        upgrade(services.engine.database)
        began = time.perf_counter()
        trips = fill_month(services, Size(), lambda line: print(line, file=sys.stderr))
        seconds = time.perf_counter() - began
        print(table(outcome_of(services.engine, papers_of(trips))))
        print(f"\nThe month was written in {seconds:.0f} s, {time.process_time():.0f} s of them on the processor.")


def table(outcome: Outcome) -> str:
    """The outcome as a table in Markdown."""
    rows = ["| fraud | planted | refused at once | blocked | to a person | missed | told by |"]
    rows.append("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    totals = [0, 0, 0, 0, 0]
    for name, caught in outcome.kinds.items():
        figures = (caught.planted, caught.refused, caught.blocked, caught.reviewed, len(caught.missed))
        totals = [total + figure for total, figure in zip(totals, figures, strict=True)]
        codes = ", ".join(f"`{code}`" for code in sorted(caught.codes))
        rows.append(f"| {name} | {' | '.join(map(str, figures))} | {codes} |")
    rows += [f"| **all** | {' | '.join(map(str, totals))} | |", "", honest_lines(outcome)]
    return "\n".join(rows)


def honest_lines(outcome: Outcome) -> str:
    """What became of honest people's lines, the false alarms one by one."""
    rows = [
        f"Honest lines: {outcome.honest}. Stopped for nothing: {len(outcome.blocked)} blocked,",
        f"{len(outcome.reviewed)} to a person ({outcome.false_alarms:.1%}). Drawn in by a fraud's other half:",
        f"{outcome.drawn_in}. Over a limit: {outcome.over_limit}.",
    ]
    for paper, codes in (*outcome.blocked, *outcome.reviewed):
        what = f"{paper.day} {paper.category} {paper.amount / 100:.2f}, {paper.case or 'usual'}"
        rows.append(f"* {what}: {', '.join(codes)}")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
