"""The monthly report of waivers: each figure is the number of waivers behind its link, and a table runs no formula."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

from server.reports.waivers import Happening, month_after, month_before, stands_out
from tests.server.claims.test_waivers import ask, blocked, end_all, later
from tests.server.desk import Desk
from tests.server.world import World


def happened(event: str, number: int, **fields: Any) -> Happening:
    waiver = {"id": str(number), "technician_id": "anna", "finding_code": "place_mismatch", "request": f"Why {number}"}
    return Happening(
        event, "", waiver | {"amount_minor": 100, "given_by": "ming", "freed_minor": 100, "currency": "CNY"} | fields
    )


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m}"


def test_what_stands_out() -> None:
    given = [happened("given", number, technician_id=str(number)) for number in range(5)]
    assert [(item.code, item.params["share"]) for item in stands_out(given, "2026-11")] == [("giver_share", 100)]
    assert stands_out(given[:4], "2026-11") == []
    mixed = [happened("given", number, technician_id=str(number), given_by=f"m{number % 2}") for number in range(6)]
    assert stands_out(mixed, "2026-11") == []
    again = [happened("asked", number) for number in range(3)]
    assert [(item.code, item.params["count"]) for item in stands_out(again, "2026-11")] == [("repeated", 3)]
    words = [happened("asked", number, request=" Why  not ", finding_code=str(number)) for number in range(2)]
    assert [item.code for item in stands_out(words, "2026-11")] == ["same_words"]
    assert (month_before("2026-01"), month_after("2026-12")) == ("2025-12", "2027-01")


def test_each_figure_is_the_number_of_waivers_behind_its_link(desk: Desk, world: World) -> None:
    first, second, third = blocked(world), blocked(world), blocked(world)
    world.update(world.manager, "waiver", ask(world, first, request="=1+1"), status="given", reason="@SUM(1)")
    world.update(world.manager, "waiver", ask(world, second), status="refused", reason="No")
    direct = {"claim_line_id": third["id"], "finding_code": "place_mismatch", "reason": "Seen"}
    world.create(world.manager, "waiver", **direct)
    month = month_of(datetime.now(UTC))
    browser = desk("ming")
    page = browser.get(f"/finance/waivers/report?month={month}")
    links = page.html.select("[data-figure]")
    assert len(links) >= 12
    for link in links:
        total = browser.get(link["href"]).html.select_one("[data-testid=total]")["data-lines"]
        assert total == link["data-figure"], link["href"]
    assert "¥600.00" in page
    assert "asked for or given 3 times" in page
    table = browser.get(f"/finance/waivers/report/waivers.csv?month={month}").body.decode("utf-8-sig")
    assert "'=1+1" in table
    assert "'@SUM(1)" in table
    assert len(table.splitlines()) == 6
    sheet = ZipFile(BytesIO(browser.get(f"/finance/waivers/report/waivers.xlsx?month={month}").body))
    assert b"<f>" not in sheet.read("xl/worksheets/sheet1.xml")
    browser.get("/finance/waivers/report/waivers.csv?month=1", status=400)
    assert "No waivers in this month" in browser.get("/finance/waivers/report?month=2020-01")
    later(world, 45)
    assert end_all(world) == [True, True]
    then = month_of(world.engine.clock())
    assert "Expired" in desk("pia").get(f"/finance/waivers/report?month={then}")
