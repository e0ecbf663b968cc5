"""Attachments as records, and the tables of what the server knows of their bytes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from server.wire import IdField, IntegerField, RecordSchema, TextField, choice, record_table, sha256
from sync.tables import metadata

MAX_SIZE = 25 * 1024 * 1024
SENDERS = ("technician", "warehouse", "finance")
"""The roles whose work has photos and documents."""


class AttachmentSchema(RecordSchema):
    """A photo or a document, named by its content. Its bytes go apart and may come later than its record."""

    sha256 = sha256(required=True)
    media_type = TextField(80, required=True)
    size = IntegerField(1, MAX_SIZE, required=True)
    role = choice("original", "preview", default="original")
    owner_id = IdField()
    status = choice("pending", "stored", "quarantined", default="pending")
    reason = TextField(60)


attachments = record_table(
    "attachment",
    AttachmentSchema,
    Index("ix_attachment_sha256", "sha256"),
    Index("ix_attachment_owner_id", "owner_id"),
)

uploads = Table(
    "upload",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner_id", String(36), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("is_finished", Boolean, nullable=False),
    Column("expires_at", String(32), nullable=False),
)
"""Uploads under way, and finished ones until they expire, so that a lost answer can be asked for again."""

stored_files = Table(
    "stored_file",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("owner_id", String(36), primary_key=True),
    Column("media_type", String(80), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("verdict", String(60), nullable=False),
    Column("fingerprint", String(16), nullable=False),
    *(Column(f"band_{number}", Integer) for number in range(4)),
    *(Index(f"ix_stored_file_band_{number}", f"band_{number}") for number in range(4)),
)
"""Bytes that have arrived, and who sent them. `verdict` is empty, or why the file is in quarantine."""
