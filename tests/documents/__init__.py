"""Realistic synthetic receipts, drawn from a seed: what the readers are tested and measured on.

No document here was ever issued: companies carry 示例 or 样例 in their names, and organisation codes lie in ranges not
given out. Check characters are right, because a reader checks them. `make` is the way in.
"""

from __future__ import annotations

from tests.documents.make import KINDS, PICTURES, make
from tests.documents.sample import Leg, Sample, Truth

__all__ = ["KINDS", "PICTURES", "Leg", "Sample", "Truth", "make"]
