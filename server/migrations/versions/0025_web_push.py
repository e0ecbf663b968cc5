"""Notices by web push: the server's key, where phones are reached, what waits, and what people choose of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("notice_choice", sa.Column("push_kinds", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "push_key",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_push_key")),
    )
    op.create_table(
        "push_subscription",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("endpoint", sa.String(length=1000), nullable=False),
        sa.Column("receiver", sa.String(length=100), nullable=False),
        sa.Column("auth", sa.String(length=30), nullable=False),
        sa.Column("made_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_push_subscription")),
    )
    op.create_table(
        "notice_push",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.String(length=40), nullable=False),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "device_id", name=op.f("pk_notice_push")),
    )
    op.create_index("ix_notice_push_next_at", "notice_push", ["state", "next_at"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("notice_push")
    op.drop_table("push_subscription")
    op.drop_table("push_key")
    with op.batch_alter_table("notice_choice") as batch_op:
        batch_op.drop_column("push_kinds")
