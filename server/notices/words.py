"""A notice in a sentence, from the catalogues that phone and desk share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.i18n import say
from server.pages import money


def notice_words(notice: Mapping[str, Any], language: str | None = None) -> str:
    """The sentence, in the language of the request unless another is named. A notice of a line says by `category`
    that the line is no receipt.
    """
    params = dict(notice["params"])
    if "total" in params:
        params["total"] = money(params["total"], params["currency"])
    line = say(f"notice_line.{params.get('category', 'receipt')}", language, **params)
    return say(f"notice.{notice['kind']}", language, **params, line=line)
