"""What people choose of notices, and the e-mails that wait"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "notice_choice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("mail_address", sa.String(length=200), nullable=True),
        sa.Column("mail_kinds", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_until", sa.String(length=5), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_choice")),
    )
    op.create_index("uq_notice_choice_owner_id", "notice_choice", ["owner_id"], unique=True)
    op.create_table(
        "notice_mail",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.String(length=40), nullable=False),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice_mail")),
    )
    op.create_index("ix_notice_mail_next_at", "notice_mail", ["state", "next_at"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("notice_mail")
    op.drop_table("notice_choice")
