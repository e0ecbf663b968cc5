"""The life of a payment batch: which step leads where."""

from __future__ import annotations

from collections.abc import Mapping

BATCH_STATES = ("draft", "exported", "settled", "cancelled")
STEPS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"exported", "cancelled"}),
    "exported": frozenset({"cancelled"}),
}
"""Where a payer may take a batch. It is settled by itself, once the bank has answered for every payment."""


def may_step(before: str, after: str) -> bool:
    """Whether a payer may take a batch from one state to the other."""
    return after in STEPS.get(before, frozenset())


ACCOUNT_STATES = ("unconfirmed", "confirmed", "contested")
"""Money goes to a confirmed account only (REG-D3). What its owner enters is confirmed, what finance enters not yet."""
