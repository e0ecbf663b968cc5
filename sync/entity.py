"""What the engine must know of a domain's records: their table, their form, and the policy that guards them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Table

from sync.change import Change, Record
from sync.errors import Refused
from sync.journal import Entry

if TYPE_CHECKING:
    from sync.transaction import Transaction

Follower = Callable[["Transaction", Entry], Iterable[Change]]
Derivation = Callable[[Connection, Sequence[Entry]], None]


class Form(Protocol):
    """Checks the form of fields that came from outside."""

    defaults: Mapping[str, Any]

    def load(self, fields: Mapping[str, Any], *, partial: bool) -> Record:
        """The fields in wire form, with defaults unless partial. Raises Refused with per-field codes."""
        ...


class Policy:
    """Who may write what, when, and what the server fills in. The base refuses everything."""

    def writable(self, write: Transaction, change: Change, before: Record | None) -> Collection[str]:
        """The fields that the writing actor may write in the record's present state; Refused where none."""
        raise Refused("field_not_writable")

    def prepare(self, write: Transaction, changes: Sequence[Change]) -> None:
        """Read and lock at once what judging these changes will ask for one by one; only to save time."""

    def hold(self, write: Transaction, change: Change) -> None:
        """Take the locks that come before the record's own, so that two writers do not wait for each other."""

    def settle(self, write: Transaction, before: Record | None, after: Record) -> Mapping[str, Any]:
        """Check the record as it would stand, and give the fields that the server itself fills in."""
        return {}

    def may_delete(self, write: Transaction, record: Record) -> bool:
        """Whether the writing actor may delete the record now."""
        return False

    def buckets(self, record: Record) -> Collection[str]:
        """The buckets that the record is in."""
        raise NotImplementedError


@dataclass(frozen=True)
class Entity:
    """One kind of record.

    `references` maps a field to the entity whose record id it holds; `lists` names the fields that are
    lists of texts by whose members the records can be found.
    """

    name: str
    table: Table
    form: Form
    policy: Policy
    references: Mapping[str, str] = field(default_factory=dict)
    lists: tuple[str, ...] = ()


@dataclass
class Registry:
    """All entities of a server, and what follows from a change to each."""

    entities: dict[str, Entity] = field(default_factory=dict)
    followers: dict[str, list[Follower]] = field(default_factory=dict)
    derivations: list[Derivation] = field(default_factory=list)

    def add(self, *entities: Entity) -> None:
        """Make entities known; a name is given once."""
        for entity in entities:
            if entity.name in self.entities:
                raise ValueError(f"entity {entity.name} is registered twice")
            self.entities[entity.name] = entity

    def follow(self, entity: str, follower: Follower) -> None:
        """Call `follower` after each change to that entity; what it yields is applied by the system."""
        self.followers.setdefault(entity, []).append(follower)

    def derive(self, derivation: Derivation) -> None:
        """Call `derivation` once before each commit, with all that was changed: it keeps tables that are no records."""
        self.derivations.append(derivation)

    def __getitem__(self, name: str) -> Entity:
        entity = self.entities.get(name)
        if entity is None:
            raise Refused("unknown_entity")
        return entity
