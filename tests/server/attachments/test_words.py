"""What can be said of an upload or a file has words, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server import attachments
from server.i18n import LANGUAGES, catalogue

FOLDER = Path(attachments.__file__).parent


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_uploads_and_files_has_words(language: str) -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    codes = set(re.findall(r'Problem\(\s*\d+, "(\w+)"', texts))
    reasons = r'"((?:type|picture|document)_(?:mismatch|broken|too_large|not_allowed)|could_not_be_read)"'
    codes |= set(re.findall(reasons, texts))
    assert {code for code in codes if f"error.{code}" not in catalogue(language)} <= {"method_not_allowed"}
    assert len(codes) > 18
