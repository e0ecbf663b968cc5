"""Labels to print, for one unit or for many."""

from __future__ import annotations

from flask import Blueprint, Response, request

from server.accounts.gate import actor, page_for
from server.problems import Problem
from server.services import engine
from sync.change import is_id
from sync.transaction import Transaction

blueprint = Blueprint("tool_labels", __name__, url_prefix="/warehouse")
MAX_LABELS = 500


@blueprint.get("/labels.pdf")
@page_for("warehouse")
def labels() -> Response:
    """A PDF with the labels of the units that the address names, in their order."""
    from server.tools.labels import SHEETS, draw_labels

    sheet = SHEETS.get(request.args.get("form", "single"))
    ids = [unit_id for unit_id in request.args.getlist("unit")[:MAX_LABELS] if is_id(unit_id)]
    skip = request.args.get("skip", "0")
    if sheet is None or not ids or not (skip.isdigit() and len(skip) < 4):
        raise Problem(400, "bad_request")
    with engine().database.read() as connection:
        units = Transaction(engine(), connection, actor()).find_any("tool_unit", "id", ids)
    if not units:
        raise Problem(404, "not_found")
    units.sort(key=lambda unit: ids.index(unit["id"]))
    answer = Response(draw_labels(units, sheet, int(skip)), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="labels.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
