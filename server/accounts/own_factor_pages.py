"""A person's own second factor: since when, how many recovery codes are left, another phone, the passkeys."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts import passkey_offer, passkeys, recovery_codes, second_factor, second_step
from server.accounts.gate import actor, current_user, page_for
from server.accounts.second_step_pages import way_on
from server.config import DESK_ROLES
from server.pages import read_page, refuse
from server.problems import Problem
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("own_factor", __name__, url_prefix="/account")
_PAGE = "/account/second-factor"


@blueprint.get("/second-factor")
@page_for(*DESK_ROLES)
def shown() -> str:
    """What the person signs in with beside the password."""
    person = current_user()
    offer = passkey_offer.offer(person["id"])

    def view(read: Transaction) -> str:
        return render_template(
            "accounts/second_factor.html",
            since=second_factor.since(read.connection, person["id"]),
            app_since=second_factor.enrolled_at(read.connection, person["id"]),
            mine=passkeys.of_person(read.connection, person["id"]),
            passkeys=offer,
            codes_left=recovery_codes.left(read.connection, person["id"]),
            is_required=second_step.is_required(person),
        )

    return read_page(view)


@blueprint.post("/second-factor/codes")
@page_for(*DESK_ROLES)
def renew_codes() -> Response:
    """Ten new recovery codes, shown once, for one who shows a code or a passkey."""
    person = current_user()
    shown = passkey_offer.shown_by(actor(), "code", "passkey")
    try:
        codes = second_step.renew_recovery_codes(person["id"], shown, request.remote_addr or "")
    except Problem as problem:
        return _told(problem)
    return make_response(render_template("accounts/recovery_codes.html", codes=codes, person=person, next=_PAGE))


@blueprint.post("/second-factor/set-up")
@page_for(*DESK_ROLES)
def set_up() -> Response:
    """A first second factor, or another in its place for one who shows the old one."""
    person = current_user()
    has_one = second_step.has_second_factor(person)
    if has_one:
        shown = passkey_offer.shown_by(actor(), "code", "passkey")
        try:
            second_step.prove(person["id"], shown, request.remote_addr or "")
        except Problem as problem:
            return _told(problem)
    return redirect(way_on(second_step.begin(person, _PAGE, may_replace=has_one)), 303)


def _told(problem: Problem) -> Response:
    refuse(Refused(problem.code, params=problem.params))
    return redirect(_PAGE, 303)
