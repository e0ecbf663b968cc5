"""What the desks do in the demo month: the warehouse takes tools in, finance decides and pays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from server.demo_month.plan import Journey
from server.demo_month.writing import Writer
from sync.change import Record
from sync.transaction import Transaction

_REFUSAL = "不符合报销规定（REG-D3）"


def stock_in(writer: Writer, trips: Iterable[Journey], day: date) -> None:
    """The warehouse takes in the tools that these trips brought back."""
    tools = [(paper.id, paper.tool) for trip in trips for paper in trip.papers if paper.tool]

    def work(write: Transaction) -> None:
        for receipt_id, tool in tools:
            for purchase in write.find("tool_purchase", receipt_id=receipt_id):
                for serial in tool.returned:
                    unit = {"tool_purchase_id": purchase["id"], "serial_number": serial, "shelf": "A-01"}
                    write.create("tool_unit", unit)

    writer.on(day, writer.people["wen"], work)


def decide(writer: Writer, trips: Iterable[Journey], day: date) -> None:
    """Finance approves what is clear, and refuses what is blocked and no tool can mend."""
    papers = [paper.id for trip in trips for paper in (*trip.papers, *trip.again)]

    def work(write: Transaction) -> None:
        for line in write.find_any("claim_line", "receipt_id", papers):
            fresh = write.get("claim_line", line["id"]) or line
            if fresh["status"] == "clear":
                write.update("claim_line", fresh, {"status": "approved"})
            elif fresh["status"] == "blocked" and not _waits_for_tool(fresh):
                write.update("claim_line", fresh, {"status": "refused", "decision_note": _REFUSAL})

    writer.on(day, writer.people["fei"], work)


def pay(writer: Writer, trips: Iterable[Journey], day: date) -> None:
    """Another person of finance than who entered the accounts pays what was approved: one batch, the bank's answer."""
    trips = list(trips)
    papers = [paper.id for trip in trips for paper in trip.papers]

    def enter_accounts(write: Transaction) -> None:
        for who in sorted({trip.who for trip in trips}):
            account = {"bank_name": "示例银行", "account_number": f"62220000{who:08}"}
            account |= {"user_id": writer.technicians[who].id, "holder_name": f"示例{who:02}"}
            write.create("bank_account", account)

    def confirm_own(write: Transaction) -> None:
        account = write.find("bank_account", user_id=write.actor.id)[0]
        write.update("bank_account", account, {"status": "confirmed"})

    def work(write: Transaction) -> None:
        lines = write.find_any("claim_line", "receipt_id", papers)
        approved = [line["id"] for line in lines if line["status"] == "approved"]
        batch = write.create("payment_batch", {"currency": "CNY", "line_ids": approved})
        write.update("payment_batch", batch, {"status": "exported"})
        asked = (write.get("payment_batch", batch["id"]) or batch)["payments"]
        rows = [
            {"reference": item["reference"], "amount_minor": item["amount_minor"], "outcome": "paid"} for item in asked
        ]
        write.create("payment_result", {"batch_id": batch["id"], "rows": rows})

    writer.on(day, writer.people["fei"], enter_accounts)
    for who in sorted({trip.who for trip in trips}):
        writer.on(day, writer.technicians[who], confirm_own)
    writer.on(day, writer.people["pei"], work)


def _waits_for_tool(line: Record) -> bool:
    return any(finding["code"] == "tool_not_returned" for finding in line["findings"])
