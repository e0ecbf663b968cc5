"""Lines that two people approve, and people who stand in for others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("endorsed_minor", sa.BigInteger()),
    ("endorsed_by", sa.String(length=36)),
    ("endorsed_for", sa.String(length=36)),
    ("endorsed_at", sa.String(length=40)),
    ("on_behalf_of", sa.String(length=36)),
)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_user", sa.String(length=36), nullable=True),
        sa.Column("to_user", sa.String(length=36), nullable=True),
        sa.Column("right", sa.String(length=40), nullable=True),
        sa.Column("from_date", sa.String(length=10), nullable=True),
        sa.Column("to_date", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("given_by", sa.String(length=36), nullable=True),
        sa.Column("given_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index("ix_delegation_to_user", "delegation", ["to_user"])
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        for name, kind in _COLUMNS:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.create_index("ix_claim_line_endorsed_by", ["endorsed_by"])
    op.add_column("waiver", sa.Column("on_behalf_of", sa.String(length=36), nullable=True))
    line = sa.table("claim_line", sa.column("endorsed_minor"), sa.column("endorsed_at"))
    op.execute(line.update().values(endorsed_minor=0, endorsed_at=""))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.drop_column("on_behalf_of")
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_line_endorsed_by")
        for name, _ in reversed(_COLUMNS):
            batch_op.drop_column(name)
    op.drop_table("delegation")
