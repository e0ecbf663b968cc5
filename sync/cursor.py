"""A pull's place in the feed. Opaque to the one who carries it; it grants nothing, for the scope is the actor's."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace

from sync.canonical import canonical
from sync.errors import CursorUnknown


@dataclass(frozen=True)
class Cursor:
    """Everything up to `seq` has been pulled; the pull from zero began when the feed stood at `fresh_until`."""

    epoch: str
    scope: str
    seq: int
    fresh_until: int

    def at(self, seq: int) -> Cursor:
        """The same pull, further on."""
        return replace(self, seq=seq)

    def encode(self) -> str:
        """The text that goes over the wire."""
        raw = canonical([self.epoch, self.scope, self.seq, self.fresh_until])
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(text: str, epoch: str, scope: str) -> Cursor:
    """Read a cursor. Raises CursorUnknown where it is not one of ours, of this epoch and of this scope."""
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        cursor = Cursor(*json.loads(raw))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise CursorUnknown from error
    numbers = (cursor.seq, cursor.fresh_until)
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        raise CursorUnknown
    if (cursor.epoch, cursor.scope) != (epoch, scope) or not 0 <= cursor.seq < 2**62:
        raise CursorUnknown
    return cursor
