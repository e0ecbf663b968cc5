"""The phone's application as a browser gets it: the right file, the right type, kept as long as is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server import paths, phone


@pytest.fixture
def backend() -> str:
    """No page here asks the database."""
    return "sqlite"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built client."""
    root = tmp_path / "client"
    files = {
        "index.html": "<!doctype html>",
        "sw.js": "self.x",
        "manifest.webmanifest": json.dumps({"id": "/app/"}),
        "assets/main-abc.js": "plain",
        "assets/main-abc.js.gz": "gzip",
        "assets/main-abc.js.br": "brotli",
        "assets/only-def.css": "plain",
        "assets/only-def.css.gz": "gzip",
        "assets/scan.wasm": "wasm",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (tmp_path / "secret").write_text("not yours")
    monkeypatch.setattr(paths, "client", lambda: root)
    return root


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("path", "media_type", "kept"),
    [
        ("/app/", "text/html", "no-cache"),
        ("/app/index.html", "text/html", "no-cache"),
        ("/app/sw.js", "text/javascript", "no-cache"),
        ("/app/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/app/assets/main-abc.js", "text/javascript", "public, max-age=31536000, immutable"),
        ("/app/assets/only-def.css", "text/css", "public, max-age=31536000, immutable"),
        ("/app/assets/scan.wasm", "application/wasm", "public, max-age=31536000, immutable"),
    ],
)
def test_each_file_has_its_type_and_its_time(browser: FlaskClient, path: str, media_type: str, kept: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, media_type, kept)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("accepted", "path", "encoding", "body"),
    [
        ("gzip, deflate, br", "main-abc.js", "br", b"brotli"),
        ("gzip", "main-abc.js", "gzip", b"gzip"),
        ("br;q=0, gzip", "main-abc.js", "gzip", b"gzip"),
        ("identity", "main-abc.js", None, b"plain"),
        ("", "main-abc.js", None, b"plain"),
        ("br, gzip", "only-def.css", "gzip", b"gzip"),
        ("br", "only-def.css", None, b"plain"),
    ],
)
def test_a_packed_file_goes_only_to_whom_can_unpack_it(
    browser: FlaskClient, accepted: str, path: str, encoding: str | None, body: bytes
) -> None:
    answer = browser.get(f"/app/assets/{path}", headers={"Accept-Encoding": accepted})
    assert (answer.data, answer.headers.get("Content-Encoding")) == (body, encoding)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.mimetype in ("text/javascript", "text/css")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        "assets/gone-123.js",
        "assets",
        "assets/",
        "trips",
        "assets/main-abc.js.br",
        "../secret",
        "..%2fsecret",
        "%2e%2e/secret",
        "assets/..%5c..%5csecret",
        "%00",
    ],
)
def test_a_missing_file_is_missing_and_never_the_start_page(browser: FlaskClient, path: str) -> None:
    answer = browser.get(f"/app/{path}")
    assert answer.status_code == 404
    assert b"not yours" not in answer.data


@pytest.mark.usefixtures("built")
def test_the_start_page_is_asked_for_again_but_not_sent_again(browser: FlaskClient) -> None:
    first = browser.get("/app/")
    assert browser.get("/app/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.usefixtures("built")
def test_the_scope_of_the_service_worker_ends_with_a_slash(browser: FlaskClient) -> None:
    answer = browser.get("/app")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/app/")


def test_a_client_that_is_not_built_says_how_to_build_it(
    browser: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "client", lambda: tmp_path / "nothing")
    for path in ("/app/", "/app/sw.js"):
        answer = browser.get(path)
        assert (answer.status_code, answer.text) == (503, phone.NOT_BUILT)
