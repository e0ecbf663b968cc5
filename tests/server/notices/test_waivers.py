"""Who is told of a waiver: the deciders of a request, the claimant of its answer and end, the manager of the month."""

from __future__ import annotations

from datetime import UTC, datetime

from server.notices.queries import address_of
from server.notices.waiver_times import keep_time
from server.services import Services
from tests.server.claims.test_waivers import ask, blocked
from tests.server.notices.test_notices import told
from tests.server.world import World


def at(services: Services, text: str) -> None:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    services.engine.clock = lambda: moment


def test_deciders_claimant_and_manager_are_each_told_once(services: Services, world: World) -> None:
    at(services, "2026-11-24T08:00")
    line = blocked(world)
    stand_in = {"from_user": world.manager.id, "to_user": world.payer.id, "right": "waive", "reason": "Away"}
    world.create(world.manager, "delegation", **stand_in, from_date="2026-11-24", to_date="2026-11-26")
    asked = ask(world, line)
    for person in (world.manager, world.payer):
        (notice,) = told(world, person)
        assert (notice["kind"], notice["params"]["reason"]) == ("waiver_asked", "The head office bills")
    assert address_of(notice, "finance") == f"/finance/waivers/{asked['id']}"
    assert told(world, world.finance) == []

    at(services, "2026-11-28T08:00")
    assert [keep_time(services), keep_time(services)] == [1, 0]
    assert told(world, world.manager, "waiver_waiting")[0]["params"]["days"] == 4
    world.update(world.manager, "waiver", asked, status="given", reason="Seen", valid_until="2026-12-04")
    assert all(notice["is_read"] for notice in told(world, world.manager))
    (given,) = told(world, world.anna)
    assert (given["kind"], given["params"]["until"], given["target_id"]) == (
        "waiver_given",
        "2026-12-04",
        line["claim_id"],
    )

    at(services, "2026-11-30T15:59")
    assert keep_time(services) == 0
    at(services, "2026-11-30T16:01")  # it is 1 December in Shanghai
    assert [keep_time(services), keep_time(services)] == [2, 0]
    (report,) = told(world, world.manager, "waiver_report")
    counts = {name: report["params"][name] for name in ("month", "asked", "given", "refused", "expired", "total")}
    assert counts == {"month": "2026-11", "asked": 1, "given": 1, "refused": 0, "expired": 0, "total": 30000}
    assert address_of(report, "manager") == "/finance/waivers/report?month=2026-11"
    assert len(told(world, world.anna, "waiver_ends_soon")) == 1

    at(services, "2026-12-05T08:00")
    assert keep_time(services) == 1
    assert len(told(world, world.anna, "waiver_expired")) == 1
    assert world.now("claim_line", line["id"])["status"] == "blocked"
