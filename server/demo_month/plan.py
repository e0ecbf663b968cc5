"""What will happen in the demo month, before anything is written: journeys, papers, and what is wrong with some."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from server.demo_month.cities import City, Seller, noon
from sync.change import new_id

Role = Literal["honest", "fraud", "partner"]
Stage = Literal["draft", "submitted", "decided", "paid"]


@dataclass
class Paper:
    """One receipt to be: what the person types, and what its document says where that differs (`says`).

    `form`: an e-invoice file, a railway ticket's file, a slip or a plain receipt on a photograph, or `none`: a travel
    allowance, of the days until `last_day`, whose amount the server computes. `role`: `partner` is the honest or the
    first half of a fraud with two receipts. `case` names the fraud, or the hard honest case. `refused_as` is the code
    with which the server refused it at once.
    """

    form: Literal["invoice", "rail", "slip", "plain", "none"]
    category: str
    amount: int
    day: date
    seller: Seller
    number: str = ""
    code: str = ""
    ends: tuple[str, str] = ("", "")
    passenger: str = ""
    captured_at: str = ""
    position: dict[str, float] | None = None
    says: dict[str, Any] = field(default_factory=dict)
    file_of: Paper | None = None
    claimed: int | None = None
    tool: Tool | None = None
    is_refused: bool = False
    last_day: date | None = None
    refused_as: str = ""
    role: Role = "honest"
    case: str = ""
    id: str = field(default_factory=new_id)

    def marked(self, role: Role, case: str) -> Paper:
        """The same paper with what it is in truth."""
        self.role, self.case = role, case
        return self


@dataclass
class Tool:
    """Tools bought on a paper, by their serial numbers; those in `returned` come back to the warehouse."""

    name: str
    serials: list[str]
    returned: list[str]


@dataclass
class Journey:
    """One trip of one technician: where, when, and its papers. `again` are handed in after finance has refused some,
    `attempts` each in a claim of its own. A trip that was `planned_until` a later day is planned shorter in the end.
    """

    who: int
    stops: list[tuple[City, date, date]]
    purpose: str
    papers: list[Paper] = field(default_factory=list)
    again: list[Paper] = field(default_factory=list)
    attempts: list[Paper] = field(default_factory=list)
    planned_until: date | None = None
    stage: Stage = "submitted"
    has_fraud: bool = False

    @property
    def city(self) -> City:
        """The first stop's city."""
        return self.stops[0][0]

    @property
    def begins(self) -> date:
        """The first day."""
        return self.stops[0][1]

    @property
    def ends(self) -> date:
        """The last day."""
        return self.stops[-1][2]

    def of(self, category: str) -> list[Paper]:
        """Its honest papers of a category."""
        return [paper for paper in self.papers if paper.category == category and paper.role == "honest"]


def allowance(first: date, last: date, city: City) -> Paper:
    """The travel allowance of some days."""
    return Paper("none", "allowance", 0, first, Seller("", "", city), last_day=last)


def at_site(paper: Paper, city: City, hour: int = 12) -> Paper:
    """Photographed on its day in its city."""
    paper.captured_at = noon(paper.day).replace("T12", f"T{hour:02}")
    paper.position = {"lat": city.lat, "lon": city.lon, "accuracy_m": 25.0}
    return paper
