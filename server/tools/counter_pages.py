"""The counter: one field for the scanner, a list of what was scanned, one confirmation, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.attachments.from_form import keep_photos
from server.i18n import say
from server.pages import attempt, done, read_page, words
from server.services import services
from server.tools.counter import CHOICES, MAX_ROWS, Outcome, Row, confirm, new_row, one_more, rows_of, undo
from server.tools.naming import label_in, serial_key
from server.tools.queries import SOON, by_id, expected_back, open_issues, to_calibrate
from server.tools.records import CONDITIONS
from server.tools.scanning import MAX_CODE, Meaning, meaning_of
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("counter", __name__, url_prefix="/warehouse")


@dataclass(frozen=True)
class Said:
    """What the page says first, large and aloud: a key of the catalogue and what fills it."""

    key: str
    is_error: bool = False
    params: dict[str, Any] | None = None


@blueprint.get("/")
@page_for("warehouse")
def counter() -> str:
    """The counter, empty or with the codes of the address; after a confirmation, with what was done."""

    def view(read: Transaction) -> str:
        rows: list[Row] = []
        said = None
        for code in request.args.getlist("code")[:MAX_ROWS]:
            rows, said = _scan(read, rows, code.strip())
        return _page(read, rows, said, request.args.get("done", ""))

    return read_page(view)


@blueprint.post("/")
@page_for("warehouse")
def work() -> str | Response:
    """A code was scanned, or the list is confirmed. Nothing is written before that."""
    rows, said = _with_photos(rows_of(request.form))
    code = request.form.get("code", "").strip()
    if request.form.get("step") != "confirm" or (code and not rows):
        return read_page(lambda read: _page(read, *_scanned(read, rows, code, said)))
    outcome = attempt(lambda write: confirm(write, rows)) if said is None else Outcome(refused=[])
    if outcome is None or said is not None:
        return read_page(lambda read: _page(read, rows, said))
    if not outcome.refused:
        return redirect(f"/warehouse/?done={','.join(outcome.done)}", 303)
    left = [replace(row, error=words(refused), is_new=True) for row, refused in outcome.refused]
    said = Said("counter.some_refused", is_error=True, params={"done": len(outcome.done), "left": len(left)})
    return read_page(lambda read: _page(read, left, said, ",".join(outcome.done)))


@blueprint.post("/undo")
@page_for("warehouse")
def undo_last() -> Response:
    """Take the last confirmation back, whole or not at all."""
    steps = request.form.get("done", "").split(",")
    count = attempt(lambda write: undo(write, steps, say("counter.undone_reason")))
    if count is not None:
        done("counter.undone", count=count)
        return redirect("/warehouse/", 303)
    return redirect(f"/warehouse/?done={','.join(steps)}", 303)


def _scanned(read: Transaction, rows: list[Row], code: str, said: Said | None) -> tuple[list[Row], Said | None]:
    if said is not None or request.form.get("step") not in (None, "scan"):
        return rows, said
    if code:
        return _scan(read, rows, code)
    return rows, None if rows or "id-0" in request.form else Said("counter.nothing_scanned", is_error=True)


def _scan(read: Transaction, rows: list[Row], code: str) -> tuple[list[Row], Said]:
    """Put a code on the list. A code that is there already is told, or is one more of its purchase."""
    if len(code) > MAX_CODE:
        return rows, Said("counter.too_long", is_error=True)
    meaning = meaning_of(read, code, services().today())
    same = next((row for row in rows if _is_same(row, meaning)), None)
    if same and meaning.expected and not meaning.serial_number and same.quantity < meaning.expected.waiting:
        more = one_more(same)
        said = Said("counter.one_more", params={"name": meaning.expected.purchase["name"], "count": more.quantity})
        return [more if row is same else row for row in rows], said
    if same:
        return rows, Said("counter.on_list", is_error=True, params={"code": code})
    if len(rows) >= MAX_ROWS:
        return rows, Said("counter.list_full", is_error=True)
    return [*rows, _row_for(meaning)], _said_of(meaning)


def _is_same(row: Row, meaning: Meaning) -> bool:
    if meaning.unit:
        return bool(row.unit_id == meaning.unit["id"])
    if meaning.expected and not meaning.serial_number:
        return bool(row.purchase_id == meaning.expected.purchase["id"]) and not row.serial_number
    return bool(row.serial_number) and serial_key(row.serial_number) == serial_key(meaning.code)


def _row_for(meaning: Meaning) -> Row:
    unit, expected = meaning.unit, meaning.expected
    if unit:
        known = {"unit_id": unit["id"], "condition": unit["condition"], "shelf": unit["shelf"], "name": unit["name"]}
        return new_row(meaning.code, action=meaning.action, **known)
    purchase_id = expected.purchase["id"] if expected else ""
    serial = "" if label_in(meaning.code) else meaning.serial_number
    return new_row(meaning.code, action=meaning.action, purchase_id=purchase_id, serial_number=serial)


def _said_of(meaning: Meaning) -> Said:
    """What was found, in one sentence."""
    if meaning.expected:
        item = meaning.expected
        params = {"name": item.purchase["name"], "person": item.technician["display_name"], "count": item.waiting}
        return Said("counter.is_expected", params=params)
    if meaning.unit is None:
        return Said("counter.is_unknown", is_error=True, params={"code": meaning.code})
    about = {name: meaning.unit[name] for name in ("label", "name", "shelf")} | {"person": meaning.holder}
    return Said(f"counter.is_{meaning.unit['status']}", meaning.action == "known", about)


def _with_photos(rows: list[Row]) -> tuple[list[Row], Said | None]:
    """The rows with the photos that came with the form; one that cannot be used is told at its row."""
    numbers = {request.form.get(f"id-{number}"): number for number in range(MAX_ROWS)}
    said, kept = None, []
    for row in rows:
        try:
            photos = keep_photos(request.files.getlist(f"photo-{numbers[row.id]}"))
            kept.append(replace(row, photos=tuple(dict.fromkeys([*row.photos, *photos]))))
        except Refused as refused:
            said = Said("counter.photo_refused", is_error=True)
            kept.append(replace(row, error=words(refused), is_new=True))
    return kept, said


def _page(read: Transaction, rows: list[Row], said: Said | None, finished: str = "") -> str:
    today = services().today()
    expected = expected_back(read, today)
    units: dict[str, Record] = by_id(read, "tool_unit", [row.unit_id for row in rows])
    return render_template(
        "tools/counter.html",
        rows=rows,
        said=said,
        units=units,
        expected=expected,
        purchases={item.purchase["id"]: item for item in expected},
        choices=CHOICES,
        conditions=CONDITIONS,
        finished=_finished(read, finished),
        done_steps=finished,
        overdue=len(open_issues(read, today.isoformat())),
        calibrations=len(to_calibrate(read, (today + SOON).isoformat())),
    )


def _finished(read: Transaction, steps: str) -> list[Record]:
    """The units that the last confirmation was about, as they are now."""
    pairs = [step.partition(":") for step in steps.split(",")[:200]]
    issues = by_id(read, "tool_issue", [record_id for kind, _, record_id in pairs if kind == "back"])
    ids = [issues[record_id]["tool_unit_id"] if record_id in issues else record_id for _, _, record_id in pairs]
    return list(by_id(read, "tool_unit", ids).values())
