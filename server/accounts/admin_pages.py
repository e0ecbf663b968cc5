"""The administrator's desk: users and their devices."""

from __future__ import annotations

import secrets

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts import credentials, passkeys, second_factor, second_step, tokens
from server.accounts.gate import page_for
from server.accounts.records import LANGUAGES, ROLES
from server.accounts.sessions import revoke_device
from server.accounts.step_up import freshly_proved
from server.pages import attempt, done, known, read_page
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
_NEW = ("username", "display_name", "role", "language")
_CHANGEABLE = ("display_name", "role", "status")


@blueprint.get("/")
@page_for("admin")
def users() -> str:
    """Everybody who signs in; the address holds the filter."""
    wanted = {name: request.args.get(name, "").strip() for name in ("q", "role", "status")}

    def view(read: Transaction) -> str:
        everybody = read.find("user")
        return render_template(
            "accounts/users.html",
            people=sorted((user for user in everybody if _fits(user, wanted)), key=_order),
            seen=_seen_by_user(read),
            wanted=wanted,
            roles=ROLES,
            is_alone=len(everybody) == 1,
        )

    return read_page(view)


@blueprint.get("/users/new")
@page_for("admin")
def new_user() -> str:
    """An empty form."""
    return _new_form({})


@blueprint.post("/users")
@page_for("admin")
@freshly_proved()
def add() -> Response:
    """A new user, with a first password that is shown once."""
    password = _first_password()
    fields = {name: request.form.get(name, "").strip() for name in _NEW}
    fields["username"] = fields["username"].lower()

    def work(write: Transaction) -> Record:
        user = write.create("user", fields)
        credentials.set_password(write.connection, user["id"], password)
        return user

    user = attempt(work)
    return _show_once(user, password) if user else make_response(_new_form(fields), 422)


@blueprint.get("/users/<user_id>")
@page_for("admin")
def user(user_id: str) -> str:
    """One user: who they are, whether they may come in, and on what devices."""

    def view(read: Transaction) -> str:
        person = known(read, "user", user_id)
        return render_template(
            "accounts/user.html",
            person=person,
            devices=read.find("device", user_id=user_id)[::-1],
            seen=tokens.last_seen(read.connection),
            password_set_at=credentials.password_set_at(read.connection, user_id),
            enrolled_at=second_factor.since(read.connection, user_id),
            passkeys=passkeys.of_person(read.connection, user_id),
            must_enrol=second_step.is_required(person),
            roles=ROLES,
        )

    return read_page(view)


@blueprint.post("/users/<user_id>")
@page_for("admin")
@freshly_proved()
def change(user_id: str) -> Response:
    """Another name, another role, disabled or let in again. One who is let in again signs in anew."""
    given = {name: request.form[name].strip() for name in _CHANGEABLE if name in request.form}

    def work(write: Transaction) -> Record:
        before = known(write, "user", user_id)
        after = write.update("user", before, given)
        if (before["status"], after["status"]) == ("disabled", "active"):
            tokens.end_all_sessions(write, user_id)
        return after

    if attempt(work):
        done("page.saved")
    return _back_to(user_id)


@blueprint.post("/users/<user_id>/password")
@page_for("admin")
@freshly_proved()
def reset_password(user_id: str) -> Response:
    """A new password, shown once; every session of the user ends."""
    password = _first_password()

    def work(write: Transaction) -> Record:
        person = known(write, "user", user_id)
        credentials.set_password(write.connection, user_id, password)
        tokens.end_all_sessions(write, user_id)
        return person

    person = attempt(work)
    return _show_once(person, password) if person else _back_to(user_id)


@blueprint.post("/users/<user_id>/second-factor")
@page_for("admin")
@freshly_proved()
def reset_second_factor(user_id: str) -> Response:
    """Take a lost second factor away; every session ends, and the person sets up another when they sign in."""

    def work(write: Transaction) -> Record:
        known(write, "user", user_id)
        found = write.find("second_factor", user_id=user_id, status="active")
        if not found:
            raise Refused("no_second_factor")
        return write.update("second_factor", found[0], {"status": "reset"})

    if attempt(work):
        done("factor.was_reset")
    return _back_to(user_id)


@blueprint.post("/devices/<device_id>/revoke")
@page_for("admin")
def revoke(device_id: str) -> Response:
    """Shut a lost phone out: it wipes itself at its next contact."""

    def work(write: Transaction) -> Record:
        device = known(write, "device", device_id)
        revoke_device(write, device_id)
        return device

    device = attempt(work)
    if device is None:
        return redirect("/admin/", 303)
    done("admin.revoked")
    return _back_to(device["user_id"])


def _first_password() -> str:
    return secrets.token_urlsafe(9)


def _show_once(person: Record, password: str) -> Response:
    # Note: shown in the answer itself, so that it is kept nowhere: in no cookie, no log and no database.
    return make_response(render_template("accounts/password.html", person=person, password=password))


def _new_form(given: dict[str, str]) -> str:
    return render_template("accounts/new_user.html", given=given, roles=ROLES, languages=LANGUAGES)


def _back_to(user_id: str) -> Response:
    return redirect(f"/admin/users/{user_id}", 303)


def _fits(user: Record, wanted: dict[str, str]) -> bool:
    text = f"{user['username']} {user['display_name']}".lower()
    is_named = wanted["q"].lower() in text
    return is_named and all(wanted[name] in ("", user[name]) for name in ("role", "status"))


def _order(user: Record) -> tuple[bool, int, str]:
    return user["status"] != "active", ROLES.index(user["role"]), user["username"]


def _seen_by_user(read: Transaction) -> dict[str, str]:
    """When each user was last seen, on any device."""
    seen = tokens.last_seen(read.connection)
    newest: dict[str, str] = {}
    for device in read.find("device"):
        user_id = device["user_id"]
        newest[user_id] = max(newest.get(user_id, ""), seen.get(device["id"], ""))
    return newest
