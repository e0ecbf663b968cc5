"""The monthly report of waivers: on the page, on paper, and as a table."""

from __future__ import annotations

import io

from flask import Blueprint, render_template, request, send_file
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.claims.waiver_list import is_month
from server.i18n import say
from server.pages import read_page, reading, reason_words
from server.payments.cells import csv_text
from server.problems import Problem
from server.reports.waivers import Report, day_of, month_after, month_before, report_of, table_of
from server.services import services
from sync.change import Record
from sync.transaction import Transaction

blueprint = Blueprint("waiver_report", __name__, url_prefix="/finance/waivers/report")
_TYPES = {
    "waivers.csv": "text/csv",
    "waivers.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("")
@page_for("finance", "manager")
def show() -> str:
    """One month: this one unless another is chosen."""
    asked = request.args.get("month", "")
    month = asked if is_month(asked) else services().today().isoformat()[:7]
    zone = services().config.time_zone

    def view(read: Transaction) -> str:
        return render_template(
            "reports/waivers.html",
            report=report_of(read, month, zone),
            people=_people(read),
            before=month_before(month),
            after=month_after(month),
            day_of=lambda moment: day_of(moment, zone),
            today=services().today(),
        )

    return read_page(view)


@blueprint.get("/<kind>")
@page_for("finance", "manager")
def download(kind: str) -> Response:
    """The month's lines as CSV or XLSX."""
    month = request.args.get("month", "")
    if kind not in _TYPES:
        raise Problem(404, "not_found")
    if not is_month(month):
        raise Problem(400, "bad_request")
    zone = services().config.time_zone

    def view(read: Transaction) -> tuple[Report, dict[str, Record]]:
        return report_of(read, month, zone), _people(read)

    report, people = reading(view)
    rows = list(table_of(report, people, zone, say, reason_words))
    file = io.BytesIO()
    if kind.endswith("xlsx"):
        from server.payments.workbook import write_xlsx

        write_xlsx(file, rows)
    else:
        file.write(csv_text(rows).encode("utf-8-sig"))
    file.seek(0)
    return send_file(file, _TYPES[kind], as_attachment=True, download_name=f"{month}-{kind}", max_age=0)


def _people(read: Transaction) -> dict[str, Record]:
    return {user["id"]: user for user in read.find("user")}
