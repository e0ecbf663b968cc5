"""The money desk: one claim on one page, its decisions and its print."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.step_up import freshly_proved
from server.claims import queue
from server.claims.advances import balance_of
from server.claims.comments import comments_of
from server.claims.decisions import approval_of, approved_beside, limit_alone, takes_two
from server.claims.delegations import rights_of
from server.claims.filters import read_filter
from server.claims.queries import line_views, undecided
from server.claims.rules.waiving import last_day
from server.claims.seen import all_as_seen, as_seen
from server.i18n import say
from server.pages import attempt, done, known, read_page, reading, typed_minor
from server.places.divisions import all_divisions, granularity
from server.problems import Problem
from server.services import services
from sync.change import Record, is_id
from sync.transaction import Transaction

blueprint = Blueprint("finance", __name__, url_prefix="/finance")
KEYS_OF_CLAIM = (
    ("j k ← →", "move"),
    ("a", "approve"),
    ("r", "refuse"),
    ("t", "return"),
    ("n", "next_claim"),
    ("z Z", "picture_zoom"),
    ("o", "picture_turn"),
    ("Esc", "escape"),
    ("?", "help"),
)

_STEPS = frozenset({"approve", "refuse", "return", "undo", "pay", "disown"})


def _asks_again() -> bool:
    """Whether a decision is one of the few that ask for a fresh proof: a payment, or one of two approvals."""
    step, line_id = request.form.get("step"), (request.view_args or {}).get("line_id", "")
    return step == "pay" or (step == "approve" and _takes_two([line_id]))


def _takes_two(line_ids: list[str]) -> bool:
    """Whether one of the lines has to be approved by two people."""
    return reading(lambda read: any(takes_two(read, line) for line in read.find_any("claim_line", "id", line_ids)))


def _named_lines() -> list[str]:
    """The lines that a form names, as `line id:as it was seen`."""
    ids = (text.partition(":")[0] for text in request.form.getlist("line"))
    return [line_id for line_id in ids if is_id(line_id)]


@blueprint.get("/claims/<claim_id>")
@page_for("finance", "manager")
def claim(claim_id: str) -> str:
    """One claim with all that is known about it."""
    filter_of_queue = read_filter(request.args).query()
    return read_page(
        lambda read: render_template(
            "claims/claim.html", filter=filter_of_queue, keys=KEYS_OF_CLAIM, **_about(read, claim_id)
        )
    )


@blueprint.get("/next")
@page_for("finance", "manager")
def next_claim() -> Response:
    """The next claim of the queue that has something to decide, behind the one where the person is."""
    look = queue.Looking(read_filter(request.args), services().today(), services().config.time_zone)
    behind = request.args.get("behind", "")

    def look_behind(read: Transaction) -> str | None:
        return queue.next_claim(read, look, known(read, "claim", behind))

    found = reading(look_behind)
    query = look.wanted.query()
    if found is None:
        done("desk.no_next_claim")
        return redirect(f"/finance/?{query}", 303)
    return redirect(f"/finance/claims/{found}?{query}#{_next_step(found)}", 303)


@blueprint.get("/claims/<claim_id>/print")
@page_for("finance", "manager")
def printed(claim_id: str) -> str:
    """The claim on paper."""
    return read_page(lambda read: render_template("claims/print.html", **_about(read, claim_id)))


@blueprint.post("/lines/<line_id>")
@page_for("finance", "manager")
@freshly_proved(_asks_again)
def decide(line_id: str) -> Response:
    """Approve (above the limit: endorse), refuse, return for repair, mark as paid, or take a decision back."""
    step = request.form.get("step", "")
    if step not in _STEPS:
        raise Problem(400, "bad_request")

    def work(write: Transaction) -> Record:
        known(write, "claim_line", line_id)
        line = as_seen(write, line_id, request.form.get("seen", ""))
        return write.update("claim_line", line, _decision(write, line, step))

    line = attempt(work)
    if line:
        is_endorsed = step == "approve" and line["status"] != "approved"
        done("finance.done_endorse" if is_endorsed else f"finance.done_{step}")
        return _to_next(line["claim_id"])
    return _back_to(line_id)


@blueprint.post("/lines/<line_id>/reversal")
@page_for("finance", "manager")
@freshly_proved()
def reverse(line_id: str) -> Response:
    """Take a paid line back by a counter-entry."""
    note = request.form.get("note", "").strip()

    def work(write: Transaction) -> Record:
        paid = known(write, "claim_line", line_id)
        about = {"claim_id": paid["claim_id"], "receipt_id": paid["receipt_id"], "reverses": line_id}
        return write.create("claim_line", about | {"amount_minor": -paid["approved_minor"], "decision_note": note})

    if attempt(work):
        done("finance.done_reversal")
    return _back_to(line_id)


@blueprint.post("/claims/<claim_id>/approve-clear")
@page_for("finance", "manager")
@freshly_proved(lambda: _takes_two(_named_lines()))
def approve_clear(claim_id: str) -> Response:
    """Approve the clear lines of a claim that the page showed, all or none."""

    def work(write: Transaction) -> int:
        found = all_as_seen(write, claim_id, request.form.getlist("line"))
        lines = [line for line in found if line["status"] == "clear" and not line["endorsed_by"]]
        for line in lines:
            write.update("claim_line", line, approval_of(write, line))
        return len(lines)

    count = attempt(work)
    if count:
        done("finance.done_bulk", count=count)
    return _to_next(claim_id)


@blueprint.post("/lines/<line_id>/reading")
@page_for("finance", "manager")
def read_off(line_id: str) -> Response:
    """Record which place a person read off the receipt's picture."""
    code = request.form.get("division_code", "").strip()[:6]
    note = request.form.get("note", "").strip()

    def work(write: Transaction) -> Record:
        line = known(write, "claim_line", line_id)
        return write.create("evidence", {"receipt_id": line["receipt_id"], "division_code": code, "note": note})

    if code not in all_divisions():
        flash(say("error.division_unknown"), "refused")
    elif attempt(work):
        done("finance.done_reading")
    return _back_to(line_id)


