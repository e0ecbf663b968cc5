"""What the rules must know of the company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Company:
    """The company that pays: its name and tax id as invoices must name them, and its calendar.

    A waiver is given for `waiver_days` unless its giver says otherwise; whoever may decide is reminded of one that was
    asked for every `waiver_answer_days`.

    `own_days` are days of rest and work that it adds to the published ones (`server/claims/working_days.py`).
    """

    name: str = ""
    tax_id: str = ""
    time_zone: str = "Asia/Shanghai"
    waiver_days: int = 30
    waiver_answer_days: int = 3
    own_days: Mapping[str, str] = field(default_factory=dict)
