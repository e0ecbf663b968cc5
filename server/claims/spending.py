"""What limits there are, and what was spent already on a day or a trip, as a transaction sees them (REG-D3)."""

from __future__ import annotations

from collections.abc import Iterable

from server.claims.rules.facts import Limit, Tolerances
from server.claims.rules.limits import KINDS, in_force
from server.claims.states import EDITABLE, stands
from sync.change import Record
from sync.transaction import Transaction

SHARED: dict[str, str] = {"meal": "issued_on", "lodging": "trip_id"}
"""Categories whose limit several receipts share: meals of one day, nights of one trip."""
_APPROVED = frozenset({"approved", "paid"})


def limits_known(write: Transaction) -> tuple[Limit, ...]:
    """All limits that the rules may ask for. They are few, and read once for all that a transaction judges."""
    write.look_up("limit", "kind", KINDS)
    rows = write.find_any("limit", "kind", KINDS)
    return tuple(Limit(row["kind"], row["subject"], row["value"], row["applies_from"]) for row in rows)


def tolerances_on(limits: Iterable[Limit], day: str) -> Tolerances:
    """The tolerances of a day, the usual ones where the company has set none."""
    known = tuple(limits)
    usual = Tolerances()

    def days(kind: str) -> int:
        own = in_force(known, kind, "", day)
        return int(getattr(usual, kind)) if own is None else own

    return Tolerances(days("local_days"), days("transport_days"), days("rail_issue_days"))


def sharing(write: Transaction, receipt: Record) -> list[Record]:
    """The same person's other receipts that share a limit with this one, by any category that either has had."""
    found = [other for category in _categories(receipt) for other in _sharing_as(write, receipt, category)]
    return list({other["id"]: other for other in found}.values())


def _sharing_as(write: Transaction, receipt: Record, category: str) -> list[Record]:
    by = SHARED.get(category)
    if by is None:
        return []
    same = {name: receipt[name] for name in ("technician_id", "currency", by)}
    others = write.find("receipt", **same)
    return [other for other in others if other["id"] != receipt["id"] and category in _categories(other)]


def _categories(receipt: Record) -> set[str]:
    return {receipt["category"], receipt["handed_in_as"] or receipt["category"]}


def spent_before(write: Transaction, receipt: Record, line: Record, category: str) -> int:
    """What other receipts have taken of the limit that they share with a line's receipt as one of a category, in minor
    units.

    What was approved has taken its part, and nothing that is still open comes before it. Of what is still open, the
    receipt that the server had first comes first.
    """
    if not category:
        return 0
    others = {other["id"]: other for other in _sharing_as(write, receipt, category)}
    lines = [item for item in write.find_any("claim_line", "receipt_id", sorted(others)) if stands(item)]
    spent = sum(int(item["approved_minor"]) for item in lines if item["status"] in _APPROVED)
    if line["status"] in _APPROVED:
        return spent
    place = write.first_seq("receipt", receipt["id"]) if lines else 0
    waiting = [item for item in lines if item["status"] not in _APPROVED | EDITABLE]
    earlier = [item for item in waiting if write.first_seq("receipt", item["receipt_id"]) < place]
    return spent + sum(int(item["amount_minor"]) for item in earlier)
