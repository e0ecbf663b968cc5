"""Who has a second factor signs in on the phone: the code is asked for after the right password, and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest

from server.accounts import second_factor
from server.i18n import say
from sync.actor import SYSTEM
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.server.passwords import PASSWORD


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "server", second_factor="finance")
    running.start()
    yield running
    running.kill()
    running.engine.database.engine.dispose()


def with_an_app(server: RunningServer, user_id: str) -> tuple[pyotp.TOTP, list[str]]:
    """The person's authenticator app, and their recovery codes."""
    secret = second_factor.new_secret()
    app, key = pyotp.TOTP(secret), server.services.config.secret_key
    code = app.at(server.engine.clock())
    return app, server.engine.write(SYSTEM, lambda write: second_factor.enrol(write, user_id, secret, code, key))


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("en", "en-US")])
def test_the_phone_asks_for_a_code_and_takes_the_apps_or_a_recovery_code(
    new_phone: Callable[..., Phone], server: RunningServer, language: str, locale: str
) -> None:
    world = server.people()
    phone = new_phone(locale)

    def sign_in(**fields: str) -> None:
        phone.fill(username="fei", **fields)
        phone.tap("login-submit")

    def reads(key: str) -> None:
        phone.page.get_by_test_id("login-error").filter(has_text=say(key, language)).wait_for()

    sign_in(password=PASSWORD)
    reads("error.second_factor_needed")
    assert phone.sees("field-code") == 0
    app, recovery = with_an_app(server, world.finance.id)
    sign_in(password="not this one")
    reads("error.invalid_credentials")
    assert phone.sees("field-code") == 0
    sign_in(password=PASSWORD)
    reads("error.code_needed")
    phone.show(language, "60-code-needed")
    assert violations(phone.page) == []
    sign_in(code="000000")
    reads("error.code_wrong")
    phone.show(language, "61-code-wrong")
    sign_in(code=app.at(server.engine.clock(), counter_offset=1))
    phone.page.locator("main a[href='/finance/']").wait_for()

    other = new_phone(locale)
    other.fill(username="fei", password=PASSWORD)
    other.tap("login-submit")
    other.fill(code=recovery[0])
    other.tap("login-submit")
    other.page.locator("main a[href='/finance/']").wait_for()
