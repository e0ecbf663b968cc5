"""What became of a change that was pushed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Row

from sync.change import Record
from sync.errors import Conflict, Refused

_MAY_LACK = ("version", "seq", "record", "code", "errors", "params", "first")
Status = Literal["applied", "merged", "duplicate", "conflict", "rejected", "held"]


@dataclass(slots=True)
class Verdict:
    """One answer to one change. `first` is the first verdict of a duplicate; `seq` is set once it is committed."""

    change_id: str
    status: Status
    version: int | None = None
    seq: int | None = None
    record: Record | None = None
    code: str | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    first: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether the change is in the journal, now or from before."""
        return self.status in ("applied", "merged", "duplicate")

    def to_wire(self) -> dict[str, Any]:
        """The verdict as JSON has it, without what is not there."""
        wire: dict[str, Any] = {"change_id": self.change_id, "status": self.status}
        for name in _MAY_LACK:
            value = getattr(self, name)
            if value is not None and value != {}:
                wire[name] = value
        return wire


def refusal(change_id: str, refused: Refused, record: Record | None = None) -> Verdict:
    """The verdict for a refusal. `record` goes only to one who may see it."""
    known = refused.record if isinstance(refused, Conflict) else record
    status: Status = "conflict" if isinstance(refused, Conflict) else "held" if refused.status == "held" else "rejected"
    return Verdict(change_id, status, record=known, code=refused.code, errors=refused.errors, params=refused.params)


def duplicate(row: Row[Any]) -> Verdict:
    """The first verdict again, read from the journal."""
    return Verdict(row.change_id, "duplicate", version=row.version, seq=row.seq, first=row.status)
