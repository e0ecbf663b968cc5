"""The company's limits as the rules know them: each holds from a date on, until another of its kind does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from server.claims.rules.facts import Limit, Stop
from server.places.divisions import prefecture_of

MONEY_KINDS = ("receipt", "lodging_night", "meal_day", "allowance_day", "approval")
DAY_KINDS = ("local_days", "transport_days", "rail_issue_days", "hand_in_days")
SWITCH_KINDS = ("allowance_meals",)
"""1 where it holds."""
KINDS = (*MONEY_KINDS, *DAY_KINDS, *SWITCH_KINDS, "city_tier")
LOWEST_TIER = 3


def in_force(limits: Iterable[Limit], kind: str, subject: str, day: str) -> int | None:
    """The value that holds on a day (`YYYY-MM-DD`); None where there is no limit."""
    known = [item for item in limits if (item.kind, item.subject) == (kind, subject) and item.applies_from <= day]
    return max(known, key=lambda item: item.applies_from).value if known else None


def tier_of(limits: Iterable[Limit], division: str, day: str) -> int:
    """The tier of a division's city on a day: the company's own word, else the usual one."""
    prefecture = prefecture_of(division) or division
    own = in_force(limits, "city_tier", prefecture, day)
    return own or city_tiers().get(prefecture, LOWEST_TIER)


def night_limit(limits: Sequence[Limit], stops: Sequence[Stop], day: str) -> int | None:
    """What one night may cost on a day of the trip. Outside its days the dearest of its cities counts."""
    there = [stop for stop in stops if stop.arrive_on <= day <= stop.leave_on]
    return max(known) if (known := _nightly(limits, there or stops, day)) else None


def trip_nights_limit(limits: Sequence[Limit], stops: Sequence[Stop], day: str) -> int | None:
    """What all nights of the trip may cost together, by the limits of that day; None where a city has none."""
    nightly = _nightly(limits, stops, day)
    if not stops or len(nightly) < len(stops):
        return None
    return sum(limit * _nights(stop) for limit, stop in zip(nightly, stops, strict=True))


@cache
def city_tiers() -> Mapping[str, int]:
    """The usual tiers by prefecture, as the file beside this one says with its source."""
    tiers: dict[str, int] = json.loads(Path(__file__).with_name("city_tiers.json").read_text(encoding="utf-8"))["tiers"]
    return tiers


def _nights(stop: Stop) -> int:
    """A stop of one day may need a bed as well."""
    return max(1, (date.fromisoformat(stop.leave_on) - date.fromisoformat(stop.arrive_on)).days)


def _nightly(limits: Sequence[Limit], stops: Iterable[Stop], day: str) -> list[int]:
    known = (in_force(limits, "lodging_night", str(tier_of(limits, stop.division_code, day)), day) for stop in stops)
    return [limit for limit in known if limit is not None]
