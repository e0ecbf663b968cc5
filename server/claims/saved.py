"""Filters of the desk that a person keeps under a name: theirs alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Index

from server.wire import IdField, RecordForm, RecordSchema, TextField, record_table
from sync.change import Change, Record, new_id
from sync.entity import Entity, Policy
from sync.errors import Refused
from sync.transaction import Transaction

MOST = 40


class SavedFilterSchema(RecordSchema):
    """A filter as its page's address holds it."""

    name = TextField(60, required=True)
    query = TextField(500)
    owner_id = IdField()


class SavedFilterPolicy(Policy):
    """Nobody else sees it or changes it."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> frozenset[str]:
        return frozenset({"name", "query"}) if write.actor.is_any("finance", "manager") else frozenset()

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        if before is None and len(write.find("saved_filter", owner_id=write.actor.id)) >= MOST:
            raise Refused("too_many_saved_filters", params={"most": MOST})
        return {"owner_id": write.actor.id} if before is None else {}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        return True

    def buckets(self, record: Record) -> set[str]:
        return {f"user:{record['owner_id']}"}


def keep(write: Transaction, name: str, query: str) -> Record:
    """Keep a filter under a name; what the person had under that name before goes."""
    # Note: compared here, since a name that nobody has checked yet is no value to ask a database for.
    known = [item for item in write.find("saved_filter", owner_id=write.actor.id) if item["name"] == name]
    if known:
        return write.update("saved_filter", known[0], {"query": query})
    return write.create("saved_filter", {"name": name, "query": query})


def forget(write: Transaction, record: Record) -> None:
    """Take a kept filter away."""
    write.apply(Change(new_id(), "saved_filter", record["id"], "delete", base_version=record["version"]))


saved_filters = record_table("saved_filter", SavedFilterSchema, Index("ix_saved_filter_owner_id", "owner_id"))
ENTITIES = (Entity("saved_filter", saved_filters, RecordForm(SavedFilterSchema), SavedFilterPolicy()),)