@blueprint.post("/lines/<line_id>/waiver")
@page_for("finance", "manager")
@freshly_proved()
def waive(line_id: str) -> Response:
    """A manager's exception to one finding."""
    fields = {"claim_line_id": line_id, "finding_code": request.form.get("finding_code", "")}
    fields |= {name: request.form.get(name, "").strip() for name in ("reason", "valid_until")}

    def work(write: Transaction) -> Record:
        as_seen(write, line_id, request.form.get("seen", ""))
        return write.create("waiver", fields)

    if attempt(work):
        done("finance.done_waiver")
    return _back_to(line_id)


def _decision(write: Transaction, line: Record, step: str) -> dict[str, Any]:
    """The fields of finance's form, by its button."""
    note = request.form.get("note", "").strip()
    approved = request.form.get("approved", "").strip()
    match step:
        case "approve":
            return approval_of(write, line, typed_minor(approved, "approved_minor") if approved else 0, note)
        case "refuse":
            return {"status": "refused", "decision_note": note}
        case "return":
            return {"status": "returned", "return_reason": note}
        case "pay":
            return {"status": "paid", "payment_reference": request.form.get("reference", "").strip()}
        case "disown":
            return {"endorsed_minor": 0}
    return {"status": "submitted"}


def _about(read: Transaction, claim_id: str) -> dict[str, Any]:
    claim_record = known(read, "claim", claim_id)
    if claim_record["status"] == "draft":
        raise Problem(404, "not_found")
    trip = known(read, "trip", claim_record["trip_id"])
    views = line_views(read, claim_record)
    read.look_up("claim_line", "receipt_id", {view.line["receipt_id"] for view in views})
    prefectures = [item for code, item in all_divisions().items() if granularity(code) != "county" or code[2:4] == "90"]
    return {
        "claim": claim_record,
        "trip": trip,
        "views": views,
        "comments": comments_of(read, claim_id),
        "undecided": undecided(view.line for view in views),
        "technician": known(read, "user", claim_record["technician_id"]),
        "people": {user["id"]: user for user in read.find("user")},
        "balance": balance_of(read, trip["id"]) if read.find("advance", trip_id=trip["id"]) else None,
        "reports": read.find("service_report", trip_id=trip["id"]),
        "prefectures": prefectures,
        "rights": rights_of(read),
        "alone_minor": limit_alone(read),
        "approved_beside": {view.line["id"]: approved_beside(read, view.line) for view in views},
        "waived_until": last_day("", services().today().isoformat(), services().config.waiver_days),
    }


def _back_to(line_id: str) -> Response:
    line = reading(lambda read: known(read, "claim_line", line_id))
    return redirect(f"/finance/claims/{line['claim_id']}{_filter_of_form()}#line-{line_id}", 303)


def _to_next(claim_id: str) -> Response:
    return redirect(f"/finance/claims/{claim_id}{_filter_of_form()}#{_next_step(claim_id)}", 303)


def _next_step(claim_id: str) -> str:
    """The part of the page with the claim's next line that can be decided; where there is none, the way on."""
    left = reading(lambda read: undecided(read.find("claim_line", claim_id=claim_id)))
    return f"line-{left[0]}" if left else "next"


def _filter_of_form() -> str:
    query = read_filter(dict(parse_qsl(request.form.get("filter", "")[:1000]))).query()
    return f"?{query}" if query else ""
