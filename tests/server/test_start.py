"""What a start of the server loads: nothing that is slow to load and that most processes never need."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SLOW = {
    "reportlab": "PDF",
    "xlsxwriter": "Excel",
    "webauthn": "passkeys",
    "numpy": "positions, and what is printed on pictures",
    "shapely": "positions",
    "onnxruntime": "what is printed on pictures",
    "rapidocr": "what is printed on pictures",
    "zxingcpp": "QR codes",
    "pypdfium2": "pages of a PDF",
    "pillow_heif": "pictures of some phones",
}


@pytest.mark.parametrize("started", ["server.wsgi", "server.cli"])
def test_a_start_loads_no_library_that_only_some_calls_need(
    started: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = f"import json, sys, {started}; print(json.dumps([name for name in {list(SLOW)} if name in sys.modules]))"
    environment = dict(os.environ) | {"FIELDCLAIM_DATA": str(tmp_path_factory.mktemp("data"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert {name: SLOW[name] for name in json.loads(done.stdout)} == {}


def test_what_is_not_loaded_at_the_start_is_there_to_be_loaded() -> None:
    """A library that was renamed or left would never be seen above."""
    find = f"from importlib.util import find_spec; print([name for name in {list(SLOW)} if find_spec(name) is None])"
    assert subprocess.check_output([sys.executable, "-c", find], text=True).strip() == "[]"
