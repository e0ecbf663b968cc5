"""What the fraud controls are told beside the receipt itself: other receipts, the calendar's day, serial numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.places.divisions import distance_km


@dataclass(frozen=True)
class Sighting:
    """Where a person was on a day (`YYYY-MM-DD`): by a document of that place, or by the phone at an `instant`.

    `clock` is that instant in seconds, where it is known.
    """

    day: str
    position: Mapping[str, float]
    source: Literal["document", "phone"]
    clock: float | None = None

    def km_to(self, other: Sighting) -> float:
        """The distance as the crow flies."""
        return distance_km(self.position, other.position)


@dataclass(frozen=True)
class Journey:
    """A ticket that brings a person to another town on a day (`YYYY-MM-DD`).

    `start` and `end` are positions, both None where nobody could read for certain between which towns.
    """

    day: str
    start: Mapping[str, float] | None = None
    end: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Other:
    """Another receipt that this one is compared with.

    `identity` is its number, as `server/receipts/fapiao.py` writes it; `is_proven`: a machine read that number off the
    document. `same_seller` and `is_together` compare it with the receipt in question: the same shop; a colleague whose
    trip was at the same place on that day. `journeys`: its legs, where it is a ticket to another town.
    """

    receipt_id: str
    category: str
    amount_minor: int
    issued_on: str
    is_own: bool
    identity: str = ""
    is_proven: bool = False
    same_seller: bool = False
    is_together: bool = False
    is_refused: bool = False
    journeys: tuple[Journey, ...] = ()
    sightings: tuple[Sighting, ...] = ()

    @property
    def is_journey(self) -> bool:
        """Whether it is a ticket that brings a person to another town."""
        return bool(self.journeys)

    def evidence(self) -> tuple[Mapping[str, str], ...]:
        """What a finding that rests on this receipt names."""
        return ({"kind": "receipt", "value": self.receipt_id},)


@dataclass(frozen=True)
class Day:
    """What the calendar says of a day. Not `is_known`: its year's public holidays are not published to us yet."""

    is_rest: bool
    holiday: str = ""
    is_known: bool = True


WORKING_DAY = Day(is_rest=False)


@dataclass(frozen=True)
class SerialElsewhere:
    """A serial number of this receipt's tools that another purchase names too.

    `is_stocked_in`: the warehouse holds that unit for the other purchase. `same_tool`: both are called the same.
    """

    serial: str
    purchase_id: str
    is_earlier: bool
    is_stocked_in: bool
    same_tool: bool
