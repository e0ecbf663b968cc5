"""Which records hold a value in a list"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    mentions = op.create_table(
        "sync_mention",
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("entity", "field", "value", "record_id", name=op.f("pk_sync_mention")),
    )
    about = {"entity": "receipt", "field": "attachments"}
    rows = [about | {"value": value, "record_id": record_id} for record_id, value in _known_files(op.get_bind())]
    if rows:
        op.bulk_insert(mentions, rows)


def downgrade() -> None:
    """Go back."""
    op.drop_table("sync_mention")


def _known_files(connection: sa.Connection) -> list[tuple[str, str]]:
    """The files that the receipts show already."""
    rows = connection.execute(sa.text("SELECT id, attachments FROM receipt")).all()
    lists = [(row[0], json.loads(row[1]) if isinstance(row[1], str) else row[1] or []) for row in rows]
    return sorted({(record_id, sha256) for record_id, files in lists for sha256 in files})
