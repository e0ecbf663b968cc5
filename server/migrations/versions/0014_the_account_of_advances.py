"""The account of advances in vouchers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. Codes that were set before get the usual one."""
    op.add_column("account_codes", sa.Column("credit_advance", sa.String(length=40), nullable=True))
    op.execute(sa.table("account_codes", sa.column("credit_advance", sa.String)).update().values(credit_advance="1221"))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("account_codes", schema=None) as batch_op:
        batch_op.drop_column("credit_advance")
