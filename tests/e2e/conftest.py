"""A server and a phone for each test of the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_story import plan


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "server")
    running.start()
    yield running
    running.kill()
    running.engine.database.engine.dispose()


@pytest.fixture
def new_phone(playwright: Playwright, tmp_path: Path, server: RunningServer) -> Iterator[Callable[..., Phone]]:
    phones: list[Phone] = []

    def make(
        locale: str = "en-US",
        *more_arguments: str,
        address: str = "",
        folder: Path = tmp_path,
        is_whole: bool = False,
    ) -> Phone:
        phone = Phone(playwright, folder / f"phone-{len(phones)}", server, locale, address, more_arguments, is_whole)
        phones.append(phone)
        phone.switch_on()
        return phone

    yield make
    for phone in phones:
        phone.switch_off()


@pytest.fixture
def phone(new_phone: Callable[..., Phone], server: RunningServer) -> Phone:
    """A technician's phone that has signed in and synced."""
    plan(server.people())
    made = new_phone()
    made.log_in()
    return made
