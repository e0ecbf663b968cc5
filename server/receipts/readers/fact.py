"""What a reader finds: facts, each with where on the document it stood and how sure the reader is."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Source = Literal["xml", "ofd", "pdf", "qr", "ocr", "exif"]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of the page's width and height."""

_TEXTS = frozenset({"remark", "seller_address", "service_place", "item", "seller_name", "buyer_name", "title"})
_PERSONAL = re.compile(r"(?<![0-9])(?:[1-8][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")
SURE = 0.9
"""From this confidence on a fact may decide; below it, it only helps a person to look."""


@dataclass(frozen=True)
class Fact:
    """One thing that a document says.

    `kind` names it (`amount_total`, `seller_name`, `departure` …). `value` is text: dates are `YYYY-MM-DD`, amounts are
    whole minor units. `division` and `granularity` stand where the fact names a place. `leg` counts the parts of a
    journey, or the lines of an invoice, from 0.
    """

    kind: str
    value: str
    source: Source
    confidence: float = 1.0
    division: str = ""
    granularity: str = ""
    leg: int = 0
    page: int = 0
    box: Box | None = None

    def masked(self) -> Fact:
        """The fact without identity and telephone numbers of persons in its text."""
        if self.kind not in _TEXTS:
            return self
        return replace(self, value=_PERSONAL.sub(lambda match: "*" * len(match[0]), self.value))

    def to_wire(self) -> dict[str, Any]:
        """The fact as JSON has it; what is empty is left out."""
        item = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        for name in ("leg", "page"):
            if not item[name]:
                del item[name]
        if self.box:
            item["box"] = [round(side, 4) for side in self.box]
        return item | {"confidence": round(self.confidence, 3)}


@dataclass(frozen=True)
class Reading:
    """All that one reader found in one document."""

    reader: str
    version: str
    facts: tuple[Fact, ...] = field(default=())

    def best(self, kind: str) -> Fact | None:
        """The fact of a kind that the reader is surest of."""
        return max((fact for fact in self.facts if fact.kind == kind), key=lambda fact: fact.confidence, default=None)

    def value(self, kind: str) -> str:
        """The surest value of a kind, or an empty text."""
        found = self.best(kind)
        return found.value if found else ""


class Unreadable(Exception):
    """A document that cannot be read. `code` says why: it is one of the codes of the catalogue."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
