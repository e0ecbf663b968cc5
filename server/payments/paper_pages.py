"""A claim on paper, to be printed or filed: what was handed in, what was found, and who decided what."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from flask import Blueprint, send_file
from werkzeug.wrappers import Response

from server.accounts.gate import actor, current_user, page_for
from server.claims.queries import line_views
from server.i18n import language_of_request, say
from server.pages import finding_words, known, moment, money
from server.payments.trail import trail_of
from server.places.divisions import full_name
from server.problems import Problem
from server.services import engine, services
from sync.change import instant
from sync.journal import head
from sync.transaction import Transaction

if TYPE_CHECKING:
    from server.payments.claim_paper import ClaimPaper

blueprint = Blueprint("paper", __name__, url_prefix="/payments/claims")
_IN_MEMORY = 4 * 1024 * 1024


@blueprint.get("/<claim_id>.pdf")
@page_for("finance", "manager")
def claim(claim_id: str) -> Response:
    """One claim with its receipts and its decision trail."""
    from server.payments.claim_paper import Words

    with engine().database.read() as connection:
        paper = _paper(Transaction(engine(), connection, actor()), claim_id)
    language = language_of_request()
    words = Words(say, finding_words, money, moment, lambda code: full_name(code, language) if code else "")
    printed = say("paper.printed", at=moment(instant(engine().clock())), name=current_user()["display_name"])
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed with the answer)
    paper.write(file, services().files, words, printed)
    file.seek(0)
    return send_file(file, "application/pdf", as_attachment=True, download_name=f"claim-{claim_id}.pdf", max_age=0)


def _paper(read: Transaction, claim_id: str) -> ClaimPaper:
    from server.payments.claim_paper import ClaimPaper

    claim_record = known(read, "claim", claim_id)
    if claim_record["status"] == "draft":
        raise Problem(404, "not_found")
    views = line_views(read, claim_record)
    evidence: dict[str, list[str]] = {}
    for item in read.find_any("evidence", "receipt_id", [view.receipt["id"] for view in views]):
        evidence.setdefault(item["receipt_id"], []).append(item["id"])
    records = {
        "claim": [claim_id],
        "claim_line": [view.line["id"] for view in views],
        "waiver": [waiver["id"] for view in views for waiver in view.waivers],
        "evidence": [item for ids in evidence.values() for item in ids],
    }
    newest = head(read.connection)
    return ClaimPaper(
        claim_record,
        known(read, "trip", claim_record["trip_id"]),
        known(read, "user", claim_record["technician_id"]),
        views,
        trail_of(read, records, say, finding_words),
        evidence,
        services().config.company_name,
        f"{newest.seq} : {newest.hash}",
    )
