"""A server restored from an older backup does not know what was sent to the bank since: nothing is sent before somebody
of finance has compared its batches with the bank.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.payments.records import ReconciliationSchema, reconciliations
from server.wire import RecordForm
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.facts import read_fact
from sync.transaction import Transaction

RESTORED_AT = "restored_at"
"""The fact that a restore leaves: when it was."""


def restored_at(read: Transaction) -> str:
    """When the server was restored, as long as nobody has compared it with the bank since; else empty."""
    moment = read_fact(read.connection, RESTORED_AT)
    epoch = read_fact(read.connection, "epoch")
    return "" if moment and read.find("payment_reconciliation", epoch=epoch) else moment


def refuse_unreconciled(write: Transaction) -> None:
    """Raises Refused("payments_unreconciled") where batches may have been sent that this server has lost."""
    if restored_at(write):
        raise Refused("payments_unreconciled")


def lost_numbers(read: Transaction) -> list[str]:
    """The newest numbers that the bank knew at each restore: new batches are numbered behind them."""
    return [item["last_number"] for item in read.find("payment_reconciliation") if item["last_number"]]


class ReconciliationPolicy(Policy):
    """Said once for each restore, by finance, with what was found."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may = write.actor.is_any("finance") and before is None
        return frozenset({"last_number", "note"}) if may else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if not restored_at(write):
            raise Refused("nothing_to_reconcile")
        epoch = read_fact(write.connection, "epoch")
        return {"epoch": epoch, "confirmed_by": write.actor.id, "confirmed_at": instant(write.now)}

    def buckets(self, record: Record) -> set[str]:
        return {"role:finance", "role:manager"}


ENTITY = Entity("payment_reconciliation", reconciliations, RecordForm(ReconciliationSchema), ReconciliationPolicy())
