"""What accounting and the archive get, of a month or of a batch; and the accounts that vouchers name."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import IO, Any

from flask import Blueprint, redirect, render_template, request, send_file
from werkzeug.wrappers import Response

from server.accounts.gate import actor, current_user, page_for
from server.i18n import language_of_request, say
from server.pages import attempt, done, known, read_page
from server.payments.archive import Archive
from server.payments.cells import Cell, csv_text
from server.payments.export import setting
from server.payments.outgoing import KINDS, Outgoing, is_month, media_of, of_batch, of_month
from server.payments.records import AccountCodesSchema
from server.payments.voucher import voucher_rows
from server.problems import Problem
from server.services import engine, services
from sync.change import Record, instant
from sync.journal import head
from sync.transaction import Transaction

blueprint = Blueprint("outgoing", __name__, url_prefix="/payments/outgoing")
_CODES = tuple(AccountCodesSchema().fields)
_TYPES = {
    "vouchers.csv": "text/csv",
    "vouchers.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_IN_MEMORY = 4 * 1024 * 1024


@blueprint.get("")
@page_for("finance", "manager")
def choose() -> str:
    """Which month; and the accounts that vouchers name."""
    month = request.args.get("month", "")
    month = month if is_month(month) else services().today().isoformat()[:7]

    def view(read: Transaction) -> str:
        lines = of_month(read, month, services().config.time_zone)
        codes = setting(read, "account_codes")
        return render_template(
            "payments/outgoing.html", month=month, lines=lines, kinds=KINDS, codes=codes, names=_CODES
        )

    return read_page(view)


@blueprint.post("")
@page_for("finance", "manager")
def save_codes() -> Response:
    """Keep the accounts that vouchers name."""
    fields = {name: request.form.get(name, "").strip() for name in _CODES}

    def work(write: Transaction) -> Record:
        kept = write.find("account_codes")
        return write.update("account_codes", kept[0], fields) if kept else write.create("account_codes", fields)

    if attempt(work):
        done("page.saved")
    return redirect("/payments/outgoing", 303)


@blueprint.get("/<kind>")
@page_for("finance", "manager")
def download(kind: str) -> Response:
    """A file of a month, or of a batch that was sent to the bank."""
    if kind not in KINDS:
        raise Problem(404, "not_found")
    with engine().database.read() as connection:
        read = Transaction(engine(), connection, actor())
        name, lines = _chosen(read)
        if kind == "archive.zip":
            return _archive(read, name, lines)
        rows = voucher_rows(lines, setting(read, "account_codes"), say)
        file = _written(lambda out: _write_xlsx(out, rows) if kind.endswith("xlsx") else _write_csv(out, list(rows)))
    return send_file(file, _TYPES[kind], as_attachment=True, download_name=f"{name}-{kind}", max_age=0)


def _archive(read: Transaction, name: str, lines: list[Outgoing]) -> Response:
    newest = head(read.connection)
    about = {
        "company": services().config.company_name,
        "scope": name,
        "made_at": instant(engine().clock()),
        "made_by": current_user()["display_name"],
        "journal_head": f"{newest.seq}:{newest.hash}",
    }
    language = language_of_request()
    words = partial(_say_in, language)
    archive = Archive(lines, media_of(read, lines), services().files, about, words)
    answer = Response(archive.stream(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-archive.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _say_in(usual: str, key: str, language: str = "", **params: Any) -> str:
    """A text in a language that is fixed now: when the archive is written, the request is over."""
    return say(key, language or usual, **params)


def _chosen(read: Transaction) -> tuple[str, list[Outgoing]]:
    zone = services().config.time_zone
    if "batch" in request.args:
        batch = known(read, "payment_batch", request.args["batch"])
        if batch["status"] not in ("exported", "settled"):
            raise Problem(404, "not_found")
        return batch["number"], of_batch(read, batch, zone)
    month = request.args.get("month", "")
    if not is_month(month):
        raise Problem(400, "bad_request")
    return month, of_month(read, month, zone)


def _written(write: Callable[[IO[bytes]], None]) -> IO[bytes]:
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed with the answer)
    write(file)
    file.seek(0)
    return file


def _write_csv(file: IO[bytes], rows: Sequence[Sequence[Cell]]) -> None:
    file.write(csv_text(rows).encode("utf-8-sig"))


def _write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Cell]]) -> None:
    from server.payments.workbook import write_xlsx

    write_xlsx(file, rows)
