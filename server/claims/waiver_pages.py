"""Waivers at the desk: those that wait for an answer, those that were decided, and one with all that it rests on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.gate import page_for
from server.accounts.step_up import freshly_proved
from server.claims.delegations import on_behalf_of, rights_of
from server.claims.duties import refuse_second_duty
from server.claims.rules.waiving import MOST_DAYS, freed_minor, last_day, lifted
from server.claims.seen import as_seen, seen_of
from server.claims.states import JUDGED, judged_status
from server.claims.waiver_list import GROUPS, by_finding, by_group, money_of, page_of, read_wanted, with_lines
from server.pages import attempt, done, known, read_page, reading, words
from server.problems import Problem
from server.services import services
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction

blueprint = Blueprint("waivers", __name__, url_prefix="/finance/waivers")
_STEPS = {
    "give": ("given", ("reason", "valid_until")),
    "refuse": ("refused", ("reason",)),
    "take_back": ("taken_back", ("end_reason",)),
}
_EARLIER = 5


@blueprint.get("")
@page_for("finance", "manager")
def show() -> str:
    """What waits for an answer, the oldest first; or what became of others."""
    wanted, zone = read_wanted(request.args), services().config.time_zone
    after = request.args.get("after", "")

    def view(read: Transaction) -> str:
        found, rest = page_of(read, wanted, zone, after)
        counts = by_group(read, wanted, zone)
        people = {user["id"]: user for user in read.find("user")}
        return render_template(
            "claims/waivers.html",
            wanted=wanted,
            found=found,
            after=rest,
            is_first=not after,
            tabs=[(name, counts[name]) for name in GROUPS],
            findings=by_finding(read, wanted, zone),
            money=money_of(read, wanted, zone),
            people=people,
            technicians=[user for user in people.values() if user["role"] == "technician"],
            desks=[user for user in people.values() if user["role"] in ("finance", "manager")],
        )

    return read_page(view)


@blueprint.get("/<waiver_id>")
@page_for("finance", "manager")
def one(waiver_id: str) -> str:
    """One waiver: why, by which evidence, on which line, and what it would lift."""
    filter_of_list = read_wanted(request.args).query()
    return read_page(
        lambda read: render_template("claims/waiver.html", filter=filter_of_list, **_about(read, waiver_id))
    )


@blueprint.post("/<waiver_id>")
@page_for("finance", "manager")
@freshly_proved(lambda: request.form.get("step") == "give")
def decide(waiver_id: str) -> Response:
    """Give it until a day, refuse it, or take back what was given; each with a reason."""
    step = request.form.get("step", "")
    if step not in _STEPS:
        raise Problem(400, "bad_request")
    status, names = _STEPS[step]
    fields = {"status": status} | {name: request.form.get(name, "").strip() for name in names}
    filter_of_list = read_wanted(dict(parse_qsl(request.form.get("filter", "")[:1000])))

    def work(write: Transaction) -> Record:
        waiver = known(write, "waiver", waiver_id)
        if step == "give" and waiver["status"] == "asked":
            as_seen(write, waiver["claim_line_id"], request.form.get("seen", ""))
        return write.update("waiver", waiver, fields)

    if not attempt(work):
        return redirect(f"/finance/waivers/{waiver_id}?{filter_of_list.query()}", 303)
    done(f"waivers.done_{step}")
    if step == "take_back":
        return redirect(f"/finance/waivers/{waiver_id}", 303)
    return redirect(_next(filter_of_list.query(status="asked")), 303)


def _next(query: str) -> str:
    """The request that waits longest; where none is left, the list."""
    wanted = read_wanted(dict(parse_qsl(query)))
    found, _ = reading(lambda read: page_of(read, wanted, services().config.time_zone))
    return f"/finance/waivers/{found[0]['id']}?{query}" if found else f"/finance/waivers?{query}"


def _about(read: Transaction, waiver_id: str) -> dict[str, Any]:
    waiver = with_lines(read, [known(read, "waiver", waiver_id)])[0]
    line = waiver["line"]
    receipt = (read.get("receipt", line["receipt_id"]) if line else None) or {"attachments": [], "seller_name": ""}
    claim = read.get("claim", line["claim_id"]) if line else None
    today = services().today().isoformat()
    purchases = read.find("tool_purchase", receipt_id=line["receipt_id"]) if line else []
    return {
        "seen": seen_of(line, receipt, purchases) if line else "",
        "waiver": waiver,
        "line": line,
        "receipt": receipt,
        "claim": claim,
        "trip": read.get("trip", claim["trip_id"]) if claim else None,
        "media": _media(read, [*receipt["attachments"], *(waiver["attachments"] or ())]),
        "people": {user["id"]: user for user in read.find("user")},
        "earlier": _earlier(read, waiver),
        "hindrance": _hindrance(read, waiver, line),
        "today": today,
        "usual_until": last_day("", today, services().config.waiver_days),
        "latest": last_day("", today, MOST_DAYS),
        **_effect(waiver, line),
    }


def _effect(waiver: Record, line: Record | None) -> dict[str, Any]:
    """What the line would be with the waiver: its state, what is set free, and what still stands in the way."""
    if line is None or waiver["status"] != "asked":
        return {"after_status": ""}
    findings = line["findings"] or []
    after = lifted(findings, waiver["finding_code"])
    return {
        "after_status": judged_status(after),
        "freed": freed_minor(int(line["amount_minor"]), findings, waiver["finding_code"]),
        "still": [item for item in after if item["severity"] != "info" and not item.get("waived")],
    }


def _hindrance(read: Transaction, waiver: Record, line: Record | None) -> str:
    """Why the reading person cannot decide, in a sentence; nothing where they can."""
    if line is None or (waiver["status"] == "asked" and line["status"] not in JUDGED):
        return ""
    if "waive" not in rights_of(read):
        return words(Refused("right_not_held"))
    try:
        refuse_second_duty(read, line, "waive", on_behalf_of(read, "waive"))
    except Refused as refused:
        return words(refused)
    return ""


def _earlier(read: Transaction, waiver: Record) -> list[Record]:
    """The newest other waivers of the same person for the same finding."""
    same = read.find("waiver", technician_id=waiver["technician_id"], finding_code=waiver["finding_code"])
    return with_lines(read, [other for other in same if other["id"] != waiver["id"]][-_EARLIER:])[::-1]


def _media(read: Transaction, hashes: list[str]) -> dict[str, str]:
    files = read.find_any("attachment", "sha256", hashes)
    return {item["sha256"]: item["media_type"] for item in files if item["status"] == "stored"}
