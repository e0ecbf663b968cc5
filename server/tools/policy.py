"""The tool room's records, and what follows from a change to one of them."""

from __future__ import annotations

from server.tools.counts import StockCountPolicy, on_count
from server.tools.issues import ToolIssuePolicy, on_issue
from server.tools.kinds import ToolKindPolicy, on_unit
from server.tools.purchases import ToolPurchasePolicy, count_units
from server.tools.records import (
    StockCountSchema,
    ToolIssueSchema,
    ToolKindSchema,
    ToolPurchaseSchema,
    ToolUnitSchema,
    stock_counts,
    tool_issues,
    tool_kinds,
    tool_purchases,
    tool_units,
)
from server.tools.units import ToolUnitPolicy
from server.wire import RecordForm
from sync.entity import Entity, Registry

ENTITIES = (
    Entity(
        "tool_purchase",
        tool_purchases,
        RecordForm(ToolPurchaseSchema),
        ToolPurchasePolicy(),
        {"trip_id": "trip", "receipt_id": "receipt"},
    ),
    Entity(
        "tool_unit",
        tool_units,
        RecordForm(ToolUnitSchema),
        ToolUnitPolicy(),
        {"tool_purchase_id": "tool_purchase"},
    ),
    Entity(
        "tool_issue",
        tool_issues,
        RecordForm(ToolIssueSchema),
        ToolIssuePolicy(),
        {"tool_unit_id": "tool_unit", "trip_id": "trip"},
    ),
    Entity("tool_kind", tool_kinds, RecordForm(ToolKindSchema), ToolKindPolicy()),
    Entity("stock_count", stock_counts, RecordForm(StockCountSchema), StockCountPolicy()),
)


def follow_all(registry: Registry) -> None:
    """Keep purchases, units and kinds in step with each other."""
    registry.follow("tool_unit", count_units)
    registry.follow("tool_unit", on_unit)
    registry.follow("tool_issue", on_issue)
    registry.follow("stock_count", on_count)
