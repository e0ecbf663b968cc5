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
    browser = page.context.browser
    assert browser
    browser.close()
    assert {name: items for name, items in found.items() if items} == {}


def test_at_an_address_without_a_domain_the_page_says_so_and_the_app_is_there(
    playwright: Playwright, server: RunningServer
) -> None:
    server.people()
    server.host = "127.0.0.1"
    page = desk(playwright, server, "fei", "en-US")
    page.locator("main", has_text=f"http://localhost:{server.port}").wait_for()
    assert page.locator("[data-passkey]").count() == 0
    assert page.locator("svg").count()
    browser = page.context.browser
    assert browser
    browser.close()
