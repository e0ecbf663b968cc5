"""The states of claims and lines as a page of the docs, drawn from the code by `python -m server.claims.drawing`."""

from __future__ import annotations

from collections.abc import Sequence

from server.claims.states import CLAIM_STEPS, LINE_STEPS, Step

_HEAD = """# The states of a claim and of its lines

Drawn from `server/claims/states.py` by `python -m server.claims.drawing`; a test holds the two equal.

A claim's lines move apart. *Returned* lines are their technician's again, with a reason each: they are repaired on the
phone, without network, and handed in once more. A *paid* line is at its end: a mistake that is found later becomes a
line of its own with the amount below zero (`reverses` names the paid line, which names it in `reversed_by`).
While its money is not back, a batch sets it off against what else its person gets, and nothing is paid to them by hand.
"""


def page() -> str:
    """The whole page, as Markdown with two Mermaid drawings."""
    parts = [_HEAD, _part("Claim", "draft", CLAIM_STEPS), _part("Claim line", "draft", LINE_STEPS)]
    return "\n".join(parts)


def _part(title: str, first: str, steps: Sequence[Step]) -> str:
    drawn = "\n".join(f"    {line}" for line in [f"[*] --> {first}", *_arrows(steps)])
    rows = "\n".join(f"| {step.before} | {step.after} | {step.by} | {step.why} |" for step in steps)
    table = f"| from | to | who | when |\n| --- | --- | --- | --- |\n{rows}"
    return f"## {title}\n\n```mermaid\nstateDiagram-v2\n{drawn}\n```\n\n{table}\n"


def _arrows(steps: Sequence[Step]) -> list[str]:
    """One arrow for each pair of states, whoever takes it; ends lead to the end."""
    said: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        said.setdefault((step.before, step.after), []).append(f"{step.by} {step.why}")
    starts = {step.before for step in steps}
    ends = dict.fromkeys(step.after for step in steps if step.after not in starts)
    arrows = [f"{before} --> {after}: {', '.join(words)}" for (before, after), words in said.items()]
    return [*arrows, *(f"{end} --> [*]" for end in ends)]


if __name__ == "__main__":
    print(page(), end="")
