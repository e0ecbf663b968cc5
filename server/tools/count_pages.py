"""Stock-taking at a desk: start a count of a shelf, scan what lies there, settle the differences, close, print."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.pages import attempt, done, known, read_page
from server.tools.counts import allowed_steps, find_differences, units_by_code
from server.tools.queries import shelves
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("stock_counts", __name__, url_prefix="/warehouse/counts")
_SHOWN = 200


@blueprint.get("")
@page_for("warehouse", "manager")
def counts() -> str:
    """The counts, those that are open first, then the newest."""

    def view(read: Transaction) -> str:
        found = sorted(read.find("stock_count")[::-1][:_SHOWN], key=lambda count: count["status"] != "open")
        return render_template("tools/counts.html", counts=found, people=_people(read), shelves=shelves(read))

    return read_page(view)


@blueprint.post("")
@page_for("warehouse")
def start() -> Response:
    """Begin to count a shelf."""
    shelf = request.form.get("shelf", "").strip()
    count = attempt(lambda write: write.create("stock_count", {"shelf": shelf}))
    return redirect(f"/warehouse/counts/{count['id']}" if count else "/warehouse/counts", 303)


@blueprint.get("/<count_id>")
@page_for("warehouse", "manager")
def count(count_id: str) -> str:
    """One count: what was scanned, what differs, and what was done about it."""

    def view(read: Transaction) -> str:
        found = known(read, "stock_count", count_id)
        is_open = found["status"] == "open"
        differences = find_differences(read, found["shelf"], found["counted"]) if is_open else found["differences"]
        units = units_by_code(read, found["counted"])
        return render_template(
            "tools/count.html",
            count=found,
            counted=list(zip(found["counted"], units, strict=True)),
            differences=[item | {"steps": sorted(allowed_steps(item))} for item in differences],
            adjustments={item["code"]: item for item in found["adjustments"] or ()},
            people=_people(read),
        )

    return read_page(view)


@blueprint.post("/<count_id>")
@page_for("warehouse")
def change(count_id: str) -> Response:
    """A code was scanned or taken off again; or the count is closed, or given up."""
    step = request.form.get("step", "scan")
    code = request.form.get("code", "").strip()

    def work(write: Transaction) -> Record:
        found = known(write, "stock_count", count_id)
        return write.update("stock_count", found, _fields(found, step, code))

    if attempt(work) and step != "scan":
        done(f"count.done_{step}")
    return redirect(f"/warehouse/counts/{count_id}", 303)


def _fields(found: Record, step: str, code: str) -> dict[str, Any]:
    if step == "close":
        return {"status": "closed", "adjustments": _adjustments(), "note": request.form.get("note", "").strip()}
    if step == "cancel":
        return {"status": "cancelled"}
    if step == "remove":
        return {"counted": [item for item in found["counted"] if item != code]}
    return {"counted": [*found["counted"], code] if code and code not in found["counted"] else found["counted"]}


def _adjustments() -> list[dict[str, str]]:
    """What the form says about each difference. One without a step, or without a reason, is told by the policy."""
    rows = zip(*(request.form.getlist(name) for name in ("difference", "adjust", "reason")), strict=False)
    return [{"code": code, "step": step, "reason": reason.strip()} for code, step, reason in rows if step]


def _people(read: Transaction) -> dict[str, str]:
    return {user["id"]: user["display_name"] for user in read.find("user")}
