"""Serial numbers by purchase, and the indexes by which receipts are compared"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    serials = op.create_table(
        "purchase_serial",
        sa.Column("serial_number", sa.String(length=80), nullable=False),
        sa.Column("tool_purchase_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("serial_number", "tool_purchase_id", name=op.f("pk_purchase_serial")),
    )
    with op.batch_alter_table("purchase_serial", schema=None) as batch_op:
        batch_op.create_index("ix_purchase_serial_tool_purchase_id", ["tool_purchase_id"], unique=False)
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_receipt_technician_id")
        batch_op.create_index("ix_receipt_technician_day", ["technician_id", "issued_on"], unique=False)
        batch_op.create_index("ix_receipt_amount_day", ["amount_minor", "issued_on"], unique=False)
    rows = [row for row in _known_serials(op.get_bind()) if row["serial_number"]]
    if rows:
        op.bulk_insert(serials, rows)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_receipt_amount_day")
        batch_op.drop_index("ix_receipt_technician_day")
        batch_op.create_index("ix_receipt_technician_id", ["technician_id"], unique=False)
    op.drop_table("purchase_serial")


def _known_serials(connection: sa.Connection) -> list[dict[str, str]]:
    """What the purchases name already, written as it is compared."""
    rows = connection.execute(sa.text("SELECT id, serial_numbers FROM tool_purchase")).all()
    lists = [(row[0], json.loads(row[1]) if isinstance(row[1], str) else row[1] or []) for row in rows]
    pairs = {("".join(serial.split()).upper(), purchase_id) for purchase_id, serials in lists for serial in serials}
    return [{"serial_number": serial, "tool_purchase_id": purchase_id} for serial, purchase_id in sorted(pairs)]
