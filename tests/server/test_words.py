"""Every code has its words, in both languages, with the same gaps to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.claims.states import LINE_STATES
from server.i18n import LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("server", "sync") for path in (ROOT / folder).rglob("*.py")]
PAGES = list((ROOT / "templates").rglob("*.html"))
GAP = re.compile(r"\{(\w+)\}")


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    zh, en = catalogue("zh-Hans"), catalogue("en")
    assert set(zh) == set(en)
    differing = [key for key in zh if sorted(GAP.findall(zh[key])) != sorted(GAP.findall(en[key]))]
    assert differing == []
    assert all(text.strip() for text in (*zh.values(), *en.values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_and_finding_in_the_code_has_words(language: str) -> None:
    words = catalogue(language)
    texts = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    refusals = set(re.findall(r'(?:Refused|Held|_invalid)\(\s*"(\w+)"', texts))
    findings = set(re.findall(r'(?:Finding|_finding|_block|_repeats)\(\s*"(\w+)"', texts))
    missing = {f"error.{code}" for code in refusals if f"error.{code}" not in words}
    missing |= {
        f"{kind}.{code}" for code in findings for kind in ("finding", "reason") if f"{kind}.{code}" not in words
    }
    assert missing == set()
    assert len(refusals) > 30
    assert len(findings) > 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_a_page_names_has_words(language: str) -> None:
    words = catalogue(language)
    texts = "\n".join(path.read_text(encoding="utf-8") for path in (*PAGES, *SOURCES))
    keys = set(re.findall(r'\b(?:t|say|done)\("([a-z_]+\.[a-z_]*[a-z])"', texts))
    keys |= {f"status.{state}" for state in LINE_STATES if state != "draft"}
    assert {key for key in keys if key not in words} == set()
    assert len(keys) > 80
