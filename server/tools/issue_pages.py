"""Check-outs: giving a unit to a technician, what is out and overdue, and what is to be calibrated."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.pages import attempt, done, known, read_page
from server.services import services
from server.tools.issues import days_overdue
from server.tools.queries import SOON, by_id, open_issues, to_calibrate
from sync.transaction import Transaction

blueprint = Blueprint("tool_issues", __name__, url_prefix="/warehouse")


@blueprint.get("/issues")
@page_for("warehouse", "manager")
def issues() -> str:
    """What is out, by the day it is due; or only what is overdue."""
    is_overdue = request.args.get("show") == "overdue"
    today = services().today()

    def view(read: Transaction) -> str:
        items = open_issues(read, today.isoformat() if is_overdue else "")
        people = by_id(read, "user", [issue["technician_id"] for issue, _ in items])
        trips = by_id(read, "trip", [issue["trip_id"] for issue, _ in items])
        late = {issue["id"]: days_overdue(issue, today) for issue, _ in items}
        return render_template(
            "tools/issues.html", items=items, people=people, trips=trips, late=late, is_overdue=is_overdue
        )

    return read_page(view)


@blueprint.post("/units/<unit_id>/issue")
@page_for("warehouse")
def give(unit_id: str) -> Response:
    """Issue a unit to a technician. One who is chosen by the trip needs no choice of person."""
    technician_id, trip_id = request.form.get("technician_id", ""), request.form.get("trip_id", "")
    due_on, note = request.form.get("due_on", "").strip(), request.form.get("note", "").strip()

    def issue(write: Transaction) -> object:
        trip = known(write, "trip", trip_id) if trip_id else None
        person = technician_id or (trip["technician_id"] if trip else "")
        fields = {"tool_unit_id": unit_id, "technician_id": person, "due_on": due_on, "note": note}
        return write.create("tool_issue", fields | ({"trip_id": trip["id"]} if trip else {}))

    if attempt(issue):
        done("unit.done_issue")
    return redirect(f"/warehouse/units/{unit_id}", 303)


@blueprint.post("/issues/<issue_id>")
@page_for("warehouse")
def change(issue_id: str) -> Response:
    """Take a unit back, report it lost, give it longer, or undo the check-out."""
    step = request.form.get("step", "")
    given = {name: request.form.get(name, "").strip() for name in ("note", "due_on", "condition", "shelf")}
    fields: dict[str, str] = {
        "returned": {
            "status": "returned",
            "returned_condition": given["condition"],
            "returned_shelf": given["shelf"],
        },
        "lost": {"status": "lost", "note": given["note"]},
        "extend": {"due_on": given["due_on"]},
        "cancelled": {"status": "cancelled"},
    }.get(step, {"status": step})
    unit_id = _unit_id_of(issue_id)
    if attempt(lambda write: write.update("tool_issue", known(write, "tool_issue", issue_id), fields)):
        done(f"unit.done_{step}")
    return redirect(f"/warehouse/units/{unit_id}", 303)


def _unit_id_of(issue_id: str) -> str:
    return read_page(lambda read: str(known(read, "tool_issue", issue_id)["tool_unit_id"]))


@blueprint.get("/calibration")
@page_for("warehouse", "manager")
def calibration() -> str:
    """Units whose calibration is overdue, or due within a month."""
    today = services().today()

    def view(read: Transaction) -> str:
        found = to_calibrate(read, (today + SOON).isoformat())
        people = by_id(read, "user", [unit["holder_id"] for unit in found])
        return render_template("tools/calibration.html", units=found, people=people, today=today.isoformat())

    return read_page(view)
