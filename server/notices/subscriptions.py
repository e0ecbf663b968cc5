"""Where a phone is reached by web push: one address for each device, as long as its session lasts. Never synced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from server.accounts.records import devices
from sync.tables import metadata

_MOST_OF_A_PERSON = 8

push_subscriptions = Table(
    "push_subscription",
    metadata,
    Column("device_id", String(36), primary_key=True),
    Column("endpoint", String(1000), nullable=False),
    Column("receiver", String(100), nullable=False),
    Column("auth", String(30), nullable=False),
    Column("made_at", String(40), nullable=False),
)


@dataclass(frozen=True)
class Subscription:
    """What a phone's browser has given: an address at its push service, and what to encrypt with (RFC 8291)."""

    endpoint: str
    receiver: str
    auth: str


def keep(connection: Connection, person_id: str, device_id: str, given: Subscription, made_at: str) -> None:
    """Reach the device there from now on, and only it. Of many devices of a person the newest few are kept."""
    kept = push_subscriptions
    connection.execute(delete(kept).where((kept.c.device_id == device_id) | (kept.c.endpoint == given.endpoint)))
    connection.execute(insert(kept).values(device_id=device_id, made_at=made_at, **vars(given)))
    newest_first = (*devices_of(connection, [person_id]).get(person_id, []),)
    for each in newest_first[_MOST_OF_A_PERSON:]:
        forget(connection, each)


def of_device(connection: Connection, device_id: str) -> Subscription | None:
    """Where a device is reached; None where it is not."""
    kept = push_subscriptions.c
    query = select(kept.endpoint, kept.receiver, kept.auth).where(kept.device_id == device_id)
    row = connection.execute(query).first()
    return Subscription(*row) if row else None


def devices_of(connection: Connection, people: Collection[str]) -> dict[str, list[str]]:
    """The devices on which people are reached, by person, the newest subscription first."""
    kept = push_subscriptions.c
    query = select(devices.c.user_id, devices.c.id).join(push_subscriptions, kept.device_id == devices.c.id)
    query = query.where(devices.c.user_id.in_(people), devices.c.status == "active")
    found: dict[str, list[str]] = {}
    for person_id, device_id in connection.execute(query.order_by(kept.made_at.desc(), devices.c.id.desc())):
        found.setdefault(person_id, []).append(device_id)
    return found


def forget(connection: Connection, device_id: str, endpoint: str = "") -> None:
    """Reach the device there no more; with `endpoint`, unless it has given another one since."""
    kept = push_subscriptions.c
    same = (kept.device_id == device_id) & ((kept.endpoint == endpoint) if endpoint else True)
    connection.execute(delete(push_subscriptions).where(same))


def forget_all(connection: Connection) -> None:
    """Reach nobody: what they had subscribed to is no more."""
    connection.execute(delete(push_subscriptions))
