"""The decision trail of a claim, out of the journal: who did what, when, and what it followed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from sync.change import Record
from sync.journal import values
from sync.tables import journal
from sync.transaction import Transaction

_MOST = 5000
"""Entries of one claim: far more than a claim of hundreds of lines has."""
_SILENT = frozenset({"captured_at", "capture_position", "identity", "evidence", "reading_status", "handed_in_as"})
"""What of a receipt nobody types: it follows from the rest."""


@dataclass(frozen=True)
class Step:
    """One journal entry as a person reads it. `cause` is the number of the entry that it followed from, or None."""

    seq: int
    at: str
    who: str
    record_id: str
    what: str
    cause: int | None


def trail_of(
    read: Transaction, records: Mapping[str, Sequence[str]], say: Callable[..., str], finding_words: Callable[..., str]
) -> list[Step]:
    """The steps of records, given as ids by entity, in the journal's order."""
    ids = [record_id for group in records.values() for record_id in group]
    of_records = journal.c.entity.in_(list(records)) & journal.c.record_id.in_(ids)
    rows = read.connection.execute(select(journal).where(of_records).order_by(journal.c.seq).limit(_MOST)).all()
    people = {user["id"]: user["display_name"] for user in read.find("user")}
    causes = _causes(read, [row.caused_by for row in rows if row.caused_by])
    wording = _Wording(say, finding_words, people, causes)
    return [
        Step(
            row.seq,
            row.received_at,
            people.get(row.actor) or say("paper.system"),
            row.record_id,
            what,
            causes[row.caused_by].seq if row.caused_by in causes else None,
        )
        for row in rows
        if (what := "; ".join(wording.of(row)))
    ]


def _causes(read: Transaction, change_ids: Sequence[str]) -> dict[str, Row[Any]]:
    query = select(journal).where(journal.c.change_id.in_(sorted(set(change_ids))))
    return {row.change_id: row for row in read.connection.execute(query)}


@dataclass(frozen=True)
class _Wording:
    say: Callable[..., str]
    finding_words: Callable[..., str]
    people: Mapping[str, str]
    causes: Mapping[str, Row[Any]]
    """The entries that others followed from, by their change id."""
    waived: dict[str, str] = field(default_factory=dict)
    """The finding that each waiver is about: only its first entry says so."""

    def of(self, row: Row[Any]) -> Iterator[str]:
        """What an entry says, in parts; nothing where it only moved sums about."""
        after = values(row.after)
        if row.entity == "waiver":
            yield from self._waiver(row, after)
        elif row.entity == "evidence":
            yield self.say("paper.evidence", note=after["note"])
        elif row.op == "delete":
            yield self.say("paper.deleted")
        else:
            yield from self._changes(row, values(row.before), after)

    def _waiver(self, row: Row[Any], after: Record) -> Iterator[str]:
        code = self.waived.setdefault(row.record_id, after.get("finding_code", ""))
        # Note: the first waivers were given as they were made, and had no state.
        state = after.get("status", "given" if row.op == "create" else "")
        if state:
            reason = after.get({"asked": "request", "given": "reason", "refused": "reason"}.get(state, "end_reason"))
            about = {"finding": self.say(f"reason.{code}"), "until": after.get("valid_until") or "–"}
            yield self.say(f"paper.waiver_{state}", reason=reason or "", **about).rstrip(": ：")
        cause = self.causes.get(row.caused_by)
        if state == "void" and cause is not None and cause.entity == "receipt":
            altered = [self.say(f"field.{name}") for name in values(cause.after) if name not in _SILENT]
            yield self.say("paper.receipt_altered", name=self.people.get(cause.actor, ""), fields=", ".join(altered))

    def _changes(self, row: Row[Any], before: Record, after: Record) -> Iterator[str]:
        if row.op == "create":
            yield self.say("paper.created")
        if "status" in after and row.op == "update":
            steps = (before["status"], after["status"])
            yield " → ".join(self.say(f"status.{state}") for state in steps)
        if before.get("amount_minor") is not None and "amount_minor" in after:
            amounts = (before["amount_minor"], after["amount_minor"])
            yield " → ".join(f"{amount / 100:.2f}" for amount in amounts)
        for name in ("decision_note", "return_reason", "payment_reference"):
            if after.get(name):
                yield f"{self.say(f'field.{name}')}: {after[name]}"
        for finding in after.get("findings") or []:
            mark = self.say("severity.waived" if finding.get("waived") else f"severity.{finding['severity']}")
            yield f"{finding.get('article', '')} {mark}: {self.finding_words(finding)}".strip()
        if "findings" in after and not after["findings"] and row.op == "update":
            yield self.say("paper.nothing_found")
