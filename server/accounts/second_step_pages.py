"""The second step of signing in: a code or a passkey, or the setting up of a second factor."""

from __future__ import annotations

import segno
from flask import Blueprint, make_response, redirect, render_template, request
from flask import session as form_session
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.accounts import passkey_offer, second_factor, second_step, sessions
from server.accounts.browser import browser_name, known_devices, remember_device
from server.accounts.gate import set_cookies, to_login
from server.accounts.second_step import Shown, Waiting
from server.pages import HOMES, done, words
from server.problems import Problem
from server.services import services
from sync.change import Record
from sync.errors import Refused

blueprint = Blueprint("second_step", __name__, url_prefix="/login")


def way_on(waiting: Waiting) -> str:
    """Where the second step is made."""
    return "/login/set-up" if waiting.enrols else "/login/code"


def entered(user: Record, answer: Response, *, is_proved: bool) -> Response:
    """The answer, with which the browser becomes the signed-in person's."""
    form_session.clear()
    name = browser_name(request.user_agent.string)
    session = sessions.open_by_page(user, known_devices(), name, is_proved=is_proved)
    made = make_response(answer)
    remember_device(made, session.device["id"])
    return set_cookies(made, session)


@blueprint.get("/code")
def ask() -> Response:
    """A field for the code, and a button for the passkey."""
    return _step(enrols=False, is_sent=False)


@blueprint.post("/code")
def take() -> Response:
    """Come in by a code of the app, a recovery code or a passkey."""
    return _step(enrols=False, is_sent=True)


@blueprint.get("/set-up")
def offer() -> Response:
    """A secret to scan or to type into an app, or a passkey to make."""
    return _step(enrols=True, is_sent=False)


@blueprint.post("/set-up")
def confirm() -> Response:
    """The app's first code proves that it has the secret, or a passkey was made; then come the recovery codes."""
    return _step(enrols=True, is_sent=True)


def _step(*, enrols: bool, is_sent: bool) -> Response:
    try:
        waiting, user = second_step.waiting_person()
    except Problem:
        return to_login()
    if waiting.enrols != enrols:
        return redirect(way_on(waiting), 303)
    if not is_sent:
        return _form(waiting, user)
    try:
        return _enrolled(waiting, user) if enrols else _proved(waiting, user)
    except Problem as problem:
        if problem.code == "token_expired":
            return to_login()
        return _form(waiting, user, problem)


def _proved(waiting: Waiting, user: Record) -> Response:
    shown = Shown(request.form.get("code", ""), request.form.get("passkey", ""), second_step.step_of(waiting))
    codes_left = second_step.prove(user["id"], shown, request.remote_addr or "")
    answer = entered(user, redirect(_target(waiting, user), 303), is_proved=True)
    if codes_left <= second_step.FEW_CODES:
        done("factor.few_codes", count=codes_left)
    return answer


def _enrolled(waiting: Waiting, user: Record) -> Response:
    code, passkey, address = request.form.get("code", ""), request.form.get("passkey", ""), request.remote_addr or ""
    if passkey:
        codes = second_step.enrol_by_passkey(waiting, passkey_offer.usual_name(), passkey, address)
    else:
        codes = second_step.enrol(waiting, code, address)
    # Note: shown in the answer itself, so that they are kept nowhere: in no cookie, no log and no database.
    page = render_template("accounts/recovery_codes.html", codes=codes, person=user, next=_target(waiting, user))
    return entered(user, make_response(page), is_proved=True)


def _target(waiting: Waiting, user: Record) -> str:
    return waiting.wanted or HOMES[user["role"]]


def _form(waiting: Waiting, user: Record, problem: Problem | None = None) -> Response:
    refused = words(Refused(problem.code, params=problem.params)) if problem else ""
    page = _offer_page(waiting, user, refused) if waiting.enrols else _code_page(user, refused)
    return make_response(page, problem.status if problem else 200, problem.headers if problem else {})


def _code_page(user: Record, refused: str) -> str:
    return render_template("accounts/code.html", refused=refused, passkeys=passkey_offer.offer(user["id"]))


def _offer_page(waiting: Waiting, user: Record, refused: str) -> str:
    secret = second_step.offered_secret(waiting)
    issuer = services().config.company_name or "Fieldclaim"
    code = segno.make(second_factor.address_of(secret, user["username"], issuer), micro=False, error="m")
    return render_template(
        "accounts/set_up.html",
        code=Markup(code.svg_inline(scale=5, border=2, light="#fff")),  # noqa: S704 (made here, of one address)
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        is_required=second_step.is_required(user),
        passkeys=None if waiting.replaces else passkey_offer.offer(user["id"]),
        refused=refused,
    )
