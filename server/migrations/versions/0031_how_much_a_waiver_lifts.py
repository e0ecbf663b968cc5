"""How much of a finding a waiver lifts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None
_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Go forward. What was given before has no measure, and lifts what it lifted."""
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lifts", _JSON, nullable=True))
    op.execute(sa.table("waiver", sa.column("lifts", _JSON)).update().values(lifts={}))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.drop_column("lifts")
