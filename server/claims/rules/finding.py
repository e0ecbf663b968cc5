"""What a rule finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["block", "review", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule has to say of a claim line.

    `block`: no money may move. `review`: a person must look and say why it is right. `params` fill the sentence that
    the catalogue holds for `code`; `evidence` is what the finding rests on.
    """

    code: str
    severity: Severity
    article: str
    params: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Mapping[str, Any], ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return asdict(self) | {
            "params": dict(self.params),
            "evidence": [dict(item) for item in self.evidence],
        }
