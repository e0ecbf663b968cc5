"""Advances on a page: what was given for which trip, what came back, and what is still owed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.step_up import freshly_proved
from server.claims.advances import balance_of
from server.pages import attempt, done, known, read_page, typed_minor
from server.problems import Problem
from server.services import services
from sync.change import Record, is_id, new_id
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("advances", __name__, url_prefix="/finance/advances")


@blueprint.get("")
@page_for("finance", "manager")
def advances() -> str:
    """All advances by trip, the newest first, each trip with what is owed back."""

    def view(read: Transaction) -> str:
        given = read.find("advance")[::-1]
        of_trip: dict[str, list[Record]] = {}
        for item in given:
            of_trip.setdefault(item["trip_id"], []).append(item)
        trips = {trip["id"]: trip for trip in read.find("trip")[::-1] if trip["status"] != "cancelled"}
        return render_template(
            "claims/advances.html",
            of_trip=of_trip,
            balances={trip_id: balance_of(read, trip_id) for trip_id in of_trip},
            trips=trips,
            people={user["id"]: user for user in read.find("user")},
            today=services().today().isoformat(),
            fresh_id=new_id(),
        )

    return read_page(view)


@blueprint.post("")
@page_for("finance")
@freshly_proved()
def give() -> Response:
    """Record an advance that was paid, once, however often the form comes."""
    advance_id = request.form.get("id", "")
    if not is_id(advance_id):
        raise Problem(400, "bad_request")
    fields = {name: request.form.get(name, "").strip() for name in ("trip_id", "paid_on", "reference", "note")}

    def work(write: Transaction) -> Record:
        amount = typed_minor(request.form.get("amount", ""), "amount_minor")
        return write.create("advance", fields | {"amount_minor": amount}, advance_id)

    if attempt(work):
        done("advances.given")
    return redirect("/finance/advances", 303)


@blueprint.post("/<advance_id>/return")
@page_for("finance")
@freshly_proved()
def take_back(advance_id: str) -> Response:
    """Record money of an advance that came back, beside what was shown to have come back before."""

    def work(write: Transaction) -> Record:
        found = known(write, "advance", advance_id)
        if request.form.get("seen", "") != str(found["version"]):
            raise Refused("advance_changed")
        came_back = typed_minor(request.form.get("amount", ""), "returned_minor")
        return write.update("advance", found, {"returned_minor": found["returned_minor"] + came_back})

    if attempt(work):
        done("advances.came_back")
    return redirect("/finance/advances", 303)
