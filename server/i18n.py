"""Words for people, in Simplified Chinese and English, from catalogues. What travels and is stored is codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import current_app, g, has_app_context, has_request_context, request

from server import paths
from server.cookies import read_cookie

LANGUAGES = ("zh-Hans", "en")
LANGUAGE_COOKIE = "language"


class _Kept(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of one language: those of the pages, and those that phone and pages share."""
    texts: dict[str, str] = {}
    for folder, name in ((paths.locales(), "codes"), (paths.templates() / "locales", "pages")):
        texts |= json.loads((folder / f"{name}.{language}.json").read_text(encoding="utf-8"))
    return texts


def say(key: str, language: str | None = None, **params: Any) -> str:
    """The text of a key with its parameters filled in; the key itself where there is none, which fails a test."""
    text = catalogue(language or language_of_request()).get(key)
    if text is not None:
        return text.format_map(_Kept(params))
    if has_app_context() and current_app.testing:
        raise LookupError(f"no text for {key}")
    return key


def language_of_request() -> str:
    """The person's own setting, else the one they chose on this browser, else what the browser asks for."""
    if not has_request_context():
        return LANGUAGES[0]
    chosen = (g.get("user") or {}).get("language") or read_cookie(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    best = request.accept_languages.best_match(["zh", "zh-CN", "zh-Hans", "en"], default="zh")
    return "en" if best == "en" else "zh-Hans"
