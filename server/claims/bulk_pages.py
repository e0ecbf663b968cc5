"""Approving many clear lines: a summary first, then a page that names what was approved and what was not."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from server.accounts.gate import actor, page_for
from server.accounts.step_up import freshly_proved
from server.claims import bulk, queue
from server.claims.queue_pages import looking
from server.pages import read_page, reading, words
from server.services import engine
from sync.change import Record, is_id
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("bulk", __name__, url_prefix="/finance")


def _approves_second() -> bool:
    """Whether one of the lines waits for the second of two approvals."""
    ids = [pair[0] for text in request.form.getlist("line")[: bulk.MOST] if (pair := _id_and_version(text))]
    return reading(lambda read: any(line["endorsed_by"] for line in read.find_any("claim_line", "id", ids)))


@blueprint.get("/approve")
@page_for("finance", "manager")
def summary() -> str:
    """What would be approved, its sum, and what is left out and why."""
    look = looking()

    def view(read: Transaction) -> str:
        chosen = request.args.getlist("line")
        found = bulk.of_filter(read, look) if request.args.get("all") else bulk.of_chosen(read, chosen)
        return render_template("claims/approve.html", summary=found, query=look.wanted.query(), most=bulk.MOST)

    return read_page(view)


@blueprint.post("/approve")
@page_for("finance", "manager")
@freshly_proved(_approves_second)
def approve() -> str:
    """Approve what the summary showed, line by line."""
    asked = [pair for text in request.form.getlist("line")[: bulk.MOST] if (pair := _id_and_version(text))]
    refused = {line_id: why for line_id, version in asked if (why := _attempt(line_id, version))}
    shown = reading(lambda read: queue.lines_named(read, [line_id for line_id, _ in asked]))
    approved = [line for line in shown if line["line_id"] not in refused]
    return render_template(
        "claims/approved.html",
        approved=approved,
        money=bulk.money_of(approved),
        refused=[(line, refused[line["line_id"]]) for line in shown if line["line_id"] in refused],
    )


def _attempt(line_id: str, version: int) -> str:
    """Approve one line. Gives why not, or nothing."""

    def work(write: Transaction) -> Record:
        return bulk.approve(write, line_id, version)

    try:
        engine().write(actor(), work)
    except Refused as refused:
        return words(refused)
    return ""


def _id_and_version(text: str) -> tuple[str, int] | None:
    line_id, _, version = text.partition(":")
    return (line_id, int(version)) if is_id(line_id) and version.isdecimal() and len(version) < 9 else None
