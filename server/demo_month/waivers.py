"""Waivers in the demo month: who asks for one, what the manager says, and which are over before anything is paid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

from server.claims.rules.within_limits import OVER
from server.claims.waivers import due_to_end, end_one
from server.demo_month.plan import Journey, Paper
from server.demo_month.writing import Writer
from sync.actor import SYSTEM
from sync.change import Record
from sync.transaction import Transaction

_OF_A_LIMIT = "现场情况特殊，当日已无更便宜的选择，请按实际金额报销。"
_OF_THE_REST = "票据属实，请核对后放行。"
_GIVEN, _REFUSED = "已与本人及客户核实，情况属实。", "票据与出差情况不符，不予放行。"
_SHORT = timedelta(4)


def ask(writer: Writer, trips: Iterable[Journey], day: date) -> None:
    """Whoever is above a limit asks for a waiver; of what else stands in the way, one technician of three."""
    for trip in trips:
        if trip.stage == "draft":
            continue
        lines = writer.on(day, SYSTEM, partial(_lines, papers=trip.papers))
        wishes = [(line, code) for line in lines if (code := _in_the_way(line)) and (code in OVER or trip.who % 3 == 0)]
        if wishes:
            writer.on(day, writer.technicians[trip.who], partial(_ask, wishes=wishes))


def answer(writer: Writer, trips: Iterable[Journey], day: date) -> None:
    """The manager refuses what is fraud. The rest is given, some of it for a few days only."""
    for trip in trips:
        writer.on(day, writer.people["ming"], partial(_answer, trip=trip, until=day + _SHORT))


def end(writer: Writer, day: date) -> None:
    """What was given until an earlier day, and is not paid, is over."""
    for waiver_id in writer.on(day, SYSTEM, due_to_end):
        writer.on(day, SYSTEM, partial(end_one, waiver_id=waiver_id))


def _lines(write: Transaction, papers: Iterable[Paper]) -> list[Record]:
    return write.find_any("claim_line", "receipt_id", [paper.id for paper in papers])


def _in_the_way(line: Record) -> str:
    """The first finding that holds the line up; "" where none does, or the line only waits for its tool."""
    codes = [finding["code"] for finding in line["findings"] or () if finding["severity"] != "info"]
    is_waiting = line["status"] not in ("blocked", "needs_review") or "tool_not_returned" in codes
    return "" if is_waiting or not codes else str(codes[0])


def _ask(write: Transaction, wishes: Iterable[tuple[Record, str]]) -> None:
    for line, code in wishes:
        about = {"claim_line_id": line["id"], "finding_code": code}
        write.create("waiver", about | {"request": _OF_A_LIMIT if code in OVER else _OF_THE_REST})


def _answer(write: Transaction, trip: Journey, until: date) -> None:
    roles = {paper.id: paper.role for paper in trip.papers}
    for line in _lines(write, trip.papers):
        for waiver in write.find("waiver", claim_line_id=line["id"], status="asked"):
            if roles[line["receipt_id"]] == "fraud":
                write.update("waiver", waiver, {"status": "refused", "reason": _REFUSED})
                continue
            is_short = trip.stage == "submitted" and trip.who % 4 < 2
            last = {"valid_until": until.isoformat()} if is_short else {}
            write.update("waiver", waiver, {"status": "given", "reason": _GIVEN, **last})
