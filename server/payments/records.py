"""Payment batches, the accounts that money goes to, and how the bank wants its file, as records."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from server.payments.states import ACCOUNT_STATES, BATCH_STATES
from server.wire import (
    IdField,
    InstantField,
    IntegerField,
    JsonField,
    ListField,
    ObjectField,
    Part,
    RecordSchema,
    TextField,
    choice,
    currency,
    money,
    record_table,
    sha256,
)
from sync.tables import metadata

MOST_LINES = 1000
"""Lines in one batch: more are paid by another one."""
ACCOUNT_NUMBER = r"[0-9A-Z]{6,34}"
BATCH_NUMBER = r"PB-\d{4}-\d{4,6}"
BANK_CODE = r"\d{12}|[A-Z0-9]{8}|[A-Z0-9]{11}"
"""A CNAPS number (联行号) or a BIC."""
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}
OUTCOMES = ("paid", "failed")
COLUMNS = (
    "sequence",
    "reference",
    "holder_name",
    "account_number",
    "bank_name",
    "bank_code",
    "amount",
    "currency",
    "purpose",
    "batch_number",
    "batch_count",
    "batch_total",
    "journal_head",
)
"""What a column of the bank's file can hold."""


class PaymentBatchSchema(RecordSchema):
    """Approved lines that are paid together: one payment for each person.

    From its export on `payments` says what was asked of the bank and what it answered, each as
    `{reference, user_id, amount_minor, line_ids, account_id, account_version, account_tail, outcome, …}`.
    `journal_seq` and `journal_hash` are the journal's head at that moment: an anchor outside of this server.
    """

    currency = currency()
    line_ids = ListField(IdField(required=True), MOST_LINES)
    note = TextField(500)
    status = choice(*BATCH_STATES, default="draft")
    number = TextField(20)
    line_count = IntegerField(0, MOST_LINES)
    payment_count = IntegerField(0, MOST_LINES)
    control_total_minor = money()
    created_by = IdField()
    created_at = InstantField()
    exported_by = IdField()
    exported_at = InstantField()
    payments = JsonField(list)
    journal_seq = IntegerField(0, 2**53)
    journal_hash = sha256()
    file_name = TextField(80)
    file_sha256 = sha256()
    downloads = IntegerField(0, 10**6)
    reason = TextField(500)
    cancelled_by = IdField()
    cancelled_at = InstantField()
    settled_at = InstantField()


class BankAccountSchema(RecordSchema):
    """Where a person's money goes. They, finance and managers see it.

    `reason` is that of the manager who confirms for them.
    """

    user_id = IdField(required=True)
    holder_name = TextField(80, required=True)
    bank_name = TextField(80, required=True)
    bank_code = TextField(12, pattern=BANK_CODE)
    account_number = TextField(34, required=True, pattern=ACCOUNT_NUMBER)
    status = choice(*ACCOUNT_STATES, default="unconfirmed")
    reason = TextField(500)
    entered_by = IdField()
    entered_at = InstantField()
    judged_by = IdField()
    judged_at = InstantField()


class FileColumn(Part):
    """A column of the bank's file: what it holds, and its header."""

    holds = TextField(20, required=True, choices=COLUMNS)
    header = TextField(40, required=True)


class ReconciliationSchema(RecordSchema):
    """After a restore: somebody of finance has compared with the bank what was sent before it."""

    last_number = TextField(20, pattern=BATCH_NUMBER)
    note = TextField(500, required=True)
    epoch = TextField(64)
    confirmed_by = IdField()
    confirmed_at = InstantField()


class BankLayoutSchema(RecordSchema):
    """How the bank wants its file. There is one."""

    columns = ListField(ObjectField(FileColumn, required=True), 30)
    separator = choice(*SEPARATORS, default="comma")
    encoding = choice(*ENCODINGS, default="utf-8")
    amount_format = choice("yuan", "fen", default="yuan")
    summary = choice("none", "first", "last", default="last")
    purpose = TextField(60, default="报销款")
    result_reference = TextField(40, default="付款编号")
    result_amount = TextField(40, default="金额")
    result_outcome = TextField(40, default="状态")
    result_bank_reference = TextField(40, default="银行流水号")
    result_reason = TextField(40, default="失败原因")
    paid_words = TextField(200, default="成功, 已支付, paid, success")
    failed_words = TextField(200, default="失败, 退汇, failed, rejected")


class AccountCodesSchema(RecordSchema):
    """The accounts of vouchers: debit by category, tax, credit, advances. The usual ones are those of 企业会计准则."""

    debit_transport = TextField(40, default="6601")
    debit_lodging = TextField(40, default="6601")
    debit_meal = TextField(40, default="6601")
    debit_tool = TextField(40, default="1411")
    debit_parts = TextField(40, default="1403")
    debit_other = TextField(40, default="6601")
    debit_allowance = TextField(40, default="6601")
    debit_tax = TextField(40, default="2221")
    credit_payable = TextField(40, default="2241")
    credit_advance = TextField(40, default="1221")


class ResultRow(Part):
    """What the bank answered for one payment."""

    reference = TextField(40, required=True)
    amount_minor = money(required=True)
    outcome = TextField(10, required=True, choices=OUTCOMES)
    bank_reference = TextField(80)
    reason = TextField(200)


class PaymentResultSchema(RecordSchema):
    """The bank's answer for payments of one batch, from a file or as somebody of finance knows it."""

    batch_id = IdField(required=True)
    rows = ListField(ObjectField(ResultRow, required=True), MOST_LINES)
    file_name = TextField(120)
    file_sha256 = sha256()
    imported_by = IdField()
    imported_at = InstantField()


payment_batches = record_table(
    "payment_batch",
    PaymentBatchSchema,
    Index("uq_payment_batch_number", "number", unique=True),
    Index("ix_payment_batch_status", "status"),
)
bank_accounts = record_table(
    "bank_account", BankAccountSchema, Index("uq_bank_account_user_id", "user_id", unique=True)
)
bank_layouts = record_table("bank_layout", BankLayoutSchema)
account_codes = record_table("account_codes", AccountCodesSchema)
payment_results = record_table("payment_result", PaymentResultSchema, Index("ix_payment_result_batch_id", "batch_id"))
reconciliations = record_table("payment_reconciliation", ReconciliationSchema)
payment_files = Table(
    "payment_file",
    metadata,
    Column("batch_id", String(36), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("content", Text, nullable=False),
)
"""The very bytes of each bank file, in base64. They hold account numbers, so they are in no record and no journal."""
