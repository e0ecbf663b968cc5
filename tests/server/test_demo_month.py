"""A small demo month: every kind of fraud once, caught; honest papers left alone."""

from __future__ import annotations

from dataclasses import replace

from server.config import Config
from server.demo import COMPANY_NAME, COMPANY_TAX_ID
from server.demo_month import Size, fill_month, papers_of, plan
from server.demo_month.frauds import KINDS
from server.demo_month.outcome import outcome_of
from server.schema import upgrade
from server.services import build

SMALL = Size(technicians=7, frauds_of_each=1, density=0.35, is_decided=False)


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
    services.engine.database.engine.dispose()


def test_the_month_is_the_same_each_time_and_large_enough() -> None:
    trips = plan(Size())
    papers = papers_of(trips)
    assert 2900 <= len(papers) <= 3300
    assert sum(paper.role == "fraud" for paper in papers) >= 40
    assert len(KINDS) >= 12
    again = papers_of(plan(Size()))
    assert [(paper.day, paper.amount, paper.number) for paper in papers] == [
        (paper.day, paper.amount, paper.number) for paper in again
    ]
    assert len({(paper.code, paper.number) for paper in papers if paper.number and paper.role == "honest"}) == sum(
        bool(paper.number) for paper in papers if paper.role == "honest"
    )
