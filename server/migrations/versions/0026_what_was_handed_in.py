"""By what a receipt that was handed in is known again"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. Receipts that were deleted before are not known."""
    signs = op.create_table(
        "handed_in_sign",
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("receipt_id", sa.String(length=36), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("value", "kind", "receipt_id", name=op.f("pk_handed_in_sign")),
    )
    op.create_index("ix_handed_in_sign_receipt_id", "handed_in_sign", ["receipt_id"])
    rows = [row for receipt in _handed_in(op.get_bind()) for row in _signs_of(receipt)]
    if rows:
        op.bulk_insert(signs, rows)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_handed_in_sign_receipt_id", "handed_in_sign")
    op.drop_table("handed_in_sign")


def _handed_in(connection: sa.Connection) -> Iterator[Any]:
    """The receipts that are in a claim which was handed in, or were taken out of one."""
    of_claim = "SELECT 1 FROM claim_line WHERE receipt_id = receipt.id AND claim_line.status != 'draft'"
    columns = "id, technician_id, category, handed_in_as, identity, attachments, seller_name, amount_minor, issued_on"
    query = f"SELECT {columns} FROM receipt WHERE handed_in_as != '' OR EXISTS ({of_claim})"  # noqa: S608 (no input)
    yield from connection.execute(sa.text(query)).all()


def _signs_of(receipt: Any) -> Iterator[dict[str, str]]:
    files = receipt.attachments or []
    files = json.loads(files) if isinstance(files, str) else files
    found = {(sha256, "file") for sha256 in files}
    if receipt.identity:
        found.add((receipt.identity, "identity"))
    seller = "".join(unicodedata.normalize("NFKC", receipt.seller_name or "").split()).upper()[:80]
    if seller:
        sale = (receipt.technician_id, str(receipt.amount_minor), str(receipt.issued_on), seller)
        found.add((":".join(sale), "sale"))
    about = {"receipt_id": receipt.id, "category": receipt.handed_in_as or receipt.category}
    yield from ({"value": value, "kind": kind} | about for value, kind in sorted(found))
