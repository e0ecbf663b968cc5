"""The warehouse's books: what is expected back, every unit with its history, and what is done with one (REG-A12)."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.step_up import freshly_proved
from server.attachments.from_form import keep_photos
from server.pages import attempt, done, known, read_page, refuse
from server.services import services
from server.tools.naming import normal_shelf
from server.tools.queries import PAGE, by_id, expected_back, history, list_units, shelves
from server.tools.records import CONDITIONS
from server.tools.states import DECISIONS, UNIT_STATES
from sync.change import Record, is_id, is_storable
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("warehouse", __name__, url_prefix="/warehouse")
_STEPS = {
    "repair": ("in_repair", ("reason", "due_on")),
    "lost": ("lost", ("reason",)),
    "back": ("stocked_in", ("condition", "shelf")),
    "cancel": ("cancelled", ("reason",)),
    "write_off": ("written_off", ("reimbursement", "decision_reason")),
    "undo_write_off": ("lost", ()),
}
"""The steps of a unit that a form may ask for: the state that each leads to, and the fields that it brings."""


@blueprint.get("/expected")
@page_for("warehouse")
def expected() -> str:
    """Tools expected back, overdue first, by technician; or those that a scanned or typed text names."""
    wanted = request.args.get("q", "").strip()
    return read_page(
        lambda read: render_template(
            "tools/expected.html",
            items=expected_back(read, services().today(), wanted),
            wanted=wanted,
            conditions=CONDITIONS,
        )
    )


@blueprint.post("/purchases/<purchase_id>/units")
@page_for("warehouse")
def take(purchase_id: str) -> Response:
    """Stock one unit in, or refuse it with a reason."""
    names = ("serial_number", "condition", "shelf", "reason")
    fields = {name: request.form.get(name, "").strip() for name in names} | {"tool_purchase_id": purchase_id}
    fields["condition"] = fields["condition"] or "good"
    fields["status"] = "refused" if request.form.get("step") == "refuse" else "stocked_in"
    unit = attempt(lambda write: write.create("tool_unit", fields))
    if unit:
        done(f"warehouse.done_{fields['status']}", label=unit["label"])
    if unit and unit["status"] == "stocked_in":
        return redirect(f"/warehouse/units/{unit['id']}", 303)
    return redirect("/warehouse/expected", 303)


@blueprint.get("/units")
@page_for("warehouse", "manager")
def units() -> str:
    """Units by what is written on them, their state and their shelf; the filters stand in the address."""
    asked = {name: request.args.get(name, "").strip() for name in ("q", "status", "shelf", "after")}
    given = {name: text if is_storable(text) else "" for name, text in asked.items()}
    after = given["after"] if is_id(given["after"]) else ""

    def view(read: Transaction) -> str:
        found = list_units(read, given["q"], given["status"], normal_shelf(given["shelf"]), after)
        return render_template(
            "tools/units.html",
            units=found[:PAGE],
            has_more=len(found) > PAGE,
            people=by_id(read, "user", [unit["holder_id"] or unit["technician_id"] for unit in found]),
            given=given,
            states=("owned", *UNIT_STATES),
            shelves=shelves(read),
        )

    return read_page(view)


@blueprint.get("/units/<unit_id>")
@page_for("warehouse", "manager")
def unit(unit_id: str) -> str:
    """One unit: its label, where it is, what can be done with it, and its whole history."""
    return read_page(lambda read: _unit_page(read, known(read, "tool_unit", unit_id)))


@blueprint.post("/units/<unit_id>/steps/<step>")
@page_for("warehouse", "manager")
@freshly_proved(lambda: (request.view_args or {}).get("step") in ("write_off", "undo_write_off"))
def take_step(unit_id: str, step: str) -> Response:
    """Repair, loss, back on the shelf, cancelling, writing off; the unit's policy says who may."""
    status, names = _STEPS.get(step, ("", ()))
    fields: dict[str, Any] = {name: request.form.get(name, "").strip() for name in names} | {"status": status}
    if "due_on" in fields:
        fields["due_on"] = fields["due_on"] or None
    if attempt(lambda write: write.update("tool_unit", known(write, "tool_unit", unit_id), fields)):
        done(f"unit.done_{step}")
    return redirect(f"/warehouse/units/{unit_id}", 303)


@blueprint.post("/units/<unit_id>")
@page_for("warehouse")
def keep(unit_id: str) -> Response:
    """Where a unit lies, in which state, when it was calibrated; more photos of it."""
    names = ("shelf", "condition", "calibrated_on")
    fields: dict[str, Any] = {name: request.form[name].strip() for name in names if name in request.form}
    if "calibrated_on" in fields:
        fields["calibrated_on"] = fields["calibrated_on"] or None
        days = request.form.get("calibration_days", "").strip()
        fields["calibration_days"] = int(days) if days.isdigit() and len(days) < 6 else 0

    def change(write: Transaction) -> Record:
        found = known(write, "tool_unit", unit_id)
        shown = {"attachments": [*(found["attachments"] or ()), *photos]} if photos else {}
        return write.update("tool_unit", found, fields | shown)

    photos = _photos()
    if photos is not None and attempt(change) is not None:
        done("page.saved")
    return redirect(f"/warehouse/units/{unit_id}", 303)


def _photos() -> list[str] | None:
    """The photos of the form; None where one cannot be used, which the next page tells."""
    try:
        return keep_photos(request.files.getlist("photo"))
    except Refused as refused:
        refuse(refused)
        return None


def _unit_page(read: Transaction, found: Record) -> str:
    code = segno.make(found["label"], micro=False, error="m")
    entries = history(read, found)
    trips = read.find_any("trip", "status", ["planned", "active"])
    technicians = [user for user in read.find("user", role="technician") if user["status"] == "active"]
    issues = read.find("tool_issue", tool_unit_id=found["id"], status="out")
    return render_template(
        "tools/unit.html",
        unit=found,
        purchase=read.get("tool_purchase", found["tool_purchase_id"]),
        code=Markup(code.svg_inline(scale=4, border=2)),  # noqa: S704 (made here, from our own label)
        people={user["id"]: user["display_name"] for user in read.find("user")},
        history=entries,
        issue=issues[0] if issues else None,
        trips=trips,
        technicians=technicians,
        conditions=CONDITIONS,
        decisions=DECISIONS,
        today=services().today().isoformat(),
    )
