"""Who makes a change, and which buckets they may read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sync.canonical import canonical, digest


@dataclass(frozen=True)
class Actor:
    """A person on a device, or the system itself.

    `roles` are names that the domains give a meaning; the engine only turns them into buckets.
    """

    id: str
    roles: frozenset[str] = frozenset()
    device_id: str = ""
    is_system: bool = False

    @cached_property
    def buckets(self) -> frozenset[str]:
        """`org`, `user:<id>`, and `role:<role>` for each role."""
        return frozenset({"org", f"user:{self.id}"} | {f"role:{role}" for role in self.roles})

    @cached_property
    def scope(self) -> str:
        """A short name of the buckets; it changes when the person's role does."""
        return digest(canonical(sorted(self.buckets)))[:16]

    def is_any(self, *roles: str) -> bool:
        """Whether the actor has one of the roles."""
        return not self.roles.isdisjoint(roles)


SYSTEM = Actor("system", is_system=True)
