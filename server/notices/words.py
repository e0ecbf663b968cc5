"""A notice in a sentence, from the catalogues that phone and desk share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.i18n import say
from server.pages import money


def notice_words(notice: Mapping[str, Any], language: str | None = None) -> str:
    """The sentence, in the language of the request unless another is named."""
    params = notice["params"]
    amount = {"total": money(params["total"], params["currency"])} if "total" in params else {}
    seller = {"seller": say(f"category.{params['category']}", language)} if "category" in params else {}
    return say(f"notice.{notice['kind']}", language, **(params | amount | seller))
