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

    `form`: an e-invoice file, a railway ticket's file, a slip or a plain receipt on a photograph. `role`: `partner` is
    the honest or the first half of a fraud with two receipts. `case` names the fraud, or the hard honest case.
    """

    form: Literal["invoice", "rail", "slip", "plain"]
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
    """One trip of one technician: where, when, and its papers. `again` are handed in after finance has refused some."""

    who: int
    stops: list[tuple[City, date, date]]
    purpose: str
    papers: list[Paper] = field(default_factory=list)
    again: list[Paper] = field(default_factory=list)
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


def at_site(paper: Paper, city: City, hour: int = 12) -> Paper:
    """Photographed on its day in its city."""
    paper.captured_at = noon(paper.day).replace("T12", f"T{hour:02}")
    paper.position = {"lat": city.lat, "lon": city.lon, "accuracy_m": 25.0}
    return paper
