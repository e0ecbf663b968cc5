"""Bank accounts are confirmed by their owners, or by a manager"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. What its owner entered is confirmed; what finance entered waits for its owner."""
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("judged_by", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("judged_at", sa.String(length=40), nullable=True))
    op.execute(sa.text("UPDATE bank_account SET status = 'unconfirmed', reason = '', judged_at = ''"))
    own = "UPDATE bank_account SET status = 'confirmed', judged_by = entered_by, judged_at = entered_at"
    op.execute(sa.text(f"{own} WHERE entered_by = user_id"))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        for name in ("judged_at", "judged_by", "reason", "status"):
            batch_op.drop_column(name)
