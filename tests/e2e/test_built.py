"""The built client: small at its first start, and whole without network."""

from __future__ import annotations

import json
import re

from server import paths

MOST = 90_000


def test_the_first_javascript_is_small() -> None:
    page = (paths.client() / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r'(?:src|href)="/app/(assets/[^"]+\.js)"', page)
    assert scripts
    words = [file.stat().st_size for file in (paths.client() / "assets").glob("codes.*.js.gz")]
    assert sum((paths.client() / f"{name}.gz").stat().st_size for name in scripts) + max(words) <= MOST


def test_the_worker_keeps_every_screen_for_use_without_network() -> None:
    worker = (paths.client() / "sw.js").read_text(encoding="utf-8")
    built = {f"assets/{file.name}" for file in (paths.client() / "assets").iterdir() if file.suffix in (".js", ".css")}
    assert {name for name in built if json.dumps(name)[1:-1] not in worker} == set()
    assert any("counter" in name for name in built)
