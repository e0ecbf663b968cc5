"""Waivers that are asked for, decided on, and end"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None

_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("status", sa.String(length=40)),
    ("request", sa.String(length=1000)),
    ("attachments", sa.JSON(none_as_null=True)),
    ("asked_by", sa.String(length=36)),
    ("asked_at", sa.String(length=40)),
    ("valid_until", sa.String(length=10)),
    ("refused_by", sa.String(length=36)),
    ("decided_at", sa.String(length=40)),
    ("end_reason", sa.String(length=1000)),
    ("ended_by", sa.String(length=36)),
    ("ended_at", sa.String(length=40)),
    ("article", sa.String(length=20)),
    ("amount_minor", sa.BigInteger()),
    ("freed_minor", sa.BigInteger()),
    ("currency", sa.String(length=3)),
)
_TEXTS = ("request", "asked_at", "valid_until", "end_reason", "ended_at", "article")


def upgrade() -> None:
    """Go forward. What was there before was given, and has no last day."""
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        for name, kind in _COLUMNS:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.create_index("ix_waiver_status", ["status"])
    waiver = sa.table("waiver", *(sa.column(name, kind) for name, kind in _COLUMNS))
    given = {"status": "given", "attachments": [], "amount_minor": 0, "freed_minor": 0, "currency": "CNY"}
    op.execute(waiver.update().values(**dict.fromkeys(_TEXTS, ""), **given))
    op.execute(sa.text("UPDATE waiver SET decided_at = given_at"))
    op.execute(sa.text("UPDATE waiver SET status = 'void' WHERE given_at = ''"))


def downgrade() -> None:
    """Go back. Nothing that is over counts there: what is not given has no moment from which it counts."""
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.drop_index("ix_waiver_status")
        for name, _ in reversed(_COLUMNS):
            batch_op.drop_column(name)
