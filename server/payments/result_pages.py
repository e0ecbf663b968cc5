"""The bank's answer: a file is shown row by row before it counts; a single payment can be answered by hand."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import actor, page_for
from server.accounts.step_up import freshly_proved
from server.i18n import say
from server.pages import attempt, done, known, read_page, words
from server.payments.export import setting
from server.payments.results import APPLIES, MOST_BYTES, Row, file_hash, fingerprint, judge, read_rows
from server.problems import Problem
from server.services import engine
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("payment_results", __name__, url_prefix="/payments/batches/<batch_id>")


@blueprint.post("/result")
@page_for("finance")
def preview(batch_id: str) -> str | Response:
    """What a result file would do, row by row. Nothing is written."""
    upload = request.files.get("file")
    data = upload.stream.read(MOST_BYTES + 1) if upload else b""
    try:
        return _shown(batch_id, data, (upload.filename or "")[-120:] if upload else "")
    except Refused as refused:
        flash(words(refused), "refused")
        return _to(batch_id)


@blueprint.post("/result/record")
@page_for("finance")
@freshly_proved()
def record(batch_id: str) -> str | Response:
    """Carry out what the preview showed, all of it at once; where it would now be otherwise, show that first."""
    try:
        data = base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error as error:
        raise Problem(400, "bad_request") from error
    name, expected = request.form.get("file_name", "")[:120], request.form.get("expected", "")

    def work(write: Transaction) -> list[Row] | None:
        rows = _judged(write, batch_id, data)
        if fingerprint(rows) != expected:
            return None
        applied = [row for row in rows if row.verdict in APPLIES]
        about = {"batch_id": batch_id, "file_name": name, "file_sha256": file_hash(data)}
        write.create("payment_result", about | {"rows": [row.to_wire() for row in applied]})
        return applied

    try:
        applied = engine().write(actor(), work)
        if applied is None:
            flash(say("error.result_changed"), "refused")
            return _shown(batch_id, data, name)
        counts = {verdict: sum(row.verdict == verdict for row in applied) for verdict in APPLIES}
        done("payments.done_result", paid=counts["pays"], failed=counts["fails"])
    except Refused as refused:
        flash(words(refused), "refused")
    return _to(batch_id)


@blueprint.post("/answer")
@page_for("finance")
@freshly_proved()
def answer(batch_id: str) -> Response:
    """What the bank did with one payment, as the payer knows it without a file."""
    reference = request.form.get("reference", "")
    outcome = "paid" if request.form.get("step") == "paid" else "failed"
    note = request.form.get("note", "").strip()
    row = {"reference": reference, "outcome": outcome}
    row |= {"bank_reference": note} if outcome == "paid" else {"reason": note}

    def work(write: Transaction) -> Record:
        batch = known(write, "payment_batch", batch_id)
        asked = next((item for item in batch["payments"] if item["reference"] == reference), None)
        if asked is None:
            raise Problem(404, "not_found")
        rows = [row | {"amount_minor": asked["amount_minor"]}]
        return write.create("payment_result", {"batch_id": batch_id, "rows": rows})

    if attempt(work):
        done(f"payments.done_{outcome}")
    return _to(batch_id)


def _shown(batch_id: str, data: bytes, name: str) -> str:
    def view(read: Transaction) -> str:
        batch = known(read, "payment_batch", batch_id)
        rows = _judged(read, batch_id, data)
        return render_template(
            "payments/result.html",
            batch=batch,
            rows=rows,
            applied=sum(row.verdict in APPLIES for row in rows),
            payees={item["reference"]: known(read, "user", item["user_id"]) for item in batch["payments"]},
            content=base64.b64encode(data).decode(),
            file_name=name,
            expected=fingerprint(rows),
        )

    return read_page(view)


def _judged(read: Transaction, batch_id: str, data: bytes) -> list[Row]:
    batch = known(read, "payment_batch", batch_id)
    if batch["status"] not in ("exported", "settled"):
        raise Refused("result_not_asked")
    rows = read_rows(data, setting(read, "bank_layout"))
    named = {row.reference[:12] for row in rows}
    others = [other for other in read.find_any("payment_batch", "number", sorted(named)) if other["id"] != batch_id]
    return judge(rows, batch, {item["reference"]: other["number"] for other in others for item in other["payments"]})


def _to(batch_id: str) -> Response:
    return redirect(f"/payments/batches/{batch_id}", 303)
