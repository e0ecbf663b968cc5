"""The desk's index, and filters that people keep"""

from __future__ import annotations

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
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_desk_line")),
    )
    for name, columns in _INDEXES:
        op.create_index(name, "desk_line", columns)
    op.create_table(
        "desk_reason",
        sa.Column("line_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("line_id", "code", name=op.f("pk_desk_reason")),
    )
    op.create_index("ix_desk_reason_status", "desk_reason", ["status", "currency", "code", "month", "amount_minor"])
    op.create_index("ix_desk_reason_code", "desk_reason", ["code", "line_id"])
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


_INDEXES = (
    ("ix_desk_line_now", ["rank", "submitted_at", "line_id"]),
    ("ix_desk_line_submitted", ["submitted_at", "line_id"]),
    ("ix_desk_line_amount", ["amount_minor", "line_id"]),
    ("ix_desk_line_claim", ["claim_id"]),
    ("ix_desk_line_receipt", ["receipt_id"]),
    ("ix_desk_line_technician", ["technician_id", "rank"]),
    ("ix_desk_line_site", ["site_id", "rank"]),
    ("ix_desk_line_status", ["status", "currency", "amount_minor"]),
    ("ix_desk_line_category_month", ["month", "category", "currency", "status", "amount_minor"]),
    ("ix_desk_line_site_month", ["month", "site_id", "currency", "status", "amount_minor"]),
)
