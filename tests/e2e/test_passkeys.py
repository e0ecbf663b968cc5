"""A passkey in a real browser with a virtual authenticator: set up, signed in with, shown again for a payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, Playwright
from sqlalchemy import update

from server.accounts.tokens import proofs
from server.i18n import say
from sync.change import instant
from tests.e2e.running import RunningServer
from tests.e2e.test_access import look, violations
from tests.e2e.test_story import desk
from tests.server.passwords import PASSWORD


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "server", second_factor="finance,manager", host="localhost")
    running.start()
    yield running
    running.kill()
    running.engine.database.engine.dispose()


def security_key(page: Page) -> tuple[CDPSession, str]:
    """A security key in the browser that knows its owner's finger. Gives the way to it, and its name."""
    control = page.context.new_cdp_session(page)
    control.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    made = control.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return control, made["authenticatorId"]


def let_it_age(server: RunningServer) -> None:
    """As if an hour had passed since anybody proved their second factor."""
    with server.engine.database.write() as connection:
        connection.execute(update(proofs).values(proved_at=instant(server.engine.clock() - timedelta(hours=1))))


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh-Hans", "dark")])
def test_a_passkey_is_set_up_signs_in_and_lets_a_payment_go(
    playwright: Playwright, server: RunningServer, language: str, scheme: str
) -> None:
    world = server.people()
    world.update(world.payer, "user", world.now("user", world.payer.id), language=language)
    world.account(world.anna)
    batch = world.batch(*world.approved(30000))
    page = desk(playwright, server, "pia", language)
    page.emulate_media(color_scheme=scheme)
    control, key = security_key(page)
    found: dict[str, list[str]] = {}

    def see(name: str) -> None:
        page.locator("h1").wait_for()
        found[name] = violations(page)
        look(page, f"passkey-{language}", name)

    see("set-up")
    page.locator("[data-passkey=make] button").press("Enter")
    page.get_by_test_id("codes").wait_for()
    page.click("main a.primary")
    page.locator("form[action='/logout'] button").click()
    page.fill("[name=username]", "pia")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    button = page.locator("[data-passkey=show] button")
    button.wait_for()
    control.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    button.press("Enter")
    page.locator("[data-passkey] [role=alert]", has_text=say("passkey.cancelled", language)).wait_for()
    see("code")
    control.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    button.press("Enter")
    page.wait_for_url("**/finance/")

    page.goto(f"{server.address}/account/passkeys/new")
    see("new")
    page.locator("[name=name]").press("Enter")
    page.locator("[data-passkey] [role=alert]", has_text=say("error.passkey_taken", language)).wait_for()
    page.goto(f"{server.address}/account/second-factor")
    see("own")

    let_it_age(server)
    page.goto(f"{server.address}/payments/batches/{batch['id']}")
    page.get_by_test_id("export").click()
    page.locator("[name=proof_code]").wait_for()
    see("step-up")
    assert server.find("payment_batch")[0]["status"] == "draft"
    page.locator("[data-passkey=show] button").press("Enter")
    page.get_by_test_id("bank-file").wait_for()
    assert server.find("payment_batch")[0]["status"] == "exported"
    close(page)
    assert {name: items for name, items in found.items() if items} == {}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_passkey_is_renamed_and_removed_and_the_administrator_sees_which_are_left(
    playwright: Playwright, server: RunningServer, language: str
) -> None:
    world = server.people()
    for person in (world.finance, world.people["ada"]):
        world.update(person, "user", world.now("user", person.id), language=language)
    page = desk(playwright, server, "fei", language)
    control, lost = security_key(page)
    page.locator("[data-passkey=make] button").press("Enter")
    page.get_by_test_id("codes").wait_for()
    control.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": lost})
    security_key(page)
    page.goto(f"{server.address}/account/passkeys/new")
    page.fill("[name=name]", "Blue key")
    page.locator("[data-passkey=make] button").press("Enter")
    mine = page.get_by_test_id("passkey")
    newer = mine.filter(has_text="Blue key")
    newer.wait_for()

    newer.locator("[name=name]").fill("蓝色钥匙 <b>")
    newer.locator("[name=name]").press("Enter")
    mine.filter(has_text="蓝色钥匙 <b>").wait_for()
    look(page, f"passkey-{language}", "two-of-them")
    assert mine.count() == 2
    mine.filter(has_not_text="蓝色钥匙").locator("button.danger").click()
    page.locator("[role=status]", has_text=say("passkey.removed", language)).wait_for()
    assert [item.locator("strong").inner_text() for item in mine.all()] == ["蓝色钥匙 <b>"]
    mine.locator("button.danger").click()
    page.locator(".flash.refused", has_text=say("error.passkey_last", language)).wait_for()
    look(page, f"passkey-{language}", "the-last-one-stays")
    assert violations(page) == []
    assert mine.count() == 1

    page.locator("form[action='/logout'] button").click()
    page.fill("[name=username]", "fei")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.locator("[data-passkey=show] button").press("Enter")
    page.wait_for_url("**/finance/")
    close(page)

    page = desk(playwright, server, "ada", language)
    page.goto(f"{server.address}/admin/users/{world.finance.id}")
    page.locator("main li", has_text="蓝色钥匙 <b>").wait_for()
    look(page, f"passkey-{language}", "at-the-administrator")
    assert violations(page) == []
    close(page)


def close(page: Page) -> None:
    browser = page.context.browser
    assert browser
    browser.close()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_at_an_address_without_a_domain_the_page_says_so_and_the_app_is_there(
    playwright: Playwright, server: RunningServer, language: str
) -> None:
    world = server.people()
    world.update(world.finance, "user", world.now("user", world.finance.id), language=language)
    server.host = "127.0.0.1"
    page = desk(playwright, server, "fei", language)
    page.locator("main", has_text=f"http://localhost:{server.port}").wait_for()
    look(page, f"passkey-{language}", "elsewhere")
    assert page.locator("[data-passkey]").count() == 0
    assert page.locator("svg").count()
    close(page)
