"""Who may pay: finance, and nobody what they claimed, approved or gave a waiver for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from server.claims.duties import having_account
from server.claims.judgement import company_of
from server.payments.export import exported, unconfirmed
from server.payments.reconciliation import ENTITY as RECONCILIATION
from server.payments.reconciliation import lost_numbers, refuse_unreconciled
from server.payments.records import (
    AccountCodesSchema,
    BankAccountSchema,
    BankLayoutSchema,
    PaymentBatchSchema,
    PaymentResultSchema,
    account_codes,
    bank_accounts,
    bank_layouts,
    payment_batches,
    payment_results,
)
from server.payments.selection import LOCK, lines_for, refuse_own, totals_of
from server.payments.states import may_step
from server.wire import RecordForm, RecordSchema
from sync.change import Change, Record, instant
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

_DETAILS = frozenset({"holder_name", "bank_name", "bank_code", "account_number"})


class PaymentBatchPolicy(Policy):
    """Lines may be taken out of a draft; from its export on a batch holds what the bank was asked for."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if not write.actor.is_any("finance"):
            return frozenset()
        if before is None:
            return frozenset({"currency", "line_ids", "note"})
        return frozenset({"status", "line_ids", "reason", "downloads", "note"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if write.actor.is_system:
            return totals_of(write, after) if after["status"] == "draft" else {}
        write.lock(LOCK)
        if before is None:
            return _made(write, after)
        if before["status"] != after["status"]:
            return _step(write, before, after)
        if before["downloads"] != after["downloads"]:
            return _downloaded(before, after)
        if before["status"] != "draft" or not set(after["line_ids"]) <= set(before["line_ids"]):
            raise Refused("batch_not_draft", params=_who(write, before))
        return totals_of(write, after)

    def buckets(self, record: Record) -> set[str]:
        return {"role:finance", "role:manager"}


class PaymentResultPolicy(Policy):
    """What the bank answered counts once for each payment, and for the amount that was asked."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        may = write.actor.is_any("finance") and before is None
        return frozenset({"batch_id", "rows", "file_name", "file_sha256"}) if may else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        write.lock(LOCK)
        batch = write.get("payment_batch", after["batch_id"], lock=True)
        if batch is None or batch["status"] != "exported":
            raise Refused("result_changed")
        asked = {payment["reference"]: payment for payment in batch["payments"]}
        rows = {row["reference"]: row for row in after["rows"]}
        if not rows or len(rows) < len(after["rows"]) or not all(_answers(asked, row) for row in after["rows"]):
            raise Refused("result_changed")
        if any(row["outcome"] == "failed" and not row["reason"].strip() for row in after["rows"]):
            raise Refused("result_reason_required", {"reason": ["required"]})
        line_ids = [line_id for reference in rows for line_id in asked[reference]["line_ids"]]
        refuse_own(write, write.find_any("claim_line", "id", line_ids))
        return {"imported_by": write.actor.id, "imported_at": instant(write.now)}

    def buckets(self, record: Record) -> set[str]:
        return {"role:finance", "role:manager"}


class BankAccountPolicy(Policy):
    """One for each person, entered by themselves or by finance. What others entered its owner confirms or contests; a
    manager may confirm in their place, with a reason (REG-D3), and only a manager a number that another person has.
    """

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        if before is None:
            return _DETAILS | {"user_id"}
        if change.base_version != before["version"]:
            raise Refused("account_changed")  # a number that they did not see
        return _DETAILS if "status" not in change.fields else frozenset({"status", "reason"})

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        is_owner = after["user_id"] == write.actor.id
        # Note: of two who give one number at the same moment the second is seen to share it.
        write.lock(f"account_number:{after['account_number']}")
        if before is not None and before["status"] != after["status"]:
            return _judged(write, before, after, is_owner=is_owner)
        if not (write.actor.is_any("finance") or is_owner):
            raise Refused("not_yours")
        if before is None:
            write.lock(f"bank_account:{after['user_id']}")
            if write.find("bank_account", user_id=after["user_id"]):
                raise Refused("account_exists")
        elif all(before[name] == after[name] for name in _DETAILS):
            return {"reason": before["reason"]}
        by = {"entered_by": write.actor.id, "entered_at": instant(write.now), "reason": ""}
        if is_owner and not _is_shared(write, after):
            return by | {"status": "confirmed", "judged_by": write.actor.id, "judged_at": instant(write.now)}
        return by | {"status": "unconfirmed", "judged_by": None, "judged_at": ""}

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['user_id']}", "role:finance", "role:manager"}


class SettingPolicy(Policy):
    """A setting of the money desk is one record: the first that is made, changed ever after."""

    def __init__(self, entity: str, schema: type[RecordSchema]) -> None:
        self.entity = entity
        self.fields = frozenset(schema().fields)

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return self.fields if write.actor.is_any("finance", "manager") else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        write.lock(self.entity)
        if before is None and write.find(self.entity):
            raise Refused("record_exists")
        columns = after.get("columns")
        if columns and not {"account_number", "amount"} <= {column["holds"] for column in columns}:
            raise Refused("layout_incomplete", {"columns": ["required"]})
        return {}

    def buckets(self, record: Record) -> set[str]:
        return {"role:finance", "role:manager"}


def _judged(write: Transaction, before: Record, after: Record, *, is_owner: bool) -> Mapping[str, Any]:
    """An account is confirmed or contested: by its owner, or confirmed by a manager who did not enter it."""
    may = is_owner or (write.actor.is_any("manager") and before["entered_by"] != write.actor.id)
    if not may:
        raise Refused("not_yours")
    people = having_account(write, after["account_number"]) if after["status"] == "confirmed" else set()
    if people - {after["user_id"]} and (is_owner or write.actor.id in people):
        raise Refused("account_shared")
    allowed = {"confirmed", "contested"} if is_owner and before["status"] != "confirmed" else {"confirmed"}
    if after["status"] not in allowed or (not is_owner and before["status"] != "unconfirmed"):
        raise Refused("step_not_allowed", {"status": ["step_not_allowed"]})
    if not is_owner and not after["reason"].strip():
        raise Refused("reason_required", {"reason": ["required"]})
    return {"judged_by": write.actor.id, "judged_at": instant(write.now)}


def _is_shared(write: Transaction, account: Record) -> bool:
    """Whether another person has the same number."""
    return bool(having_account(write, account["account_number"]) - {account["user_id"]})


def _made(write: Transaction, after: Record) -> Mapping[str, Any]:
    lines = lines_for(write, after["id"], after["currency"], after["line_ids"])
    waiting = unconfirmed(write, {line["technician_id"] for line in lines})
    lines = [line for line in lines if line["technician_id"] not in waiting]
    if not lines:
        raise Refused("batch_empty")
    year = f"PB-{write.now.astimezone(ZoneInfo(company_of(write).time_zone)):%Y}-"
    known = [batch["number"] for batch in write.find("payment_batch")] + lost_numbers(write)
    numbers = [int(number.removeprefix(year)) for number in known if number.startswith(year)]
    after["line_ids"] = [line["id"] for line in lines]
    about = {"number": f"{year}{max(numbers, default=0) + 1:04}", "line_ids": after["line_ids"]}
    return about | {"created_by": write.actor.id, "created_at": instant(write.now)} | totals_of(write, after)


def _step(write: Transaction, before: Record, after: Record) -> Mapping[str, Any]:
    if not may_step(before["status"], after["status"]) or before["line_ids"] != after["line_ids"]:
        raise Refused("batch_not_draft", params=_who(write, before))
    if after["status"] == "exported":
        refuse_unreconciled(write)
        lines = lines_for(write, after["id"], after["currency"], after["line_ids"])
        if {line["id"] for line in lines} != set(after["line_ids"]):
            raise Refused("batch_changed")
        return exported(write, after, lines)
    if any(payment["outcome"] == "paid" for payment in before["payments"]):
        raise Refused("batch_partly_paid")
    if before["status"] == "exported" and not after["reason"].strip():
        raise Refused("batch_reason_required", {"reason": ["required"]})
    return {"cancelled_by": write.actor.id, "cancelled_at": instant(write.now)}


def _answers(asked: Mapping[str, Record], row: Record) -> bool:
    payment = asked.get(row["reference"])
    return payment is not None and not payment["outcome"] and payment["amount_minor"] == row["amount_minor"]


def _downloaded(before: Record, after: Record) -> Mapping[str, Any]:
    if before["status"] not in ("exported", "settled") or after["downloads"] != before["downloads"] + 1:
        raise Refused("step_not_allowed")
    return {}


def _who(read: Transaction, batch: Record) -> dict[str, Any]:
    """What the other one must be told of a batch that is no longer as they saw it."""
    person = read.get("user", batch["cancelled_by"] or batch["exported_by"]) or {}
    return {"number": batch["number"], "name": person.get("display_name", "")}


ENTITIES = (
    RECONCILIATION,
    Entity("payment_batch", payment_batches, RecordForm(PaymentBatchSchema), PaymentBatchPolicy()),
    Entity("bank_account", bank_accounts, RecordForm(BankAccountSchema), BankAccountPolicy(), {"user_id": "user"}),
    Entity(
        "payment_result",
        payment_results,
        RecordForm(PaymentResultSchema),
        PaymentResultPolicy(),
        {"batch_id": "payment_batch"},
    ),
    Entity("bank_layout", bank_layouts, RecordForm(BankLayoutSchema), SettingPolicy("bank_layout", BankLayoutSchema)),
    Entity(
        "account_codes",
        account_codes,
        RecordForm(AccountCodesSchema),
        SettingPolicy("account_codes", AccountCodesSchema),
    ),
)
