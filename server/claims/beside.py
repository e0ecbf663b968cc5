"""The other receipts that a line's findings rest on, for the person who must compare them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sync.change import Record
from sync.transaction import Transaction


@dataclass(frozen=True)
class Beside:
    """Another receipt, and the line that claims it, where one does."""

    receipt: Record
    line: Record | None


def beside(read: Transaction, line: Record) -> dict[str, list[Beside]]:
    """By the code of the finding, the receipts that it names: by themselves, or by the tools bought on them."""
    return {finding["code"]: list(_named(read, finding)) for finding in line["findings"]}


def _named(read: Transaction, finding: Record) -> Iterator[Beside]:
    named = {kind: [item["value"] for item in finding["evidence"] if item["kind"] == kind] for kind in _KINDS}
    purchases = read.find_any("tool_purchase", "id", named["tool_purchase"])
    receipt_ids = [*named["receipt"], *(purchase["receipt_id"] for purchase in purchases)]
    for receipt in read.find_any("receipt", "id", receipt_ids):
        lines = read.find("claim_line", receipt_id=receipt["id"])
        yield Beside(receipt, lines[-1] if lines else None)


_KINDS = ("receipt", "tool_purchase")
