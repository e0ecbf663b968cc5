"""What a rule is told. No rule reads the database, the clock or the network: all it needs stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.claims.rules.others import WORKING_DAY, Day, Journey, Other, SerialElsewhere, Sighting

Evidence = Mapping[str, Any]
Position = Mapping[str, float]


@dataclass(frozen=True)
class Stop:
    """One destination, from its first to its last day (`YYYY-MM-DD`). `position` is its site's, where known;
    `neighbours` are other prefectures so near to the site that one may eat or sleep there.
    """

    division_code: str
    arrive_on: str
    leave_on: str
    position: Position | None = None
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leg:
    """A part of a journey between two prefectures, as a ticket states it."""

    start: str
    end: str


@dataclass(frozen=True)
class Trip:
    """The journey that the receipt belongs to. `legs` are those that its other receipts state."""

    home_division: str
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...] = ()
    is_cancelled: bool = False


@dataclass(frozen=True)
class Receipt:
    """The receipt as it was captured, and the evidence that was read from it."""

    category: str
    amount_minor: int
    issued_on: str
    seller_tax_id: str = ""
    fapiao_code: str = ""
    fapiao_number: str = ""
    qr_text: str = ""
    capture_position: Position | None = None
    evidence: tuple[Evidence, ...] = ()
    nights: int = 0
    """How many nights a hotel's receipt is for; 0 where nobody said."""
    is_read: bool = False
    """Whether no reader is still to look at its documents."""
    is_unreadable: bool = False
    """Whether every reader has given its documents up."""
    identity: str = ""
    is_proven: bool = False
    """Whether a machine read its number off the document."""
    journeys: tuple[Journey, ...] = ()
    """Its legs, where it is a ticket that brings a person to another town."""
    captured_on: str = ""
    """The company's day on which the phone says it was captured; empty where the phone's clock cannot be right."""
    sightings: tuple[Sighting, ...] = ()
    handed_in_as: str = ""
    """The category that it was first handed in with, where it has got another since."""
    refusals: tuple[str, ...] = ()
    """Why it was refused, each time that it was handed in before."""
    allowance_until: str = ""
    """The last day of an allowance; its first is `issued_on`."""

    @property
    def is_journey(self) -> bool:
        """Whether it is a ticket that brings a person to another town."""
        return bool(self.journeys)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories whose limits it has to keep."""
        return tuple(dict.fromkeys((self.category, self.handed_in_as or self.category)))


@dataclass(frozen=True)
class Purchase:
    """Tools bought on this receipt: how many, at which price, and how many the warehouse has stocked in.

    A manager who writes units off decides about their money: `excused` ones never came back and are paid all the same,
    `forfeited` ones came back and are not paid.
    """

    name: str
    quantity: int
    stocked_in: int
    unit_price_minor: int
    excused: int = 0
    forfeited: int = 0
    reason: str = ""
    """Why units are forfeited, in the manager's words."""


@dataclass(frozen=True)
class Attachment:
    """A photo or document of the receipt: `pending`, `stored`, `quarantined`, `unknown` without a record."""

    sha256: str
    status: str


@dataclass(frozen=True)
class Twin:
    """Another receipt that is this one again: it came `earlier`, or money has been decided on it already."""

    receipt_id: str
    issued_on: str
    is_own: bool
    is_earlier: bool
    is_decided: bool

    @property
    def stands_before(self) -> bool:
        """Whether the other one is the receipt, and this one its repetition."""
        return self.is_earlier or self.is_decided


@dataclass(frozen=True)
class Tolerances:
    """Days by which a receipt may lie outside its trip."""

    local_days: int = 1
    transport_days: int = 3
    rail_issue_days: int = 180


@dataclass(frozen=True)
class Limit:
    """One limit of the company. `subject` is what it is of: a category, a tier, a prefecture, or nothing more.

    `value` is in minor units, days, or a tier; None lifts the limit from that date on.
    """

    kind: str
    subject: str
    value: int | None
    applies_from: str


@dataclass(frozen=True)
class Facts:
    """Everything that is known about one claim line."""

    trip: Trip
    receipt: Receipt
    claimed_minor: int
    """What is claimed on this receipt, over all lines."""
    today: str
    purchases: tuple[Purchase, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    same_identity: tuple[Twin, ...] = ()
    same_file: tuple[Twin, ...] = ()
    similar_picture: tuple[Twin, ...] = ()
    others: tuple[Other, ...] = ()
    """Receipts to compare with: of the same sale, of the same series of numbers, of the same person in these days."""
    month_amounts: tuple[int, ...] = ()
    """All that the person handed in with dates of this month, in minor units, this receipt among them."""
    day: Day = WORKING_DAY
    """The calendar's day of the receipt."""
    serials_elsewhere: tuple[SerialElsewhere, ...] = ()
    purchase_limit_minor: int | None = None
    """The most that one purchase may cost without asking; None where there is no such limit."""
    limits: tuple[Limit, ...] = ()
    spent_before_minor: int = 0
    """What the person's other receipts have taken of the limit that they share with this one: a day's, a trip's."""
    spent_as_handed_in_minor: int = 0
    """The same of the limit that it shared with others by the category that it was handed in with."""
    meals_and_allowances: tuple[Twin, ...] = ()
    """Of a meal the allowances that hold its day, of an allowance the meals of its days, where they are claimed."""
    handed_in_on: str = ""
    """The company's day on which the claim was handed in; empty before."""
    is_report_filed: bool = False
    company_name: str = ""
    company_tax_id: str = ""
    technician_name: str = ""
    tolerances: Tolerances = field(default_factory=Tolerances)
