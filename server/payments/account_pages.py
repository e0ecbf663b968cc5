"""Where people's money goes: each their own account, finance everybody's; and how the bank wants its file."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import actor, page_for
from server.accounts.step_up import freshly_proved
from server.i18n import say
from server.pages import attempt, done, known, read_page
from server.payments.bank_file import columns_of
from server.payments.export import accounts_of, setting
from server.payments.queries import account_history
from server.payments.records import COLUMNS, ENCODINGS, SEPARATORS
from server.problems import Problem
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("bank_accounts", __name__, url_prefix="/payments")
_FIELDS = ("holder_name", "bank_name", "bank_code", "account_number")
_CHOICES = {
    "separator": tuple(SEPARATORS),
    "encoding": tuple(ENCODINGS),
    "amount_format": ("yuan", "fen"),
    "summary": ("none", "first", "last"),
}
_ANSWERS = (
    "result_reference",
    "result_amount",
    "result_outcome",
    "result_bank_reference",
    "result_reason",
    "paid_words",
    "failed_words",
)


@blueprint.get("/accounts")
@page_for("finance")
def accounts() -> str:
    """Every technician with the end of their account's number."""

    def view(read: Transaction) -> str:
        people = [user for user in read.find("user", status="active") if user["role"] == "technician"]
        known_accounts = accounts_of(read, [user["id"] for user in people])
        return render_template("payments/accounts.html", people=people, accounts=known_accounts)

    return read_page(view)


@blueprint.get("/accounts/<user_id>")
@page_for("finance")
def account(user_id: str) -> str:
    """One person's account, to be entered or changed, with who did so before."""
    return read_page(lambda read: _account_form(read, user_id, f"/payments/accounts/{user_id}"))


@blueprint.post("/accounts/<user_id>")
@page_for("finance")
@freshly_proved()
def save_account(user_id: str) -> Response:
    """Keep a person's account."""
    _save(user_id)
    return redirect(f"/payments/accounts/{user_id}", 303)


@blueprint.get("/account")
@page_for()
def own_account() -> str:
    """The visitor's own account."""
    return read_page(lambda read: _account_form(read, actor().id, "/payments/account"))


@blueprint.post("/account")
@page_for()
@freshly_proved()
def save_own_account() -> Response:
    """Keep the visitor's own account."""
    _save(actor().id)
    return redirect("/payments/account", 303)


@blueprint.post("/accounts/<user_id>/judgement")
@page_for()
@freshly_proved()
def judge_account(user_id: str) -> Response:
    """The owner confirms or contests an account that others entered; a manager confirms it with a reason."""
    version = request.form.get("version", "")

    def work(write: Transaction) -> Record:
        found = accounts_of(write, [user_id]).get(user_id)
        if found is None:
            raise Problem(404, "not_found")
        seen = found | {"version": int(version) if version.isdecimal() and len(version) < 9 else 0}
        fields = {"status": request.form.get("status", "")}
        if user_id != actor().id:
            fields["reason"] = request.form.get("reason", "").strip()
        return write.update("bank_account", seen, fields)

    judged = attempt(work)
    if judged:
        done(f"payments.account_{judged['status']}")
    return redirect("/payments/account" if user_id == actor().id else "/payments/", 303)


@blueprint.get("/layout")
@page_for("finance", "manager")
def layout() -> str:
    """How the bank wants its file."""

    def view(read: Transaction) -> str:
        found = setting(read, "bank_layout")
        columns = columns_of(found)
        spare = [{"holds": "", "header": ""}] * (len(COLUMNS) - len(columns))
        return render_template(
            "payments/layout.html",
            layout=found,
            columns=[*columns, *spare],
            kinds=COLUMNS,
            choices=_CHOICES,
            answers=_ANSWERS,
        )

    return read_page(view)


@blueprint.post("/layout")
@page_for("finance", "manager")
@freshly_proved()
def save_layout() -> Response:
    """Keep how the bank wants its file."""
    pairs = zip(request.form.getlist("holds"), request.form.getlist("header"), strict=False)
    columns = [{"holds": holds, "header": header.strip() or holds} for holds, header in pairs if holds]
    fields = {name: request.form.get(name, "").strip() for name in ("purpose", *_ANSWERS)} | {"columns": columns}
    fields |= {name: request.form.get(name, "") for name in _CHOICES}

    def work(write: Transaction) -> Record:
        known_layout = write.find("bank_layout")
        return (
            write.update("bank_layout", known_layout[0], fields)
            if known_layout
            else write.create("bank_layout", fields)
        )

    if attempt(work):
        done("page.saved")
    return redirect("/payments/layout", 303)


def _account_form(read: Transaction, user_id: str, address: str) -> str:
    found = accounts_of(read, [user_id]).get(user_id)
    return render_template(
        "payments/account.html",
        person=known(read, "user", user_id),
        account=found or {},
        address=address,
        history=account_history(read, found) if found else [],
        people={user["id"]: user for user in read.find("user")},
    )


def _save(user_id: str) -> None:
    fields = {name: request.form.get(name, "").strip() for name in _FIELDS}
    fields["account_number"] = _number(fields["account_number"])
    if fields["account_number"] != _number(request.form.get("again", "")):
        flash(say("error.account_typed_twice"), "refused")
    elif attempt(lambda write: _kept(write, user_id, fields)):
        done("page.saved")


def _kept(write: Transaction, user_id: str, fields: Mapping[str, str]) -> Record:
    known(write, "user", user_id)
    found = write.find("bank_account", user_id=user_id)
    if found:
        return write.update("bank_account", found[0], fields)
    return write.create("bank_account", {"user_id": user_id, **fields})


def _number(text: str) -> str:
    """An account's number as it is compared: without spaces and hyphens, in capitals."""
    return "".join(text.replace("-", "").split()).upper()
