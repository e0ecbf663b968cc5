"""Comments at the desk: writing one, having seen them, and those that a person has not seen yet."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.records import users
from server.claims.comments import comments, is_new, mark_seen
from server.claims.records import claims
from server.pages import attempt, done, known, read_page
from server.service.records import trips
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("comments", __name__, url_prefix="/finance")
_SHOWN = 100


@blueprint.get("/comments")
@page_for("finance", "manager")
def show_new() -> str:
    """What was written to this person and not seen by them yet, the newest first."""

    def view(read: Transaction) -> str:
        query = (
            select(comments, users.c.display_name.label("technician"), trips.c.purpose)
            .join(claims, claims.c.id == comments.c.claim_id)
            .join(trips, trips.c.id == claims.c.trip_id)
            .join(users, users.c.id == claims.c.technician_id)
            .where(is_new(read.actor.id))
            .order_by(comments.c.written_at.desc())
            .limit(_SHOWN)
        )
        found = [dict(row) for row in read.connection.execute(query).mappings()]
        return render_template("claims/new_comments.html", found=found)

    return read_page(view)


@blueprint.post("/claims/<claim_id>/comments")
@page_for("finance", "manager")
def write_comment(claim_id: str) -> Response:
    """Write on a claim or on one of its lines; whoever answers has seen what was there."""
    line_id = request.form.get("claim_line_id") or None

    def work(write: Transaction) -> Record:
        fields = {"claim_id": known(write, "claim", claim_id)["id"], "claim_line_id": line_id}
        comment = write.create("comment", fields | {"text": request.form.get("text", "").strip()})
        mark_seen(write, claim_id)
        return comment

    if attempt(work):
        done("comment.sent")
    return redirect(f"/finance/claims/{claim_id}#comments", 303)


@blueprint.post("/claims/<claim_id>/comments/seen")
@page_for("finance", "manager")
def see(claim_id: str) -> Response:
    """The person has seen the claim's comments."""
    attempt(lambda write: mark_seen(write, known(write, "claim", claim_id)["id"]))
    return redirect(f"/finance/claims/{claim_id}#comments", 303)
