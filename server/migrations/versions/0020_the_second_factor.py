"""Signing in with a second factor"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "second_factor",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
    )
    op.create_index("uq_second_factor_user_id", "second_factor", ["user_id"], unique=True)
    op.create_table(
        "totp_secret",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.String(length=200), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp_secret")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "session_proof",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("proved_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_session_proof")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("session_proof")
    op.drop_table("recovery_code")
    op.drop_table("totp_secret")
    op.drop_index("uq_second_factor_user_id", table_name="second_factor")
    op.drop_table("second_factor")
