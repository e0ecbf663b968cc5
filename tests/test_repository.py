"""What must hold for the repository itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
TEXTS = {
    name: (ROOT / name).read_text(encoding="utf-8", errors="ignore") for name in TRACKED if (ROOT / name).is_file()
}


def test_no_file_names_a_package_registrys_host_or_a_path_of_a_machine() -> None:
    words = ("registry." + "npmjs", "pypi." + "org", "pythonhosted" + ".org", "/ro" + "ot/", "/wo" + "rk/")
    found = [(name, word) for name, text in TEXTS.items() for word in words if word in text]
    assert found == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    modules = [name for name in TRACKED if name.endswith((".py", ".ts", ".tsx")) and "/versions/" not in name]
    assert [name for name in modules if len(TEXTS[name].splitlines()) > 400] == []


def test_every_dependency_is_pinned_with_its_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        pinned = re.findall(r"^([\w.\[\]-]+)==", TEXTS[name], flags=re.MULTILINE)
        assert len(pinned) > 20
        assert TEXTS[name].count("--hash=sha256:") >= len(pinned)
