"""The payment desk: what can be paid, batches, and the files that go to the bank."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.step_up import freshly_proved
from server.claims.duties import sharing_account
from server.i18n import say
from server.pages import attempt, done, known, read_page
from server.payments.export import kept_file, unconfirmed
from server.payments.outgoing import KINDS
from server.payments.queries import batches, shown_payments, to_pay
from server.payments.reconciliation import restored_at
from sync.change import Record, is_id
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("payments", __name__, url_prefix="/payments")


@blueprint.get("/")
@page_for("finance", "manager")
def payable() -> str:
    """Approved lines in no batch, by person."""

    def view(read: Transaction) -> str:
        waiting = read.find("bank_account", status="unconfirmed")
        return render_template(
            "payments/to_pay.html",
            found=to_pay(read),
            waiting=waiting,
            sharing={item["user_id"]: _names(read, sharing_account(read, item["user_id"])) for item in waiting},
            people=_people(read),
            restored_at=restored_at(read),
        )

    return read_page(view)


@blueprint.post("/reconciled")
@page_for("finance")
def reconciled() -> Response:
    """After a restore: what the bank was sent is compared, and payments may go on."""
    fields = {name: request.form.get(name, "").strip() for name in ("last_number", "note")}
    if attempt(lambda write: write.create("payment_reconciliation", fields)):
        done("payments.done_reconciled")
    return redirect("/payments/", 303)


@blueprint.get("/batches")
@page_for("finance", "manager")
def all_batches() -> str:
    """Every batch, the newest first."""
    return read_page(lambda read: render_template("payments/batches.html", batches=batches(read), people=_people(read)))


@blueprint.post("/batches")
@page_for("finance")
def make_batch() -> Response:
    """Put the chosen lines into a new batch."""
    chosen = [line_id for line_id in request.form.getlist("line") if is_id(line_id)]
    fields = {"line_ids": chosen, "currency": request.form.get("currency", ""), "note": request.form.get("note", "")}

    def work(write: Transaction) -> tuple[Record, list[str], list[str]]:
        batch = write.create("payment_batch", fields)
        asked = {line["technician_id"] for line in write.find_any("claim_line", "id", chosen)}
        taken = {line["technician_id"] for line in write.find_any("claim_line", "id", batch["line_ids"])}
        waiting = unconfirmed(write, asked - taken)
        return batch, _names(write, asked - taken - waiting), _names(write, waiting)

    made = attempt(work)
    if made is None:
        return redirect("/payments/", 303)
    batch, left_out, waiting = made
    done("payments.done_made", number=batch["number"])
    if left_out:
        flash(say("payments.left_out", names=", ".join(left_out)), "done")
    if waiting:
        flash(say("payments.left_unconfirmed", names=", ".join(waiting)), "done")
    return _to(batch["id"])


@blueprint.get("/batches/<batch_id>")
@page_for("finance", "manager")
def batch(batch_id: str) -> str:
    """One batch: its payments, its control total, and the journal's head at its export. Made to be printed."""

    def view(read: Transaction) -> str:
        found = known(read, "payment_batch", batch_id)
        payments = shown_payments(read, found)
        return render_template("payments/batch.html", batch=found, payments=payments, people=_people(read), kinds=KINDS)

    return read_page(view)


@blueprint.post("/batches/<batch_id>/export")
@page_for("finance")
@freshly_proved()
def export(batch_id: str) -> Response:
    """Fix the batch and make the bank's file, once."""

    def work(write: Transaction) -> Record:
        # Note: held first, so that of two who export at once the second one sees that it is done.
        found = _held(write, batch_id)
        if found["status"] != "draft":
            person = write.get("user", found["exported_by"] or found["cancelled_by"]) or {"display_name": ""}
            raise Refused("batch_not_draft", params={"number": found["number"], "name": person["display_name"]})
        return write.update("payment_batch", found, {"status": "exported"})

    exported = attempt(work)
    if exported:
        done("payments.done_exported", number=exported["number"])
    return _to(batch_id)


@blueprint.post("/batches/<batch_id>/file")
@page_for("finance")
@freshly_proved()
def file(batch_id: str) -> Response:
    """The bank's file: the same bytes each time, from the second time on named as a copy."""

    def work(write: Transaction) -> tuple[Record, bytes]:
        found = _held(write, batch_id)
        data = kept_file(write, found)
        return write.update("payment_batch", found, {"downloads": found["downloads"] + 1}), data

    fetched = attempt(work)
    if fetched is None:
        return _to(batch_id)
    found, data = fetched
    copy = f"-copy-{found['downloads'] - 1}" if found["downloads"] > 1 else ""
    answer = make_response(data)
    answer.mimetype = "text/csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{found["number"]}{copy}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/batches/<batch_id>/cancel")
@page_for("finance")
def cancel(batch_id: str) -> Response:
    """Set the lines of a batch free again; of an exported one with the reason why the bank does not pay it."""
    fields = {"status": "cancelled", "reason": request.form.get("reason", "").strip()}
    if attempt(lambda write: write.update("payment_batch", _held(write, batch_id), fields)):
        done("payments.done_cancelled")
    return _to(batch_id)


@blueprint.post("/batches/<batch_id>/remove")
@page_for("finance")
def remove(batch_id: str) -> Response:
    """Take one person's payment out of a draft."""
    user_id = request.form.get("user_id", "")

    def work(write: Transaction) -> Record:
        found = _held(write, batch_id)
        lines = write.find_any("claim_line", "id", found["line_ids"])
        left = [line["id"] for line in lines if line["technician_id"] != user_id]
        return write.update("payment_batch", found, {"line_ids": left})

    if attempt(work):
        done("payments.done_removed")
    return _to(batch_id)


def _held(write: Transaction, batch_id: str) -> Record:
    known(write, "payment_batch", batch_id)
    return write.get("payment_batch", batch_id, lock=True) or {}


def _names(read: Transaction, user_ids: set[str]) -> list[str]:
    return [user["display_name"] for user in read.find_any("user", "id", sorted(user_ids))]


def _people(read: Transaction) -> dict[str, Record]:
    return {user["id"]: user for user in read.find("user")}


def _to(batch_id: str) -> Response:
    return redirect(f"/payments/batches/{batch_id}", 303)
