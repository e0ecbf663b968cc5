"""The company's limits, and the nights that a hotel's receipt is for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "expense_limit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=20), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("applies_from", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("set_by", sa.String(length=36), nullable=True),
        sa.Column("set_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_limit")),
    )
    op.create_index("uq_expense_limit_kind", "expense_limit", ["kind", "subject", "applies_from"], unique=True)
    op.add_column("receipt", sa.Column("nights", sa.BigInteger(), nullable=True))
    op.execute(sa.table("receipt", sa.column("nights")).update().values(nights=0))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_column("nights")
    op.drop_table("expense_limit")
