"""The cookies of the pages."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from server.config import Config
from server.services import services


def cookie_name(kind: str, config: Config) -> str:
    """The cookie's name; with the prefix that binds it to this host, where the server runs by HTTPS."""
    return f"__Host-{kind}" if config.is_secure else f"fieldclaim_{kind}"


def read_cookie(kind: str) -> str:
    """What the browser sent; empty where it sent nothing."""
    return request.cookies.get(cookie_name(kind, services().config), "")


def keep_cookie(answer: Response, kind: str, value: str, lasts: timedelta) -> None:
    """Give the browser a cookie that no script reads; one that lasts no time is taken away."""
    config = services().config
    answer.set_cookie(
        cookie_name(kind, config),
        value,
        max_age=int(lasts.total_seconds()),
        secure=config.is_secure,
        httponly=True,
        samesite="Lax",
    )


class FormSessions(SecureCookieSessionInterface):
    """What Flask keeps for forms, in a signed cookie. A request without it, as a phone's, costs no check."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)
