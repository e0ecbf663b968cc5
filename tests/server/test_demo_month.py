"""A small demo month: every kind of fraud once, caught; honest papers left alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from server.config import Config
from server.demo import COMPANY_NAME, COMPANY_TAX_ID
from server.demo_month import Size, fill_month, papers_of, plan
from server.demo_month.frauds import KINDS
from server.demo_month.outcome import outcome_of
from server.schema import upgrade
from server.services import build
from sync.actor import SYSTEM
from sync.transaction import Transaction

SMALL = Size(technicians=8, frauds_of_each=1, density=0.3, is_decided=False)


def test_every_kind_of_fraud_is_caught_and_honest_people_are_left_alone(config: Config) -> None:
    services = build(replace(config, company_name=COMPANY_NAME, company_tax_id=COMPANY_TAX_ID))
    upgrade(services.engine.database)
    said: list[str] = []
    papers = papers_of(fill_month(services, SMALL, said.append))
    outcome = outcome_of(services.engine, papers)
    assert {name: caught.missed for name, caught in outcome.kinds.items() if caught.missed} == {}
    assert all(caught.planted for caught in outcome.kinds.values())
    assert outcome.honest > 180
    assert outcome.false_alarms <= 0.02, (outcome.blocked, outcome.reviewed)
    assert said[-1].endswith("receipts")
    stand = services.engine.write(SYSTEM, _stand)
    assert {name for name, count in stand.items() if count > 0} >= {
        *(f"waiver {state}" for state in ("asked", "given", "refused", "expired")),
        *(f"allowance {state}" for state in ("clear", "needs_review")),
    }
    services.engine.database.engine.dispose()


def test_the_month_is_the_same_each_time_and_large_enough() -> None:
    trips = plan(Size())
    papers = papers_of(trips)
    assert 2900 <= len(papers) <= 3400
    assert sum(paper.role == "fraud" for paper in papers) >= 40
    assert len(KINDS) >= 12
    again = papers_of(plan(Size()))
    assert [(paper.day, paper.amount, paper.number) for paper in papers] == [
        (paper.day, paper.amount, paper.number) for paper in again
    ]
    assert len({(paper.code, paper.number) for paper in papers if paper.number and paper.role == "honest"}) == sum(
        bool(paper.number) for paper in papers if paper.role == "honest"
    )


def _stand(write: Transaction) -> Counter[str]:
    """How many waivers and lines of allowances there are in each state, without those of the small demo."""
    month = {user["id"] for user in write.find("user", role="technician") if user["username"].startswith("t")}
    found = Counter[str]()
    for waiver in write.find("waiver"):
        found[f"waiver {waiver['status']}"] += waiver["technician_id"] in month
    for paper in write.find("receipt", category="allowance"):
        for line in write.find("claim_line", receipt_id=paper["id"]):
            found[f"allowance {line['status']}"] += line["technician_id"] in month
    return found
