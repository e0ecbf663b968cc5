"""A person's notices at the desk: the list behind the bell."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import actor, current_user, page_for
from server.notices.choices import choice_of, choose, kinds_for
from server.notices.queries import address_of, newest
from server.notices.words import notice_words
from server.pages import attempt, done, known, read_page
from server.services import services
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.get("")
@page_for()
def show() -> str:
    """The newest notices, the unread ones marked."""

    def view(read: Transaction) -> str:
        found = newest(read, actor().id)
        about = {"words": notice_words, "address": lambda notice: address_of(notice, current_user()["role"])}
        return render_template("notices/notices.html", found=found, **about)

    return read_page(view)


@blueprint.post("/<notice_id>/open")
@page_for()
def open_notice(notice_id: str) -> Response:
    """The notice is read, and the person goes where it leads."""

    def work(write: Transaction) -> Record:
        return write.update("notice", known(write, "notice", notice_id), {"is_read": True})

    notice = attempt(work)
    address = address_of(notice, current_user()["role"]) if notice else ""
    return redirect(address or "/notices", 303)


@blueprint.post("/read")
@page_for()
def read_all() -> Response:
    """Everything is read."""

    def work(write: Transaction) -> int:
        unread = write.find("notice", person_id=actor().id, is_read=False)
        for notice in unread:
            write.update("notice", notice, {"is_read": True})
        return len(unread)

    if attempt(work):
        done("notices.now_read")
    return redirect("/notices", 303)


@blueprint.get("/choices")
@page_for()
def show_choices() -> str:
    """What the person wants by e-mail, and when not."""

    def view(read: Transaction) -> str:
        kinds = kinds_for(current_user()["role"])
        config = services().config
        about = {"kinds": kinds, "can_mail": config.mail is not None, "time_zone": config.time_zone}
        return render_template("notices/choices.html", chosen=choice_of(read, actor().id), **about)

    return read_page(view)


@blueprint.post("/choices")
@page_for()
def save_choices() -> Response:
    """Keep it."""
    fields = {name: request.form.get(name, "").strip() for name in ("mail_address", "quiet_from", "quiet_until")}
    kinds = {"mail_kinds": request.form.getlist("mail_kinds")}
    if attempt(lambda write: choose(write, fields | kinds)):
        done("notices.choice_kept")
    return redirect("/notices/choices", 303)
