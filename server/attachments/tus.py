"""The tus 1.0 protocol for uploads: creation, resume after a cut, checksum, expiration, termination."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime

from flask import Response, request, url_for
from flask.views import MethodView

from server.accounts.gate import actor, signed_in
from server.attachments import uploads
from server.attachments.records import MAX_SIZE, SENDERS
from server.attachments.uploads import Checksum, Upload
from server.calls import CallBlueprint
from server.problems import Problem
from server.services import services

VERSION = "1.0.0"
SILENCE_SECONDS = 30
"""How long a connection may be silent before its request ends: a phone that lost the network must be able to resume."""
_ALGORITHMS = ("sha256", "sha1")
blueprint = CallBlueprint("uploads", __name__, url_prefix="/api/attachments/uploads", description="Uploads by tus 1.0")


@blueprint.after_request
def name_version(response: Response) -> Response:
    """The protocol asks for its version in every answer, refusals too."""
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("")
class Uploads(MethodView):
    """Beginning an upload."""

    def options(self) -> Response:
        """What this server can do."""
        headers = {
            "Tus-Version": VERSION,
            "Tus-Max-Size": str(MAX_SIZE),
            "Tus-Extension": "creation,checksum,expiration,termination",
            "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
        }
        return Response(status=204, headers=headers)

    @signed_in(*SENDERS)
    @blueprint.response(201)
    def post(self) -> Response:
        """Begin an upload; the answer's Location is where its bytes go."""
        _check_version()
        size = _number("Upload-Length")
        if size > MAX_SIZE:
            raise Problem(413, "file_too_large", params={"limit_bytes": MAX_SIZE})
        if size == 0:
            raise Problem(400, "file_empty")
        about = _metadata(request.headers.get("Upload-Metadata", ""))
        if not re.fullmatch(r"[0-9a-f]{64}", about.get("sha256", "")):
            raise Problem(400, "upload_metadata_missing", errors={"sha256": ["required"]})
        # Note: what it claims to be is only noted; the bytes decide, and the record says what it should be.
        media_type = about.get("media_type") or about.get("filetype", "")
        upload = uploads.begin(services(), actor().id, about["sha256"], media_type[:80], size)
        location = url_for("uploads.One", upload_id=upload.id)
        return Response(status=201, headers={"Location": location} | _expiry(upload))


@blueprint.route("/<upload_id>")
class One(MethodView):
    """An upload under way."""

    @signed_in()
    @blueprint.response(200)
    def head(self, upload_id: str) -> Response:
        """How much of it has arrived."""
        _check_version()
        upload = _own(upload_id)
        where = {"Upload-Offset": str(uploads.resume(services(), upload)), "Upload-Length": str(upload.size)}
        return Response(status=200, headers=where | _expiry(upload))

    @signed_in()
    @blueprint.response(204)
    def patch(self, upload_id: str) -> Response:
        """More of its bytes. What arrived before a cut is kept."""
        _check_version()
        if request.mimetype != "application/offset+octet-stream":
            raise Problem(415, "unsupported_media_type")
        upload, offset, checksum = _own(upload_id), _number("Upload-Offset"), _checksum()
        with _impatient():
            arrived = uploads.receive(services(), upload, offset, request.stream, checksum)
        return Response(status=204, headers={"Upload-Offset": str(arrived)} | _expiry(upload))

    @signed_in()
    @blueprint.response(204)
    def delete(self, upload_id: str) -> Response:
        """Give it up."""
        _check_version()
        uploads.discard(services(), _own(upload_id))
        return Response(status=204)

    @signed_in()
    @blueprint.response(204)
    def post(self, upload_id: str) -> Response:
        """PATCH or DELETE by `X-HTTP-Method-Override`, from behind a proxy that knows neither."""
        method = request.headers.get("X-HTTP-Method-Override", "").upper()
        if method not in ("PATCH", "DELETE"):
            raise Problem(405, "method_not_allowed", headers={"Allow": "DELETE, HEAD, OPTIONS, PATCH"})
        answer: Response = self.patch(upload_id) if method == "PATCH" else self.delete(upload_id)
        return answer


def _own(upload_id: str) -> Upload:
    return uploads.find(services(), actor().id, upload_id)


@contextmanager
def _impatient() -> Iterator[None]:
    """Read this request's body with an end to waiting, where the web server lets us at its socket."""
    socket = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if socket is None:
        yield
        return
    before = socket.gettimeout()
    socket.settimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.settimeout(before)


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Problem(412, "tus_version", headers={"Tus-Version": VERSION})


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Problem(400, "bad_header", params={"header": header})
    return int(text)


def _checksum() -> Checksum | None:
    given = request.headers.get("Upload-Checksum", "")
    if not given:
        return None
    algorithm, _, encoded = given.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise Problem(400, "checksum_unknown")
    return Checksum(algorithm, _decoded(encoded, "Upload-Checksum"))


def _metadata(header: str) -> dict[str, str]:
    pairs = (item.strip().partition(" ") for item in header.split(",") if item.strip())
    try:
        return {key: _decoded(value, "Upload-Metadata").decode() for key, _, value in pairs}
    except UnicodeDecodeError as error:
        raise Problem(400, "bad_header", params={"header": "Upload-Metadata"}) from error


def _decoded(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(400, "bad_header", params={"header": header}) from error


def _expiry(upload: Upload) -> dict[str, str]:
    when = datetime.fromisoformat(upload.expires_at).astimezone(UTC)
    return {"Upload-Expires": format_datetime(when, usegmt=True)}
