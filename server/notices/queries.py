"""What pages read of notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from server.notices.records import notices
from server.services import engine
from sync.change import Record
from sync.transaction import Transaction

_SHOWN = 100
_PLACES = {
    ("claim", "technician"): "/app/#/claim/{id}",
    ("bank_account", "technician"): "/payments/account",
    ("bank_account", "finance"): "/payments/accounts/{owner}",
    ("bank_account", "manager"): "/payments/",
    ("payment_batch", "manager"): "/payments/batches/{id}",
    ("claim", "finance"): "/finance/claims/{id}",
    ("claim", "manager"): "/finance/claims/{id}",
    ("claim_line", "finance"): "/finance/claims/{claim}",
    ("claim_line", "manager"): "/finance/claims/{claim}",
    ("waiver", "finance"): "/finance/waivers/{id}",
    ("waiver", "manager"): "/finance/waivers/{id}",
    ("waiver_report", "manager"): "/finance/waivers/report?month={month}",
    ("tool_unit", "technician"): "/app/#/today",
    ("tool_unit", "warehouse"): "/warehouse/units/{id}",
    ("tool_unit", "manager"): "/warehouse/units/{id}",
}


def unread_count(person_id: str) -> int:
    """How many notices a person has not read."""
    unread = (notices.c.person_id == person_id) & notices.c.is_read.is_(False)
    with engine().database.read() as connection:
        return connection.scalar(select(func.count()).where(unread)) or 0


def newest(read: Transaction, person_id: str) -> list[Record]:
    """A person's newest notices."""
    query = select(notices).where(notices.c.person_id == person_id)
    newest_first = query.order_by(notices.c.made_at.desc(), notices.c.id.desc()).limit(_SHOWN)
    return [dict(row) for row in read.connection.execute(newest_first).mappings()]


def address_of(notice: Mapping[str, Any], role: str) -> str:
    """Where what a notice tells of is shown to somebody of that role; empty where it is not."""
    params = notice["params"]
    about = {"id": notice["target_id"], **{name: params.get(name, "") for name in ("month", "owner", "claim")}}
    return _PLACES.get((notice["target_entity"], role), "").format_map(about)
