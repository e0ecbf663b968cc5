"""Sitting down at a desk: a browser without JavaScript, and somebody who has signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webtest import TestApp

from server.cookies import cookie_name
from tests.server.api import give_password, session_of
from tests.server.world import World

Desk = Callable[[str], TestApp]
"""Signs a person in, by name."""


def desks_of(app: Any, world: World) -> Desk:
    """The desks of a company whose people are there."""
    people = {
        "anna": world.anna,
        "fei": world.finance,
        "pia": world.payer,
        "wen": world.warehouse,
        "dan": world.dispatcher,
        "ming": world.manager,
        "ada": world.person("ada", "admin"),
    }

    def sign_in(name: str) -> TestApp:
        person = people[name]
        give_password(app.extensions["fieldclaim"], person)
        if world.now("user", person.id)["language"] != "en":
            world.update(person, "user", world.now("user", person.id), language="en")
        return signed_in_browser(app, name)

    return sign_in


def signed_in_browser(app: Any, username: str) -> TestApp:
    """A browser at a desk in which a person has signed in."""
    browser = TestApp(app, extra_environ={"HTTP_ACCEPT_LANGUAGE": "en", "HTTP_USER_AGENT": "browser"})
    session = session_of(app, username, "browser")
    for kind, token in (("access", session.access_token), ("refresh", session.refresh_token)):
        browser.set_cookie(cookie_name(kind, app.extensions["fieldclaim"].config), token)
    return browser


def form_of(page: Any, action: str) -> Any:
    """The first form of a page that goes to an address ending so."""
    return next(form for form in page.forms.values() if form.action.endswith(action))
