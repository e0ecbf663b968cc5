"""What became of the demo month's papers: which frauds the rules caught, and which honest lines they stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.demo_month.frauds import KINDS
from server.demo_month.plan import Paper
from sync.actor import SYSTEM
from sync.change import Record
from sync.engine import Engine

_WAITING = frozenset({"tool_not_returned"})
"""A tool that is still on the road stops its line, as it should: no alarm."""


@dataclass
class Caught:
    """One kind of fraud: how often it was planted and stopped, by which findings or refusals; and what was missed."""

    planted: int = 0
    blocked: int = 0
    reviewed: int = 0
    refused: int = 0
    """Never became a line."""
    codes: Counter[str] = field(default_factory=Counter)
    missed: list[Paper] = field(default_factory=list)


@dataclass
class Outcome:
    """The month's table: kinds of fraud, and the honest lines with what stopped them wrongly."""

    kinds: dict[str, Caught]
    honest: int = 0
    blocked: list[tuple[Paper, list[str]]] = field(default_factory=list)
    reviewed: list[tuple[Paper, list[str]]] = field(default_factory=list)
    drawn_in: int = 0
    """Honest lines that wait for a person because the other half of a fraud points at them."""
    over_limit: int = 0
    """Honest lines that only a limit holds back."""

    @property
    def false_alarms(self) -> float:
        """The share of honest lines that were stopped for nothing."""
        return (len(self.blocked) + len(self.reviewed)) / max(1, self.honest)


def outcome_of(engine: Engine, papers: Sequence[Paper]) -> Outcome:
    """Compare what the rules say now with what the papers are in truth."""
    lines: dict[str, list[Record]] = {}
    for line in engine.write(SYSTEM, lambda write: write.find("claim_line")):
        lines.setdefault(line["receipt_id"], []).append(line)
    outcome = Outcome({kind.name: Caught() for kind in KINDS})
    dishonest = {paper.id for paper in papers if paper.role != "honest"}
    for paper in papers:
        findings = [finding for line in lines.get(paper.id, ()) for finding in line["findings"]]
        if paper.role == "fraud":
            _count_fraud(outcome.kinds[paper.case], paper, findings)
        elif paper.role == "honest":
            _count_honest(outcome, paper, findings, dishonest)
    return outcome


def _count_fraud(caught: Caught, paper: Paper, findings: Iterable[Record]) -> None:
    """Caught is what its own control stopped; that another rule stopped it too does not count for it."""
    wanted = next(kind.codes for kind in KINDS if kind.name == paper.case)
    told = {finding["code"]: finding["severity"] for finding in findings if finding["code"] in wanted}
    told |= {paper.refused_as: "refused"} if paper.refused_as in wanted else {}
    caught.planted += 1
    caught.codes.update(told)
    how = next((how for how in ("refused", "block", "review") if how in told.values()), "")
    caught.refused += how == "refused"
    caught.blocked += how == "block"
    caught.reviewed += how == "review"
    if not how:
        caught.missed.append(paper)


def _count_honest(outcome: Outcome, paper: Paper, findings: Iterable[Record], dishonest: set[str]) -> None:
    outcome.honest += 1
    stopping = [finding for finding in findings if finding["severity"] != "info" and finding["code"] not in _WAITING]
    pointing = [finding for finding in stopping if _points_at(finding, dishonest)]
    limits = [finding for finding in stopping if finding["code"].startswith("over_")]
    alarms = [finding for finding in stopping if finding not in pointing and finding not in limits]
    codes = [finding["code"] for finding in alarms]
    outcome.drawn_in += bool(pointing) and not alarms
    outcome.over_limit += bool(limits) and not alarms and not pointing
    if any(finding["severity"] == "block" for finding in alarms):
        outcome.blocked.append((paper, codes))
    elif alarms:
        outcome.reviewed.append((paper, codes))


def _points_at(finding: Record, dishonest: set[str]) -> bool:
    return any(item["kind"] == "receipt" and item["value"] in dishonest for item in finding["evidence"])
