"""Serving the phone's application below /app/."""

from __future__ import annotations

import mimetypes
from contextlib import suppress
from pathlib import Path

from flask import Blueprint, Response, abort, make_response, redirect, request, send_file
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as BaseResponse

from server import paths
from server.services import services

blueprint = Blueprint("phone", __name__, url_prefix="/app")
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {".webmanifest": "application/manifest+json", ".wasm": "application/wasm", ".js": "text/javascript"}
_FOREVER = "public, max-age=31536000, immutable"
_MOST_SHARED = 256 * 1024 * 1024
_PIECE = 64 * 1024
NOT_BUILT = "The phone client is not built. Run: make install\n"


@blueprint.get("")
def without_slash() -> BaseResponse:
    """The scope of the service worker ends with a slash."""
    return redirect("/app/")


@blueprint.post("/share")
def share() -> BaseResponse:
    """The service worker takes what another app shares. Where there is none, nothing is kept, and the app says so."""
    # Note: a browser that is still sending does not see an answer, so what it sends is read and let go.
    request.max_content_length = _MOST_SHARED
    with suppress(RequestEntityTooLarge):
        while request.stream.read(_PIECE):
            pass
    return redirect("/app/#/today/share-not-ready", 303)


@blueprint.record_once
def _share_needs_no_form_token(state: BlueprintSetupState) -> None:
    # Note: another app sends that form, and it changes nothing here.
    state.app.extensions["csrf"].exempt(share)


@blueprint.get("/")
@blueprint.get("/<path:name>")
def file(name: str = "index.html") -> Response:
    """A file of the built client. A missing one is missing: it never becomes the start page."""
    root = services().config.client or paths.client()
    if not (root / "index.html").is_file():
        return make_response(NOT_BUILT, 503, {"Content-Type": "text/plain; charset=utf-8"})
    found = safe_join(str(root), name)
    if found is None or name.endswith((".br", ".gz")) or not Path(found).is_file():
        abort(404)
    return _send(Path(found), name)


def _send(path: Path, name: str) -> Response:
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    chosen, encoding = path, ""
    for accepted, ending in _ENCODINGS:
        packed = path.with_name(path.name + ending)
        if request.accept_encodings.quality(accepted) > 0 and packed.is_file():
            chosen, encoding = packed, accepted
            break
    response = send_file(chosen, media_type, etag=True, conditional=True)
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = _FOREVER if name.startswith("assets/") else "no-cache"
    return response
