"""The daily travel allowance: a receipt without paper, and its account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Go forward. No allowance was claimed before."""
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("allowance_until", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("allowance_days", _JSON, nullable=True))
    op.execute(sa.text("UPDATE receipt SET allowance_until = '', allowance_days = '[]'"))
    with op.batch_alter_table("account_codes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("debit_allowance", sa.String(length=40), nullable=True))
    op.execute(sa.text("UPDATE account_codes SET debit_allowance = '6601'"))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("account_codes", schema=None) as batch_op:
        batch_op.drop_column("debit_allowance")
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_column("allowance_days")
        batch_op.drop_column("allowance_until")
