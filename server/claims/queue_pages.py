"""The queue of the money desk, and the filters that a person keeps."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import actor, page_for
from server.claims import queue, saved
from server.claims.comments import claims_with_new
from server.claims.desk_index import RANK
from server.claims.filters import AGES, SORTS, STATES, STATUS_GROUPS, read_filter
from server.claims.states import JUDGED
from server.claims.waiver_list import marks_of
from server.pages import attempt, done, known, read_page
from server.receipts.records import CATEGORIES
from server.services import services
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("queue", __name__, url_prefix="/finance")
KEYS_OF_QUEUE = (
    ("j k ↓ ↑", "move"),
    ("Enter", "open"),
    ("x", "select"),
    ("/", "search"),
    ("Esc", "escape"),
    ("?", "help"),
)


@blueprint.get("/")
@page_for("finance", "manager")
def show() -> str:
    """Lines, or the claims that hold them, sorted by what can be decided now."""
    look = looking()
    after = request.args.get("after", "")
    by_claim = request.args.get("by") == "claim"

    def view(read: Transaction) -> str:
        statuses = queue.by_status(read, look)
        chosen = [count for count in statuses if count.key in look.wanted.states]
        page = (queue.claims_page if by_claim else queue.lines_page)(read, look, after)
        return render_template(
            "claims/queue.html",
            page=page,
            commented=claims_with_new(read, {row["claim_id"] for row in page.rows}),
            waivers={}
            if by_claim
            else marks_of(read, [row["line_id"] for row in page.rows if row["status"] in JUDGED]),
            by_claim=by_claim,
            is_first=not after,
            wanted=look.wanted,
            tabs=_tabs(statuses),
            lines=sum(count.lines for count in chosen),
            money=_together(chosen),
            reasons=queue.by_reason(read, look),
            today=look.today,
            keys=KEYS_OF_QUEUE,
            saved=read.find("saved_filter", owner_id=actor().id),
            **_choices(read),
        )

    return read_page(view)


@blueprint.post("/filters")
@page_for("finance", "manager")
def keep_filter() -> Response:
    """Keep a filter under a name."""
    query = read_filter(_args_of(request.form.get("query", ""))).query()
    name = request.form.get("name", "").strip()
    if attempt(lambda write: saved.keep(write, name, query)):
        done("desk.filter_kept", name=name)
    return redirect(f"/finance/?{query}", 303)


@blueprint.post("/filters/<filter_id>/forget")
@page_for("finance", "manager")
def forget_filter(filter_id: str) -> Response:
    """Take a kept filter away."""

    def work(write: Transaction) -> bool:
        saved.forget(write, known(write, "saved_filter", filter_id))
        return True

    if attempt(work):
        done("desk.filter_forgotten")
    return redirect("/finance/", 303)


def looking() -> queue.Looking:
    """The filter of this request's address, as of today."""
    return queue.Looking(read_filter(request.args), services().today(), services().config.time_zone)


def _waits(row: Record) -> bool:
    return row["status"] in JUDGED


def _args_of(query: str) -> dict[str, str]:
    return dict(parse_qsl(query[:1000]))


def _tabs(statuses: list[queue.Count]) -> list[tuple[str, int]]:
    """The states that one looks at, each with its number of lines."""
    groups = {"open": STATUS_GROUPS["open"]} | {
        state: (state,) for state in sorted(STATES, key=RANK.__getitem__) if state != "submitted"
    }
    groups["all"] = STATES
    return [(name, sum(count.lines for count in statuses if count.key in group)) for name, group in groups.items()]


def _together(counts: list[queue.Count]) -> dict[str, int]:
    money: dict[str, int] = {}
    for count in counts:
        for currency, amount in count.money.items():
            money[currency] = money.get(currency, 0) + amount
    return money


def _choices(read: Transaction) -> dict[str, Any]:
    return {
        "technicians": read.find("user", role="technician"),
        "sites": queue.site_names(read),
        "categories": CATEGORIES,
        "ages": AGES,
        "sorts": SORTS,
        "states": STATES,
    }
