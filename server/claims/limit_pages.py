"""The company's limits on a page: what applies now, what came before, what comes; a manager sets the next."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.step_up import freshly_proved
from server.claims.limits import SUBJECTS
from server.claims.rules.limits import DAY_KINDS, LOWEST_TIER, MONEY_KINDS, SWITCH_KINDS, city_tiers
from server.pages import attempt, done, known, read_page, typed_minor
from server.services import services
from sync.change import Change, Record, new_id
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("limits", __name__, url_prefix="/finance/limits")


@dataclass(frozen=True)
class LimitRow:
    """One thing that can be limited: what applies today, what applied before, and what is to come."""

    kind: str
    subject: str
    now: Record | None
    before: list[Record]
    coming: list[Record]


@blueprint.get("")
@page_for("finance", "manager")
def limits() -> str:
    """All limits with their history."""

    def view(read: Transaction) -> str:
        today = services().today().isoformat()
        groups = {"money": _rows(read, MONEY_KINDS, today), "days": _rows(read, DAY_KINDS, today)}
        return render_template(
            "claims/limits.html",
            groups=groups | {"switches": _rows(read, SWITCH_KINDS, today), "tiers": _city_rows(read, today)},
            today=today,
            people={user["id"]: user for user in read.find("user")},
            usual_tiers=city_tiers(),
            tiers=range(1, LOWEST_TIER + 1),
            day_kinds=DAY_KINDS,
            switch_kinds=SWITCH_KINDS,
        )

    return read_page(view)


@blueprint.post("")
@page_for("manager")
@freshly_proved()
def add() -> Response:
    """A new limit from a day on."""
    kind, _, subject = request.form.get("what", "").partition(":")
    fields = {name: request.form.get(name, "").strip() for name in ("applies_from", "note")}
    subject = subject or request.form.get("subject", "").strip()

    def work(write: Transaction) -> Record:
        value = _value(kind, request.form.get("value", "").strip())
        return write.create("limit", fields | {"kind": kind, "subject": subject, "value": value})

    if attempt(work):
        done("page.saved")
    return redirect("/finance/limits", 303)


@blueprint.post("/<limit_id>/take-back")
@page_for("manager")
@freshly_proved()
def take_back(limit_id: str) -> Response:
    """A limit that does not apply yet is taken back."""

    def work(write: Transaction) -> Record:
        found = known(write, "limit", limit_id)
        write.apply(Change(new_id(), "limit", limit_id, "delete", base_version=found["version"]))
        return found

    if attempt(work):
        done("limits.taken_back")
    return redirect("/finance/limits", 303)


def _value(kind: str, text: str) -> int | None:
    if not text:
        return None
    if kind in MONEY_KINDS:
        return typed_minor(text, "value")
    if not text.isdecimal() or len(text) > 9:
        raise Refused("invalid_fields", {"value": ["bad_format"]})
    return int(text)


def _rows(read: Transaction, kinds: tuple[str, ...], today: str) -> list[LimitRow]:
    known_limits = read.find("limit")
    return [_row(kind, subject, known_limits, today) for kind in kinds for subject in SUBJECTS.get(kind, ("",))]


def _city_rows(read: Transaction, today: str) -> list[LimitRow]:
    known_limits = read.find("limit", kind="city_tier")
    return [_row("city_tier", subject, known_limits, today) for subject in sorted({x["subject"] for x in known_limits})]


def _row(kind: str, subject: str, known_limits: list[Record], today: str) -> LimitRow:
    mine = [item for item in known_limits if (item["kind"], item["subject"]) == (kind, subject)]
    mine.sort(key=lambda item: str(item["applies_from"]))
    past = [item for item in mine if item["applies_from"] <= today]
    coming = [item for item in mine if item["applies_from"] > today]
    return LimitRow(kind, subject, past[-1] if past else None, past[-2::-1], coming)
