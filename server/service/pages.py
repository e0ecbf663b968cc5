"""The dispatcher's desk: customers and sites, work orders, trips, and the reports that come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.pages import attempt, done, known, read_page
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("dispatch", __name__, url_prefix="/dispatch")
PLANNERS = ("dispatcher", "manager")
MAX_STOPS = 4


@blueprint.get("/")
@page_for(*PLANNERS)
def trips() -> str:
    """Trips and work orders, the newest first."""

    def view(read: Transaction) -> str:
        return render_template(
            "service/trips.html",
            trips=read.find("trip")[::-1],
            orders=read.find("work_order")[::-1],
            **_names(read),
        )

    return read_page(view)


@blueprint.get("/trips/new")
@page_for(*PLANNERS)
def plan() -> str:
    """An empty plan."""
    return _plan_form({})


@blueprint.post("/trips")
@page_for(*PLANNERS)
def add_trip() -> Response | tuple[str, int]:
    """A trip with its stops."""
    form = request.form
    fields: dict[str, Any] = {name: form.get(name, "").strip() for name in ("technician_id", "purpose")}
    fields["home_division"] = _code(form.get("home_division", ""))
    fields["work_order_ids"] = form.getlist("work_order_ids")
    fields["stops"] = [stop for number in range(MAX_STOPS) if (stop := _stop(number))]
    if attempt(lambda write: write.create("trip", fields)):
        done("page.saved")
        return redirect("/dispatch/", 303)
    return _plan_form(form), 422


@blueprint.post("/trips/<trip_id>")
@page_for(*PLANNERS)
def change_trip(trip_id: str) -> Response:
    """A trip begins, ends, is called off, or goes to another technician."""
    given = {name: request.form[name] for name in ("status", "technician_id") if request.form.get(name)}
    if attempt(lambda write: write.update("trip", known(write, "trip", trip_id), given)):
        done("page.saved")
    return redirect("/dispatch/", 303)


@blueprint.post("/orders")
@page_for(*PLANNERS)
def add_order() -> Response:
    """A work order for a site's equipment."""
    names = ("number", "site_id", "equipment_id", "problem", "technician_id")
    fields: dict[str, Any] = {name: request.form.get(name, "").strip() for name in names}
    fields["equipment_id"] = fields["equipment_id"] or None

    def work(write: Transaction) -> Record:
        site = known(write, "site", fields["site_id"])
        return write.create("work_order", fields | {"customer_id": site["customer_id"]})

    if attempt(work):
        done("page.saved")
    return redirect("/dispatch/", 303)


@blueprint.post("/orders/<order_id>")
@page_for(*PLANNERS)
def change_order(order_id: str) -> Response:
    """A work order goes to another technician, or is called off."""
    given = {name: request.form[name] for name in ("status", "technician_id") if request.form.get(name)}
    if attempt(lambda write: write.update("work_order", known(write, "work_order", order_id), given)):
        done("page.saved")
    return redirect("/dispatch/", 303)


@blueprint.get("/customers")
@page_for(*PLANNERS)
def customers() -> str:
    """Customers with their sites and equipment."""

    def view(read: Transaction) -> str:
        wanted = request.args.get("q", "").strip().lower()
        found = [item for item in read.find("customer") if wanted in f"{item['name']} {item['phone']}".lower()]
        return render_template("service/customers.html", found=found, wanted=wanted, **_names(read))

    return read_page(view)


@blueprint.post("/customers")
@page_for(*PLANNERS)
def add_customer() -> Response:
    """A customer."""
    return _add("customer", ("name", "phone", "address"))


@blueprint.post("/sites")
@page_for(*PLANNERS)
def add_site() -> Response:
    """A site of a customer."""
    return _add("site", ("customer_id", "name", "division_code", "address"))


@blueprint.post("/equipment")
@page_for(*PLANNERS)
def add_equipment() -> Response:
    """A machine at a site."""

    def owner(write: Transaction, fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {"customer_id": known(write, "site", fields["site_id"])["customer_id"]}

    return _add("equipment", ("site_id", "name", "model", "serial_number"), owner)


@blueprint.get("/reports")
@page_for(*PLANNERS)
def reports() -> str:
    """Service reports, the newest first, with what drafts still lack (REG-D6)."""

    def view(read: Transaction) -> str:
        return render_template("service/reports.html", reports=read.find("service_report")[::-1], **_names(read))

    return read_page(view)


@blueprint.get("/reports/<report_id>")
@page_for(*PLANNERS, "finance")
def report(report_id: str) -> str:
    """One service report."""

    def view(read: Transaction) -> str:
        found = known(read, "service_report", report_id)
        surveys = read.find("survey", work_order_id=found["work_order_id"])
        return render_template("service/report.html", report=found, surveys=surveys, **_names(read))

    return read_page(view)


Completion = Callable[[Transaction, dict[str, Any]], dict[str, Any]]


def _add(entity: str, names: tuple[str, ...], complete: Completion = lambda _, fields: fields) -> Response:
    fields: dict[str, Any] = {name: request.form.get(name, "").strip() for name in names}
    if "division_code" in fields:
        fields["division_code"] = _code(fields["division_code"])
    if attempt(lambda write: write.create(entity, complete(write, fields))):
        done("page.saved")
    return redirect("/dispatch/customers", 303)


def _plan_form(values: Any) -> str:
    return read_page(lambda read: render_template("service/plan.html", values=values, stops=MAX_STOPS, **_names(read)))


def _stop(number: int) -> dict[str, Any] | None:
    """One row of the form; a stop at a site has the site's division."""
    given = {name: request.form.get(f"{name}_{number}", "").strip() for name in ("place", "arrive_on", "leave_on")}
    if not any(given.values()):
        return None
    site_id, _, code = given.pop("place").partition("|")
    return given | {"site_id": site_id or None, "division_code": _code(code)}


def _code(text: str) -> str:
    return text.strip()[:6]


def _names(read: Transaction) -> dict[str, Any]:
    """What forms choose from and lists name."""
    users = read.find("user")
    return {
        "people": {user["id"]: user for user in users},
        "technicians": [user for user in users if user["role"] == "technician" and user["status"] == "active"],
        "customers": {item["id"]: item for item in read.find("customer")},
        "sites": {item["id"]: item for item in read.find("site")},
        "equipment": {item["id"]: item for item in read.find("equipment")},
        "open_orders": [item for item in read.find("work_order") if item["status"] not in ("done", "cancelled")],
        "work_orders": {item["id"]: item for item in read.find("work_order")},
    }
