"""What the rules must know of the company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Company:
    """The company that pays: its name and tax id as invoices must name them, and its calendar."""

    name: str = ""
    tax_id: str = ""
    time_zone: str = "Asia/Shanghai"
