"""Whom a row of the feed is for. All roles that see a record share one: desks are many, and a push must be short.

Which such audiences there are is a fact of the server, so that whoever pulls knows where to look.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

FACT = "audiences"
_ROLE = "role:"


@lru_cache(4096)
def folded(buckets: frozenset[str]) -> frozenset[str]:
    """The buckets of a record as the feed has them: its roles as one bucket, `role:finance,manager`."""
    roles = sorted(bucket.removeprefix(_ROLE) for bucket in buckets if bucket.startswith(_ROLE))
    others = frozenset(bucket for bucket in buckets if not bucket.startswith(_ROLE))
    return others | {_ROLE + ",".join(roles)} if roles else others


def audiences(buckets: Collection[str]) -> set[str]:
    """Those of the feed's buckets that stand for roles."""
    return {bucket for bucket in buckets if bucket.startswith(_ROLE)}


def known(facts: Mapping[str, str]) -> frozenset[str]:
    """All audiences that the feed was ever written for."""
    return frozenset(facts.get(FACT, "").split())


def heard(buckets: frozenset[str], facts: Mapping[str, str]) -> frozenset[str]:
    """The feed's buckets for one who reads these buckets."""
    roles = {bucket.removeprefix(_ROLE) for bucket in audiences(buckets)}
    return buckets | {name for name in known(facts) if not roles.isdisjoint(name.removeprefix(_ROLE).split(","))}
