"""The prefecture of a Chinese rail station, by the name that a ticket prints.

Source: the station list of 12306, as the package mcp-server-12306 0.5.0.post20260930 (MIT) carries it. Of its 3,404
stations 3,392 have their place here; six of the others lie in Laos. See README.md.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def station_division(name: str) -> str | None:
    """The code at prefecture level for a station, with or without `站`: 杭州东站 gives 330100. None if it is unknown.

    A municipality is `xx0000`, a county directly under its province stands for itself, 香港西九龙 is 810000.
    """
    plain = "".join(unicodedata.normalize("NFKC", name).split())
    known = _stations()
    return known.get(plain) or known.get(plain.removesuffix("站"))


@cache
def _stations() -> Mapping[str, str]:
    codes: dict[str, str] = json.loads(Path(__file__).with_name("stations.json").read_text(encoding="utf-8"))
    return codes
