"""The tool room: issues, kinds, counts, and the whole life of a unit"""

from __future__ import annotations

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PURCHASE_COLUMNS = ("excused_quantity", "forfeited_quantity")
_SERIAL_COUNTS = sa.text("serial_key <> '' AND status NOT IN ('refused', 'cancelled')")
_IS_OUT, _IS_OPEN = sa.text("status = 'out'"), sa.text("status = 'open'")


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("tool_purchase", schema=None) as batch_op:
        for name in _PURCHASE_COLUMNS:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=True, server_default="0"))
    with op.batch_alter_table("tool_unit", schema=None) as batch_op:
        for column in _unit_columns():
            batch_op.add_column(column)
    _fill_old_rows()
    with op.batch_alter_table("tool_unit", schema=None) as batch_op:
        batch_op.create_index("ix_tool_unit_kind_key", ["kind_key"], unique=False)
        batch_op.create_index("ix_tool_unit_status", ["status"], unique=False)
    _unique("uq_tool_unit_serial_key", "tool_unit", "serial_key", _SERIAL_COUNTS)
    _create_tool_issue()
    _create_tool_kind()
    _create_stock_count()


def downgrade() -> None:
    """Go back."""
    op.drop_table("stock_count")
    op.drop_table("tool_kind")
    op.drop_table("tool_issue")
    op.drop_index("uq_tool_unit_serial_key", "tool_unit")
    with op.batch_alter_table("tool_unit", schema=None) as batch_op:
        batch_op.drop_index("ix_tool_unit_status")
        batch_op.drop_index("ix_tool_unit_kind_key")
        for column in reversed(_unit_columns()):
            batch_op.drop_column(column.name)
    with op.batch_alter_table("tool_purchase", schema=None) as batch_op:
        for name in reversed(_PURCHASE_COLUMNS):
            batch_op.drop_column(name)


def _unit_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("origin", sa.String(length=40), nullable=True, server_default="purchase"),
        sa.Column("name", sa.String(length=120), nullable=True, server_default=""),
        sa.Column("model", sa.String(length=80), nullable=True, server_default=""),
        sa.Column("kind_key", sa.String(length=400), nullable=True, server_default=""),
        sa.Column("serial_key", sa.String(length=400), nullable=True, server_default=""),
        sa.Column("attachments", sa.JSON(none_as_null=True), nullable=True, server_default="[]"),
        sa.Column("holder_id", sa.String(length=36), nullable=True),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("calibrated_on", sa.String(length=10), nullable=True),
        sa.Column("calibration_days", sa.BigInteger(), nullable=True, server_default="0"),
        sa.Column("calibration_due_on", sa.String(length=10), nullable=True),
        sa.Column("loss_reported_by", sa.String(length=36), nullable=True),
        sa.Column("reimbursement", sa.String(length=40), nullable=True, server_default=""),
        sa.Column("decision_reason", sa.String(length=500), nullable=True, server_default=""),
        sa.Column("written_off_by", sa.String(length=36), nullable=True),
        sa.Column("written_off_at", sa.String(length=40), nullable=True, server_default=""),
    ]


def _fill_old_rows() -> None:
    """Units that came in before had the name of their purchase; they keep it."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT unit.id, unit.serial_number, purchase.name, purchase.model FROM tool_unit AS unit"
            " LEFT JOIN tool_purchase AS purchase ON purchase.id = unit.tool_purchase_id"
        )
    ).all()
    for row in rows:
        name, model = row.name or "", row.model or ""
        connection.execute(
            sa.text(
                "UPDATE tool_unit SET name = :name, model = :model, kind_key = :kind, serial_key = :serial"
                " WHERE id = :id"
            ),
            {"id": row.id, "name": name, "model": model, "kind": _kind(name, model), "serial": _serial(row)},
        )


def _kind(name: str, model: str) -> str:
    folded = (unicodedata.normalize("NFKC", part).casefold() for part in (name, model))
    return "|".join("".join(filter(str.isalnum, part)) for part in folded)[:400]


def _serial(row: sa.Row[Any]) -> str:
    folded = unicodedata.normalize("NFKC", row.serial_number or "").upper()
    return "".join(filter(str.isalnum, folded)).translate(str.maketrans("OIL", "011"))[:400]


def _unique(name: str, table: str, column: str, where: sa.TextClause) -> None:
    op.create_index(name, table, [column], unique=True, sqlite_where=where, postgresql_where=where)


def _create_tool_issue() -> None:
    op.create_table(
        "tool_issue",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tool_unit_id", sa.String(length=36), nullable=True),
        sa.Column("technician_id", sa.String(length=36), nullable=True),
        sa.Column("trip_id", sa.String(length=36), nullable=True),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("issued_at", sa.String(length=40), nullable=True),
        sa.Column("issued_by", sa.String(length=36), nullable=True),
        sa.Column("returned_at", sa.String(length=40), nullable=True),
        sa.Column("received_by", sa.String(length=36), nullable=True),
        sa.Column("returned_condition", sa.String(length=40), nullable=True),
        sa.Column("returned_shelf", sa.String(length=40), nullable=True),
        sa.Column("attachments", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_issue")),
    )
    with op.batch_alter_table("tool_issue", schema=None) as batch_op:
        batch_op.create_index("ix_tool_issue_technician_id", ["technician_id"], unique=False)
        batch_op.create_index("ix_tool_issue_tool_unit_id", ["tool_unit_id"], unique=False)
    _unique("uq_tool_issue_out", "tool_issue", "tool_unit_id", _IS_OUT)


def _create_tool_kind() -> None:
    op.create_table(
        "tool_kind",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=True),
        sa.Column("owned", sa.BigInteger(), nullable=True),
        sa.Column("on_shelf", sa.BigInteger(), nullable=True),
        sa.Column("issued", sa.BigInteger(), nullable=True),
        sa.Column("in_repair", sa.BigInteger(), nullable=True),
        sa.Column("shelves", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_kind")),
    )
    with op.batch_alter_table("tool_kind", schema=None) as batch_op:
        batch_op.create_index("uq_tool_kind_key", ["key"], unique=True)


def _create_stock_count() -> None:
    op.create_table(
        "stock_count",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shelf", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("counted", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("differences", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("adjustments", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("started_at", sa.String(length=40), nullable=True),
        sa.Column("started_by", sa.String(length=36), nullable=True),
        sa.Column("closed_at", sa.String(length=40), nullable=True),
        sa.Column("closed_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
    )
    with op.batch_alter_table("stock_count", schema=None) as batch_op:
        batch_op.create_index("ix_stock_count_shelf", ["shelf"], unique=False)
    _unique("uq_stock_count_open", "stock_count", "shelf", _IS_OPEN)
