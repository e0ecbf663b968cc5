"""A person's own passkeys: added, named and removed on the account page; and the browser's orders for each ceremony."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import passkey_offer, second_step
from server.accounts.gate import actor, current_user, page_for
from server.accounts.second_step import Shown
from server.accounts.step_up import freshly_proved, is_fresh
from server.config import DESK_ROLES
from server.pages import attempt, done, known, refuse
from server.problems import Problem
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("passkeys", __name__)
_PAGE = "/account/second-factor"


@blueprint.post("/login/passkey")
def orders_at_sign_in() -> Response:
    """For whoever showed the right password: to show a passkey, or to make the first one."""
    from server.accounts import passkey_orders

    try:
        waiting, user = second_step.waiting_person()
        if waiting.enrols:
            return passkey_orders.orders_to_make(user, second_step.step_of(waiting))
        return passkey_orders.orders_to_show(user["id"], second_step.step_of(waiting))
    except Problem as problem:
        return problem.response()


@blueprint.post("/account/passkeys/show")
@page_for(*DESK_ROLES)
def orders_to_show() -> Response:
    """For whoever is in: to show a passkey again."""
    from server.accounts import passkey_orders

    try:
        return passkey_orders.orders_to_show(actor().id, passkey_offer.proof_of(actor()))
    except Problem as problem:
        return problem.response()


@blueprint.post("/account/passkeys/make")
@page_for(*DESK_ROLES)
def orders_to_make() -> Response:
    """For whoever is in, and has just proved it: to make another passkey."""
    from server.accounts import passkey_orders

    if not is_fresh() or not second_step.has_second_factor(current_user()):
        return Problem(403, "proof_needed").response()
    try:
        return passkey_orders.orders_to_make(current_user(), _new())
    except Problem as problem:
        return problem.response()


@blueprint.route("/account/passkeys/new", methods=["GET", "POST"])
@page_for(*DESK_ROLES)
@freshly_proved()
def new() -> BaseResponse | str:
    """A name, and the button that makes a passkey. The first second factor is set up as at the sign-in."""
    if not second_step.has_second_factor(current_user()):
        return redirect(_PAGE, 303)
    offer = passkey_offer.offer(actor().id)
    return render_template("accounts/new_passkey.html", passkeys=offer, name=passkey_offer.usual_name())


@blueprint.post("/account/passkeys")
@page_for(*DESK_ROLES)
@freshly_proved(lambda: bool(request.form.get("passkey")))
def add() -> BaseResponse:
    """Take the new passkey in."""
    if not second_step.has_second_factor(current_user()):
        return redirect(_PAGE, 303)
    name = request.form.get("name", "").strip() or passkey_offer.usual_name()
    try:
        second_step.add_passkey(actor().id, name, Shown("", request.form.get("passkey", ""), _new()))
        done("passkey.added")
    except Problem as problem:
        refuse(Refused(problem.code, params=problem.params))
    except Refused as refused:
        refuse(refused)
    return redirect(_PAGE, 303)


@blueprint.post("/account/passkeys/<passkey_id>/name")
@page_for(*DESK_ROLES)
def rename(passkey_id: str) -> BaseResponse:
    """Call it something else."""
    return _changed(passkey_id, {"name": request.form.get("name", "").strip()}, "page.saved")


@blueprint.post("/account/passkeys/<passkey_id>/remove")
@page_for(*DESK_ROLES)
@freshly_proved()
def remove(passkey_id: str) -> BaseResponse:
    """It opens nothing any more."""
    return _changed(passkey_id, {"status": "removed"}, "passkey.removed")


def _changed(passkey_id: str, fields: dict[str, str], said: str) -> BaseResponse:
    def work(write: Transaction) -> Record:
        passkey = known(write, "passkey", passkey_id)
        if passkey["user_id"] != actor().id:
            raise Problem(404, "not_found")
        return write.update("passkey", passkey, fields)

    if attempt(work):
        done(said)
    return redirect(_PAGE, 303)


def _new() -> str:
    return f"new:{actor().id}:{actor().device_id}"
