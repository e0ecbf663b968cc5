"""The desk's index, and filters that people keep"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. The index is filled from the records afterwards."""
    op.create_table(
        "desk_line",
        sa.Column("line_id", sa.String(length=36), nullable=False),
        *_about(),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_desk_line")),
    )
    op.create_table(
        "desk_reason",
        sa.Column("line_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        *_about(),
        sa.PrimaryKeyConstraint("line_id", "code", name=op.f("pk_desk_reason")),
    )
    for table, name, columns in _INDEXES:
        op.create_index(f"ix_{table}_{name}", table, columns)
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("query", sa.String(length=500), nullable=True),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index("ix_saved_filter_owner_id", "saved_filter", ["owner_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("saved_filter")
    op.drop_table("desk_reason")
    op.drop_table("desk_line")


def _about() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("receipt_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("issued_on", sa.String(length=10), nullable=False),
        sa.Column("submitted_at", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )


_INDEXES = (
    ("desk_line", "now", ["rank", "submitted_at", "line_id"]),
    ("desk_line", "submitted", ["submitted_at", "line_id"]),
    ("desk_line", "amount", ["amount_minor", "line_id"]),
    ("desk_line", "claim", ["claim_id"]),
    ("desk_line", "claims", ["rank", "claim_id", "submitted_at", "currency", "amount_minor"]),
    ("desk_line", "receipt", ["receipt_id"]),
    ("desk_line", "technician", ["technician_id", "rank"]),
    ("desk_line", "site", ["site_id", "rank"]),
    ("desk_line", "status", ["status", "currency", "amount_minor"]),
    ("desk_line", "category_month", ["month", "category", "currency", "rank", "amount_minor"]),
    ("desk_line", "site_month", ["site_id", "month", "currency", "rank", "amount_minor"]),
    ("desk_reason", "now", ["code", "rank", "submitted_at", "line_id"]),
    ("desk_reason", "counts", ["code", "currency", "rank", "month", "severity", "amount_minor"]),
)
