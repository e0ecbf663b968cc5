"""What a browser prints of the desks: the figures and their charts, without what only a screen needs."""

from __future__ import annotations

import pypdfium2
import pytest
from playwright.sync_api import Locator, Playwright, expect

from tests.e2e.phone import show
from tests.e2e.running import RunningServer
from tests.e2e.test_story import desk
from tests.server.reports.test_dashboard import a_busy_month


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Money waiting, by reason"), ("zh-Hans", "按原因统计的待处理金额")]
)
def test_the_dashboard_prints_its_charts_and_no_navigation(
    playwright: Playwright, server: RunningServer, language: str, title: str
) -> None:
    world = server.people()
    a_busy_month(world)
    world.update(world.finance, "user", world.now("user", world.finance.id), language=language)
    page = desk(playwright, server, "fei", "en-US")
    page.goto(f"{server.address}/finance/dashboard?since=2026-11&until=2026-11")
    expect(page.locator("header.bar")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("header.bar")).to_be_hidden()
    expect(page.locator("main form")).to_be_hidden()
    charts = page.locator("svg.chart")
    assert charts.count() >= 4
    for chart in charts.all():
        expect(chart).to_be_visible()
        assert is_drawn(chart.locator("rect.bar").first)
    show(page, language, "dashboard-printed")
    navigation = str(page.locator("header.bar nav a").first.text_content()).strip()
    with pypdfium2.PdfDocument(page.pdf(format="A4")) as printed:
        sheets = [sheet.get_textpage().get_text_range() for sheet in printed]
    text = "".join("".join(sheets).split())
    assert "".join(title.split()) in text
    assert "¥450.00" in text
    assert "".join(navigation.split()) not in text
    assert len(sheets) <= 4


def is_drawn(bar: Locator) -> bool:
    """Whether a bar has a colour that shows on paper."""
    return bar.evaluate("bar => getComputedStyle(bar).fill") not in ("none", "rgb(255, 255, 255)")
