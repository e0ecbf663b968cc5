"""Merging, whatever the order in which changes arrive: machines that try to find an order in which it matters."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.change import Record
from sync.errors import Conflict, Refused
from sync.merge import merge

DEFAULTS: Record = {"title": "", "body": None, "tags": []}
VALUES: dict[str, Any] = {
    "title": st.sampled_from(["", "a", "b"]),
    "body": st.sampled_from([None, "a", 0, False, 1, True]),
    "tags": st.sampled_from([[], ["a"], ["b", "a"]]),
}
"""As in our forms: null only where it is the default, so that a null base can stand for no other value."""
RECORDS = st.fixed_dictionaries(VALUES)


@st.composite
def updates(draw: Any, seen: Record) -> tuple[Record, Record]:
    """What a person changes of the record that they saw: the fields, and their base, which may leave defaults out."""
    names = draw(st.sets(st.sampled_from(sorted(VALUES)), min_size=1))
    is_sparse = draw(st.booleans())
    base = {name: None if is_sparse and seen[name] == DEFAULTS[name] else seen[name] for name in names}
    return {name: draw(VALUES[name]) for name in names}, base


@st.composite
def worlds(draw: Any) -> tuple[Record, list[tuple[Record, Record]]]:
    """A record, and what up to four people who all saw it change."""
    record = draw(RECORDS)
    return record, draw(st.lists(updates(record), min_size=2, max_size=4))


def after(record: Record, arrived: tuple[tuple[Record, Record], ...]) -> tuple[Record, int]:
    """The record once all have arrived in that order, and how many of them met a conflict."""
    conflicts = 0
    for fields, base in arrived:
        try:
            record = record | merge(record, fields, base, DEFAULTS)
        except Conflict:
            conflicts += 1
    return record, conflicts


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_the_order_of_arrival_does_not_matter_where_no_conflict_is_reported(
    world: tuple[Record, list[tuple[Record, Record]]],
) -> None:
    record, changes = world
    ends = [after(record, order) for order in permutations(changes)]
    quiet = [repr(end) for end, conflicts in ends if conflicts == 0]
    assert len(set(quiet)) <= 1


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_a_change_that_arrives_twice_changes_nothing_the_second_time(
    world: tuple[Record, list[tuple[Record, Record]]],
) -> None:
    record, changes = world
    for fields, base in changes:
        try:
            record = record | merge(record, fields, base, DEFAULTS)
        except Conflict:
            continue
        assert merge(record, fields, base, DEFAULTS) == {}


@settings(max_examples=300, deadline=None)
@given(RECORDS, RECORDS, st.data())
def test_nothing_that_the_person_did_not_see_is_overwritten(now: Record, seen: Record, data: Any) -> None:
    fields, base = data.draw(updates(seen))
    kept = {name for name, value in fields.items() if repr(now[name]) == repr(value)}
    was_seen = {name for name in fields if repr(now[name]) == repr(base[name])}
    was_seen |= {name for name in fields if base[name] is None and repr(now[name]) == repr(DEFAULTS[name])}
    if kept | was_seen == set(fields):
        assert merge(now, fields, base, DEFAULTS) == {name: fields[name] for name in fields if name not in kept}
        return
    with pytest.raises(Conflict) as caught:
        merge(now, fields, base, DEFAULTS)
    assert set(caught.value.params["fields"]) == set(fields) - kept - was_seen


def test_a_field_without_its_base_is_refused() -> None:
    with pytest.raises(Refused, match="base_missing"):
        merge({"title": "a"}, {"title": "b"}, {}, DEFAULTS)


def test_a_number_is_the_same_however_a_phone_writes_it() -> None:
    """Python writes 30.0 where a browser writes 30 and reads both as one."""
    seen: Record = {"body": {"lat": 30.0, "lon": -0.0}}
    assert merge(seen, {"body": {"lat": 31.5, "lon": 0}}, {"body": {"lat": 30, "lon": 0}}, {}) == {
        "body": {"lat": 31.5, "lon": 0}
    }
    assert merge(seen, {"body": {"lat": 30, "lon": 0}}, {"body": None}, {}) == {}
    for other in ([1], ["1"], [0.5], [None]):
        assert merge({"body": [True]}, {"body": other}, {"body": [True]}, {}) == {"body": other}
