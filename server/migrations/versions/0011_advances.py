"""Advances, and what of a line is set off against them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "advance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("trip_id", sa.String(length=36), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("paid_on", sa.String(length=10), nullable=True),
        sa.Column("reference", sa.String(length=80), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("returned_minor", sa.BigInteger(), nullable=True),
        sa.Column("technician_id", sa.String(length=36), nullable=True),
        sa.Column("recorded_by", sa.String(length=36), nullable=True),
        sa.Column("recorded_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advance")),
    )
    op.create_index("ix_advance_trip_id", "advance", ["trip_id"])
    op.add_column("claim_line", sa.Column("set_off_minor", sa.BigInteger(), nullable=True))
    op.execute(sa.table("claim_line", sa.column("set_off_minor")).update().values(set_off_minor=0))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.drop_column("set_off_minor")
    op.drop_table("advance")
