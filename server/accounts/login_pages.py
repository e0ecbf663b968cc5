"""Signing in to the desks."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask import session as form_session
from werkzeug.wrappers import Response

from server.accounts import second_step, sessions
from server.accounts.gate import current_user, enter_by_cookies, set_cookies
from server.accounts.second_step_pages import entered, way_on
from server.cookies import keep_cookie, read_cookie
from server.i18n import LANGUAGE_COOKIE, LANGUAGES
from server.pages import HOMES, words
from server.problems import Problem
from server.services import engine
from sync.errors import Refused
from sync.transaction import change_of

blueprint = Blueprint("login", __name__)
_YEAR = timedelta(days=365)


@blueprint.get("/login")
def form() -> str:
    """Name and password."""
    return render_template("accounts/login.html", next=own_path(request.args.get("next", "")))


@blueprint.post("/login")
def log_in() -> Response:
    """Sign in, and go where the person wanted to go, or on to the second step."""
    wanted = own_path(request.form.get("next", ""))
    name = request.form.get("username", "")
    try:
        user = sessions.authenticate(name, request.form.get("password", ""), request.remote_addr or "")
    except Problem as problem:
        sentence = words(Refused(problem.code, params=problem.params))
        page = render_template("accounts/login.html", next=wanted, refused=sentence, name=name)
        return make_response(page, problem.status, problem.headers)
    form_session.clear()
    if second_step.is_asked(user):
        return redirect(way_on(second_step.begin(user, wanted)), 303)
    return entered(user, redirect(wanted or HOMES[user["role"]], 303), is_proved=False)


@blueprint.post("/logout")
def log_out() -> Response:
    """Sign out of the desks on this browser."""
    token = read_cookie("refresh")
    if token:
        sessions.log_out(token)
    form_session.clear()
    return set_cookies(make_response(redirect("/login", 303)), None)


@blueprint.post("/language")
def choose_language() -> Response:
    """Speak another language, here and wherever the person signs in."""
    chosen = request.form.get("language", "")
    answer = make_response(redirect(own_path(request.form.get("next", "")) or "/", 303))
    if chosen not in LANGUAGES:
        return answer
    keep_cookie(answer, LANGUAGE_COOKIE, chosen, _YEAR)
    try:
        enter_by_cookies()
    except Problem:
        return answer
    change = change_of("user", current_user(), {"language": chosen})
    engine().write(g.actor, lambda write: write.apply(change))
    return answer


def own_path(wanted: str) -> str:
    """A path on this server, else nothing; what a browser could read as another host is none."""
    is_own = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable()
    return wanted if is_own and "\\" not in wanted else ""
