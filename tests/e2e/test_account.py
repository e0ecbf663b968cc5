"""An account that finance entered is confirmed on its owner's phone, without network."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer


def test_an_account_that_finance_entered_is_confirmed_without_network(
    new_phone: Callable[..., Phone], server: RunningServer
) -> None:
    world = server.people()
    world.trip()
    about = {"holder_name": "Anna", "bank_name": "Bank of Hangzhou", "account_number": "62220001"}
    world.create(world.finance, "bank_account", user_id=world.anna.id, **about)
    phone = new_phone("en-US")
    phone.log_in()
    phone.wait_synced()
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.get_by_test_id("account-to-confirm").wait_for()
    server.kill()
    phone.show("en", "account-to-confirm")
    phone.tap("account-confirm")
    phone.page.get_by_test_id("state-phone").wait_for()
    server.start()
    phone.wait_synced()
    [account] = server.find("bank_account")
    assert (account["status"], account["judged_by"]) == ("confirmed", world.anna.id)
