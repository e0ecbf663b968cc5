"""Claim lines that are returned, approved in part, or reversed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("approved_minor", sa.BigInteger()),
    ("return_reason", sa.String(length=1000)),
    ("returned_by", sa.String(length=36)),
    ("returned_at", sa.String(length=40)),
    ("paid_by", sa.String(length=36)),
    ("reverses", sa.String(length=36)),
    ("reversed_by", sa.String(length=36)),
)


def upgrade() -> None:
    """Go forward. What was approved before was approved whole."""
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        for name, kind in _COLUMNS:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.create_index("uq_claim_line_reverses", ["reverses"], unique=True)
    line = sa.table("claim_line", *(sa.column(name) for name in ("status", "amount_minor", *dict(_COLUMNS))))
    op.execute(line.update().values(approved_minor=0, return_reason="", returned_at=""))
    is_approved = line.c.status.in_(("approved", "paid"))
    op.execute(line.update().where(is_approved).values(approved_minor=line.c.amount_minor))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.drop_index("uq_claim_line_reverses")
        for name, _ in reversed(_COLUMNS):
            batch_op.drop_column(name)
