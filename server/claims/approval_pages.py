"""Second approvals that wait, and who stands in for whom."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from server.accounts.gate import actor, page_for
from server.accounts.step_up import freshly_proved
from server.claims.delegations import DESKS, RIGHTS, rights_of
from server.claims.records import claim_lines
from server.claims.states import JUDGED
from server.pages import attempt, done, known, read_page
from server.services import services
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("approvals", __name__, url_prefix="/finance/approvals")
_FIELDS = ("to_user", "right", "from_date", "to_date", "reason")


@blueprint.get("")
@page_for(*DESKS)
def approvals() -> str:
    """What waits for a second approval, and all delegations."""

    def view(read: Transaction) -> str:
        waiting = _waiting(read)
        receipts = read.find_any("receipt", "id", [line["receipt_id"] for line in waiting])
        people = {user["id"]: user for user in read.find("user")}
        return render_template(
            "claims/approvals.html",
            waiting=waiting,
            receipts={receipt["id"]: receipt for receipt in receipts},
            delegations=read.find("delegation")[::-1],
            people=people,
            desks=[user for user in people.values() if user["role"] in DESKS and user["status"] == "active"],
            role_of=RIGHTS,
            rights=rights_of(read),
            today=services().today().isoformat(),
        )

    return read_page(view)


@blueprint.post("/delegations")
@page_for(*DESKS)
@freshly_proved()
def delegate() -> Response:
    """Hand a right on, one's own or that of somebody who is away."""
    fields = {name: request.form.get(name, "").strip() for name in _FIELDS}
    fields["from_user"] = request.form.get("from_user", "").strip() or actor().id
    if attempt(lambda write: write.create("delegation", fields)):
        done("page.saved")
    return redirect("/finance/approvals", 303)


@blueprint.post("/delegations/<delegation_id>/revoke")
@page_for(*DESKS)
def revoke(delegation_id: str) -> Response:
    """End a delegation before its time."""

    def work(write: Transaction) -> Record:
        return write.update("delegation", known(write, "delegation", delegation_id), {"status": "revoked"})

    if attempt(work):
        done("approvals.revoked")
    return redirect("/finance/approvals", 303)


def _waiting(read: Transaction) -> list[Record]:
    """The lines that finance has endorsed and nobody has approved yet, the oldest first."""
    is_waiting = claim_lines.c.endorsed_by.is_not(None) & claim_lines.c.status.in_(JUDGED)
    rows = read.connection.execute(select(claim_lines).where(is_waiting).order_by(claim_lines.c.endorsed_at))
    return [dict(row._mapping) for row in rows]
