"""The engine's own tables: the journal, the feed that is read from it, and a few facts about the server."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

journal = Table(
    "sync_journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("change_id", String(36), nullable=False, unique=True),
    Column("actor", String(64), nullable=False),
    Column("device", String(36), nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("made_at", String(40), nullable=False),
    Column("entity", String(40), nullable=False),
    Column("record_id", String(36), nullable=False),
    Column("version", Integer, nullable=False),
    Column("op", String(8), nullable=False),
    Column("status", String(8), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("caused_by", String(36), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_sync_journal_record", "entity", "record_id", "seq"),
)

feed = Table(
    "sync_feed",
    metadata,
    Column("bucket", String(80), primary_key=True),
    Column("entity", String(40), primary_key=True),
    Column("record_id", String(36), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("present", Boolean, nullable=False),
    Index("ix_sync_feed_bucket_seq", "bucket", "seq"),
)

mention = Table(
    "sync_mention",
    metadata,
    Column("entity", String(40), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("value", String(64), primary_key=True),
    Column("record_id", String(36), primary_key=True),
)
"""Which records hold a value in a field that is a list: what an index cannot find inside JSON."""

meta = Table(
    "sync_meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
