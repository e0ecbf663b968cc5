"""Who may come in: decorators for calls and pages. Role and standing are read from the database at every request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import quote

from flask import Response, after_this_request, flash, g, make_response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import sessions
from server.accounts.sessions import Session
from server.cookies import keep_cookie, read_cookie
from server.i18n import say
from server.notices.queries import unread_count
from server.problems import Problem
from sync.actor import Actor
from sync.change import Record

P = ParamSpec("P")
R = TypeVar("R")
PAGE_SESSION_LASTS = timedelta(days=7)
"""How long a browser that nobody uses stays signed in."""
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]


def actor() -> Actor:
    """Who acts in this request."""
    who: Actor = g.actor
    return who


def current_user() -> Record:
    """The user record of the one who acts."""
    user: Record = g.user
    return user


def signed_in(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let in a call with a good access token in its header, of one of the roles (of any, where none is named)."""
    return _gate(_enter_by_bearer, roles)


def signed_in_or_page(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """As `signed_in`, or with a page's cookies: for what pages show, never for what changes anything."""
    return _gate(_enter_either_way, roles)


def page_for(*roles: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let in a page of one of the roles; a stranger is sent to sign in, and comes back afterwards."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                enter_by_cookies()
            except Problem as problem:
                return to_login(problem)
            _check_role(roles)
            # Note: asked before the page reads or writes, since a second connection inside could wait for ever.
            g.unread_notices = unread_count(actor().id)
            return view(*args, **kwargs)

        return guarded

    return decorate


def to_login(problem: Problem | None = None) -> BaseResponse:
    """The way to the sign-in page, and back to where the person wanted to go. One who was shut out reads why."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    answer = redirect(f"/login?next={quote(wanted)}" if wanted not in ("", "/") else "/login")
    if problem is None or not problem.wipe:
        return answer
    flash(say(f"error.{problem.code}"), "refused")
    return set_cookies(make_response(answer), None)


def enter_by_cookies() -> None:
    """Recognise a page's visitor. An access token that has run out is replaced. Raises Problem for a stranger."""
    try:
        _enter(*sessions.person_of(read_cookie("access")))
    except Problem as problem:
        token = read_cookie("refresh")
        if problem.wipe or not token:
            raise
        # Note: tabs that renew at the same time all get the same successor, so none of them looks like a thief.
        session = sessions.refresh(token)
        _enter(session.user, session.device)
        after_this_request(lambda response: set_cookies(response, session))


def set_cookies(response: Response, session: Session | None) -> Response:
    """Give a page's visitor the tokens of a session, or take them away."""
    tokens = {"access": session.access_token, "refresh": session.refresh_token} if session else {}
    for kind in ("access", "refresh"):
        keep_cookie(response, kind, tokens.get(kind, ""), PAGE_SESSION_LASTS if session else timedelta())
    return response


def _gate(enter: Callable[[], None], roles: tuple[str, ...]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            enter()
            _check_role(roles)
            return view(*args, **kwargs)

        return cast("Callable[P, R]", Blueprint.doc(security=_SECURITY)(guarded))

    return decorate


def _check_role(roles: tuple[str, ...]) -> None:
    if roles and not actor().is_any(*roles):
        raise Problem(403, "forbidden")


def _enter_by_bearer() -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Problem(401, "token_missing", headers={"WWW-Authenticate": "Bearer"})
    _enter(*sessions.person_of(token.strip()))


def _enter_either_way() -> None:
    if request.headers.get("Authorization"):
        _enter_by_bearer()
    elif read_cookie("access") or read_cookie("refresh"):
        enter_by_cookies()
    else:
        raise Problem(401, "token_missing", headers={"WWW-Authenticate": "Bearer"})


def _enter(user: Record, device: Record) -> None:
    g.user = user
    g.actor = sessions.actor_for(user, device)
