"""The warehouse's desk: what is expected back, and each unit as it comes over the counter (REG-A12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import segno
from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.pages import attempt, done, known, read_page
from server.services import services
from server.tools.policy import normal_serial
from server.tools.records import CONDITIONS
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("warehouse", __name__, url_prefix="/warehouse")
GRACE = timedelta(days=7)
"""A tool is overdue when its trip has ended longer ago than this."""


@dataclass(frozen=True)
class Expected:
    """A purchase of which units are still on the road."""

    purchase: Record
    technician: Record
    trip: Record
    due_on: str
    is_overdue: bool


@blueprint.get("/")
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


@blueprint.get("/units")
@page_for("warehouse")
def units() -> str:
    """Every unit that came over the counter, the newest first."""

    def view(read: Transaction) -> str:
        found = read.find("tool_unit")[::-1]
        purchases = {item["id"]: item for item in read.find("tool_purchase")}
        people = {user["id"]: user for user in read.find("user")}
        return render_template("tools/units.html", units=found, purchases=purchases, people=people)

    return read_page(view)


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
    return redirect("/warehouse/", 303)


@blueprint.get("/units/<unit_id>")
@page_for("warehouse")
def unit(unit_id: str) -> str:
    """One unit with its label to print."""

    def view(read: Transaction) -> str:
        found = known(read, "tool_unit", unit_id)
        purchase = known(read, "tool_purchase", found["tool_purchase_id"])
        code = segno.make(found["label"], micro=False, error="m")
        picture = Markup(code.svg_inline(scale=4, border=2))  # noqa: S704 (made here, from our own label)
        technician = known(read, "user", found["technician_id"])
        return render_template("tools/unit.html", unit=found, purchase=purchase, code=picture, technician=technician)

    return read_page(view)


@blueprint.post("/units/<unit_id>/cancel")
@page_for("warehouse")
def cancel(unit_id: str) -> Response:
    """Take a stocking-in back: what followed from it is undone too."""
    fields = {"status": "cancelled", "reason": request.form.get("reason", "").strip()}
    if attempt(lambda write: write.update("tool_unit", known(write, "tool_unit", unit_id), fields)):
        done("warehouse.done_cancelled")
    return redirect(f"/warehouse/units/{unit_id}", 303)


def expected_back(read: Transaction, today: date, wanted: str = "") -> list[Expected]:
    """Purchases with units on the road, overdue first, then by technician."""
    people = {user["id"]: user for user in read.find("user")}
    trips = {trip["id"]: trip for trip in read.find("trip")}
    open_purchases = [item for item in read.find("tool_purchase") if item["stocked_in_quantity"] < item["quantity"]]
    items = [_expected(item, people, trips, today) for item in open_purchases]
    found = [item for item in items if _names(item, wanted)]
    return sorted(found, key=lambda item: (not item.is_overdue, item.technician["display_name"], item.due_on))


def _expected(purchase: Record, people: dict[str, Record], trips: dict[str, Record], today: date) -> Expected:
    trip = trips[purchase["trip_id"]]
    due = date.fromisoformat(max(stop["leave_on"] for stop in trip["stops"])) + GRACE
    return Expected(purchase, people[purchase["technician_id"]], trip, due.isoformat(), due < today)


def _names(item: Expected, wanted: str) -> bool:
    if not wanted:
        return True
    serials = {normal_serial(serial) for serial in item.purchase["serial_numbers"]}
    texts = (item.purchase["name"], item.purchase["model"], item.technician["display_name"])
    return normal_serial(wanted) in serials or any(wanted.lower() in text.lower() for text in texts)
