"""All domains put together: which records there are, and what follows from a change to one of them."""

from __future__ import annotations

from server.accounts import policy as accounts
from server.attachments import policy as attachments
from server.claims import advances, comments, delegations, desk_index, handed_in, judgement, limits, saved, waivers
from server.claims import policy as claims
from server.notices import choices as notice_choices
from server.notices import consequences as notice_consequences
from server.notices import outbox as notice_outbox
from server.notices import records as notices
from server.payments import consequences as payment_consequences
from server.payments import policy as payments
from server.receipts import policy as receipts
from server.receipts import readings
from server.service import policy as service
from server.tools import policy as tools
from sync.entity import Registry


def registry() -> Registry:
    """The registry of a whole server."""
    known = Registry()
    for domain in (
        accounts,
        service,
        attachments,
        receipts,
        tools,
        claims,
        waivers,
        limits,
        advances,
        saved,
        comments,
        delegations,
        payments,
        notices,
        notice_choices,
    ):
        known.add(*domain.ENTITIES)
    accounts.follow_all(known)
    tools.follow_all(known)
    known.follow("evidence", receipts.add_reading)
    known.follow("receipt", readings.on_receipt)
    known.follow("attachment", readings.on_attachment)
    known.follow("reading", readings.on_reading)
    handed_in.follow_all(known)
    judgement.follow_all(known)
    waivers.follow_all(known)
    known.follow("limit", limits.on_limit)
    advances.follow_all(known)
    payment_consequences.follow_all(known)
    notice_consequences.follow_all(known)
    known.derive(desk_index.follow)
    known.derive(notice_outbox.follow)
    return known
