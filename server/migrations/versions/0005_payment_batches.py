"""Payment batches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "bank_account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("holder_name", sa.String(length=80), nullable=True),
        sa.Column("bank_name", sa.String(length=80), nullable=True),
        sa.Column("bank_code", sa.String(length=12), nullable=True),
        sa.Column("account_number", sa.String(length=34), nullable=True),
        sa.Column("entered_by", sa.String(length=36), nullable=True),
        sa.Column("entered_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
    )
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.create_index("uq_bank_account_user_id", ["user_id"], unique=True)

    op.create_table(
        "bank_layout",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("separator", sa.String(length=40), nullable=True),
        sa.Column("encoding", sa.String(length=40), nullable=True),
        sa.Column("amount_format", sa.String(length=40), nullable=True),
        sa.Column("summary", sa.String(length=40), nullable=True),
        sa.Column("purpose", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_layout")),
    )
    op.create_table(
        "payment_batch",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("line_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("line_count", sa.BigInteger(), nullable=True),
        sa.Column("payment_count", sa.BigInteger(), nullable=True),
        sa.Column("control_total_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.String(length=40), nullable=True),
        sa.Column("exported_by", sa.String(length=36), nullable=True),
        sa.Column("exported_at", sa.String(length=40), nullable=True),
        sa.Column("payments", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("journal_seq", sa.BigInteger(), nullable=True),
        sa.Column("journal_hash", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=80), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("downloads", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("cancelled_by", sa.String(length=36), nullable=True),
        sa.Column("cancelled_at", sa.String(length=40), nullable=True),
        sa.Column("settled_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch")),
    )
    with op.batch_alter_table("payment_batch", schema=None) as batch_op:
        batch_op.create_index("ix_payment_batch_status", ["status"], unique=False)
        batch_op.create_index("uq_payment_batch_number", ["number"], unique=True)

    op.create_table(
        "payment_file",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_payment_file")),
    )
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("payment_batch_id", sa.String(length=36), nullable=True))
        batch_op.create_index("ix_claim_line_payment_batch_id", ["payment_batch_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_line_payment_batch_id")
        batch_op.drop_column("payment_batch_id")

    op.drop_table("payment_file")
    with op.batch_alter_table("payment_batch", schema=None) as batch_op:
        batch_op.drop_index("uq_payment_batch_number")
        batch_op.drop_index("ix_payment_batch_status")

    op.drop_table("payment_batch")
    op.drop_table("bank_layout")
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.drop_index("uq_bank_account_user_id")

    op.drop_table("bank_account")
