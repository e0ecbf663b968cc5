"""What people still owe from payments that were reversed: no money goes to them past it (REG-D3)."""

from __future__ import annotations

from collections.abc import Iterable

from server.claims.states import payable_minor
from sync.change import Record
from sync.errors import Refused
from sync.transaction import Transaction


def open_counter_entries(read: Transaction, user_ids: Iterable[str]) -> list[Record]:
    """The counter-entries of people whose money is not back, be they in a batch or not."""
    people = set(user_ids)
    approved = read.find("claim_line", status="approved")
    return [line for line in approved if line["reverses"] and line["technician_id"] in people]


def refuse_owing(write: Transaction, line: Record) -> None:
    """Money that is paid by hand sets nothing off. Raises Refused("counter_entry_open") where its person owes some."""
    if payable_minor(line) <= 0:
        return
    owed = open_counter_entries(write, [line["technician_id"]])
    if owed:
        person = write.get("user", line["technician_id"]) or {}
        amounts = ", ".join(f"{-payable_minor(item) / 100:.2f} {item['currency']}" for item in owed)
        raise Refused("counter_entry_open", params={"name": person.get("display_name", ""), "owed": amounts})
