"""Who may write attachments, and what the arrival of their bytes means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from server.attachments.kinds import agree
from server.attachments.records import SENDERS, AttachmentSchema, attachments, stored_files
from server.wire import RecordForm
from sync.change import Change, Record
from sync.entity import Entity, Policy
from sync.transaction import Transaction, change_of


class AttachmentPolicy(Policy):
    """Made once by its owner, never changed: a file's name is its content."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may_write = before is None and write.actor.is_any(*SENDERS)
        return frozenset({"sha256", "media_type", "size", "role"}) if may_write else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if before is not None or write.actor.is_system:
            return {}
        # Note: only who has sent the bytes has them here; knowing a file's name proves nothing.
        write.lock(f"file:{after['sha256']}")
        return {"owner_id": write.actor.id} | _standing(write, after, write.actor.id)

    def buckets(self, record: Record) -> set[str]:
        desks = ("finance", "manager", "warehouse")
        return {f"user:{record['owner_id']}"} | {f"role:{role}" for role in desks}


def settle_file(write: Transaction, sha256: str, owner_id: str) -> None:
    """The bytes have arrived: every record of its owner that names them says so."""
    for record in write.find("attachment", sha256=sha256, owner_id=owner_id):
        standing = _standing(write, record, owner_id)
        if record["status"] != standing["status"]:
            write.apply(change_of("attachment", record, standing))


def _standing(write: Transaction, record: Record, owner_id: str) -> dict[str, str]:
    files = stored_files
    sent = (files.c.sha256 == record["sha256"]) & (files.c.owner_id == owner_id)
    found = write.connection.execute(select(files.c.media_type, files.c.verdict).where(sent)).first()
    if found is None:
        return {"status": "pending", "reason": ""}
    reason = found.verdict or ("" if agree(record["media_type"], found.media_type) else "type_mismatch")
    return {"status": "quarantined" if reason else "stored", "reason": reason}


ENTITIES = (Entity("attachment", attachments, RecordForm(AttachmentSchema), AttachmentPolicy()),)
