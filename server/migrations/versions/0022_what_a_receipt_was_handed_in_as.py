"""The category that a receipt was first handed in with"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. What was changed before is not known."""
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handed_in_as", sa.String(length=40), nullable=True))
    op.execute(sa.text("UPDATE receipt SET handed_in_as = ''"))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_column("handed_in_as")
