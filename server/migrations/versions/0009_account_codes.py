"""Accounts of vouchers, and when lines were paid"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "account_codes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("debit_transport", sa.String(length=40), nullable=True),
        sa.Column("debit_lodging", sa.String(length=40), nullable=True),
        sa.Column("debit_meal", sa.String(length=40), nullable=True),
        sa.Column("debit_tool", sa.String(length=40), nullable=True),
        sa.Column("debit_parts", sa.String(length=40), nullable=True),
        sa.Column("debit_other", sa.String(length=40), nullable=True),
        sa.Column("debit_tax", sa.String(length=40), nullable=True),
        sa.Column("credit_payable", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_codes")),
    )
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.create_index("ix_claim_line_paid_at", ["paid_at"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_line_paid_at")

    op.drop_table("account_codes")
