"""Passkeys as a second factor"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])
    op.create_table(
        "passkey_credential",
        sa.Column("passkey_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.String(length=3000), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("passkey_id", name=op.f("pk_passkey_credential")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_credential_id")),
    )
    op.create_index(op.f("ix_passkey_credential_user_id"), "passkey_credential", ["user_id"])
    op.create_table(
        "passkey_challenge",
        sa.Column("asked_for", sa.String(length=120), nullable=False),
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("asked_for", name=op.f("pk_passkey_challenge")),
    )


def downgrade() -> None:
    """Go back. Who has a passkey only sets up an app at the next sign-in."""
    op.drop_table("passkey_challenge")
    op.drop_index(op.f("ix_passkey_credential_user_id"), table_name="passkey_credential")
    op.drop_table("passkey_credential")
    op.drop_index("ix_passkey_user_id", table_name="passkey")
    op.drop_table("passkey")
