"""Sitting down at a desk: a browser without JavaScript, signed in by the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webtest import TestApp

from tests.server.api import PASSWORD, give_password
from tests.server.world import World

HOMES = {
    "anna": "/login",
    "fei": "/finance/",
    "pia": "/finance/",
    "ming": "/finance/",
    "wen": "/warehouse/",
    "dan": "/dispatch/",
    "ada": "/admin/",
}
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
        give_password(app.extensions["fieldclaim"], people[name])
        browser = TestApp(app, extra_environ={"HTTP_ACCEPT_LANGUAGE": "en", "HTTP_USER_AGENT": "browser"})
        form = browser.get("/login").forms[1]
        form["username"], form["password"] = name, PASSWORD
        form.submit(status=303)
        if world.now("user", people[name].id)["language"] != "en":
            browser.get(HOMES[name]).forms[0].submit("language", value="en", status=303)
        return browser

    return sign_in


def form_of(page: Any, action: str) -> Any:
    """The first form of a page that goes to an address ending so."""
    return next(form for form in page.forms.values() if form.action.endswith(action))
