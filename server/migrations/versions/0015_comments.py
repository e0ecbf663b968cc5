"""Comments on claims, and up to when they were seen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "comment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("claim_line_id", sa.String(length=36), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("technician_id", sa.String(length=36), nullable=True),
        sa.Column("mentions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("written_by", sa.String(length=36), nullable=True),
        sa.Column("writer_name", sa.String(length=80), nullable=True),
        sa.Column("written_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_claim_id", "comment", ["claim_id"])
    op.create_index("ix_comment_written_at", "comment", ["written_at"])
    op.create_table(
        "comments_seen",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("seen_until", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments_seen")),
    )
    op.create_index("uq_comments_seen_claim_id", "comments_seen", ["claim_id", "owner_id"], unique=True)


def downgrade() -> None:
    """Go back."""
    op.drop_table("comments_seen")
    op.drop_table("comment")
