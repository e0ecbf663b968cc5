"""Forgetting notices that are long past, and what was kept for sending them. Phones forget them with the next pull."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from server.accounts.tokens import REFRESH_LASTS, devices_seen
from server.notices.outbox import notice_mail, notice_push
from server.notices.records import notices
from server.notices.subscriptions import push_subscriptions
from server.services import Services
from sync.actor import SYSTEM
from sync.change import Change, instant, new_id
from sync.transaction import Transaction

_AT_ONCE = 100


def forget_old(of: Services) -> int:
    """Forget what is older than the setting says, a part at a time so that nobody waits. Gives how many notices."""
    before = instant(of.engine.clock() - timedelta(of.config.notice_days))
    count = 0
    while part := of.engine.write(SYSTEM, lambda write: _forget_part(write, before)):
        count += part
    unseen = instant(of.engine.clock() - REFRESH_LASTS)
    seen = select(devices_seen.c.device_id).where(devices_seen.c.seen_at > unseen)
    with of.engine.database.write() as connection:
        for table in (notice_mail, notice_push):
            connection.execute(delete(table).where(table.c.made_at < before))
        connection.execute(delete(push_subscriptions).where(push_subscriptions.c.device_id.not_in(seen)))
    return count


def _forget_part(write: Transaction, before: str) -> int:
    write.lock("forgetting")  # of two workers the second finds what is left
    oldest = select(notices.c.id).where(notices.c.made_at < before).order_by(notices.c.id)
    rows = write.connection.execute(oldest.limit(_AT_ONCE)).all()
    for row in rows:
        known = write.get("notice", row.id, lock=True)
        if known:
            write.apply(Change(new_id(), "notice", row.id, "delete", base_version=known["version"]))
    return len(rows)
