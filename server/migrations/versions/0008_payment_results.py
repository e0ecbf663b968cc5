"""What banks answer to payment batches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "payment_result",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=True),
        sa.Column("rows", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("file_name", sa.String(length=120), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("imported_by", sa.String(length=36), nullable=True),
        sa.Column("imported_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_result")),
    )
    with op.batch_alter_table("payment_result", schema=None) as batch_op:
        batch_op.create_index("ix_payment_result_batch_id", ["batch_id"], unique=False)

    with op.batch_alter_table("bank_layout", schema=None) as batch_op:
        batch_op.add_column(sa.Column("result_reference", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("result_amount", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("result_outcome", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("result_bank_reference", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("result_reason", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("paid_words", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("failed_words", sa.String(length=200), nullable=True))
    op.execute(sa.table("bank_layout", *(sa.column(name, sa.String) for name in _USUAL)).update().values(_USUAL))


_USUAL = {
    "result_reference": "付款编号",
    "result_amount": "金额",
    "result_outcome": "状态",
    "result_bank_reference": "银行流水号",
    "result_reason": "失败原因",
    "paid_words": "成功, 已支付, paid, success",
    "failed_words": "失败, 退汇, failed, rejected",
}


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("bank_layout", schema=None) as batch_op:
        batch_op.drop_column("failed_words")
        batch_op.drop_column("paid_words")
        batch_op.drop_column("result_reason")
        batch_op.drop_column("result_bank_reference")
        batch_op.drop_column("result_outcome")
        batch_op.drop_column("result_amount")
        batch_op.drop_column("result_reference")

    with op.batch_alter_table("payment_result", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_result_batch_id")

    op.drop_table("payment_result")
