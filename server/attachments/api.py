"""Reading attachments: only for those who may see a record of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from flask import Response, request, send_file
from flask.views import MethodView
from sqlalchemy import select

from server.accounts.gate import actor, signed_in, signed_in_or_page
from server.attachments import sandbox
from server.attachments.preview import previews_of
from server.attachments.records import stored_files
from server.attachments.view import cut, view_of
from server.calls import CallBlueprint, answer
from server.problems import Problem
from server.services import Services, engine, services
from sync.actor import Actor
from sync.transaction import Transaction

_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})
blueprint = CallBlueprint("attachments", __name__, url_prefix="/api/attachments", description="Photos and documents")
MAX_PREVIEWS = 50


class PreviewsSchema(ma.Schema):
    """The files whose previews are wanted, by their hashes."""

    sha256s = ma.fields.List(
        ma.fields.String(validate=ma.validate.Regexp(r"^[0-9a-f]{64}\Z")),
        required=True,
        validate=ma.validate.Length(max=MAX_PREVIEWS),
    )


class PreviewSchema(ma.Schema):
    """A preview: a WebP of at most 200 by 200 pixels in Base64. Empty for a file that shows nothing."""

    sha256 = ma.fields.String(required=True)
    webp = ma.fields.String(required=True)


class PreviewsAnswerSchema(ma.Schema):
    """The previews that are there, in no order. Those in `later` are being made, and are to be asked for again.

    Of a file that is not there, or not the person's to see, nothing is said.
    """

    previews = ma.fields.List(ma.fields.Nested(PreviewSchema), required=True)
    later = ma.fields.List(ma.fields.String(), required=True)


@blueprint.route("/previews")
class PreviewsCall(MethodView):
    """Many small pictures at once."""

    @signed_in()
    @blueprint.arguments(PreviewsSchema)
    @blueprint.response(200, PreviewsAnswerSchema)
    def post(self, body: dict[str, Any]) -> Response:
        """The previews of files in the person's scope."""
        with engine().database.read() as connection:
            wanted = _readable(Transaction(engine(), connection, actor()), body["sha256s"])
        found = previews_of(services().files, wanted.items())
        previews = [{"sha256": sha256, "webp": base64.b64encode(webp).decode()} for sha256, webp in found.ready.items()]
        return answer({"previews": previews, "later": found.later})


@blueprint.route("/<sha256>")
@signed_in_or_page()
@blueprint.response(200)
def read(sha256: str) -> Response:
    """The bytes of an attachment; with `?view=1` a picture that every browser shows, at most 1600 pixels wide.

    `&box=left,top,right,bottom` in fractions shows that part of it only.
    """
    with engine().database.read() as connection:
        media_type = readable(Transaction(engine(), connection, actor()), sha256)
    if media_type is None:
        raise Problem(404, "not_found")
    if request.args.get("view") and (media_type.startswith("image/") or media_type == "application/pdf"):
        response = _view(sha256)
    else:
        is_file = media_type not in _SHOWN
        name = _name(sha256, media_type)
        path = services().files.path(sha256)
        response = send_file(path, media_type, as_attachment=is_file, download_name=name, etag=sha256)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def readable(read: Transaction, sha256: str) -> str | None:
    """The media type of a file that the actor may read, else None. A file in quarantine is read by nobody."""
    return _readable(read, [sha256]).get(sha256) if re.fullmatch(r"[0-9a-f]{64}", sha256) else None


def missing_files(of: Services, owner: Actor, sha256s: Sequence[str]) -> list[str]:
    """Those of the files whose bytes this person has not brought here."""
    files = stored_files
    with of.engine.database.read() as connection:
        query = select(files.c.sha256).where(files.c.owner_id == owner.id, files.c.sha256.in_(sha256s))
        here = set(connection.execute(query).scalars())
    return [sha256 for sha256 in sha256s if sha256 not in here or not of.files.has(sha256)]


def _readable(read: Transaction, sha256s: Sequence[str]) -> dict[str, str]:
    """The media types of those of the files that the actor may read, in the order in which they were asked for."""
    records = read.find_any("attachment", "sha256", sha256s)
    seen = {each["sha256"] for each in records if each["status"] == "stored" and read.sees("attachment", each)}
    files = stored_files
    query = select(files.c.sha256, files.c.media_type).where(files.c.sha256.in_(sorted(seen)), files.c.verdict == "")
    types = {row.sha256: row.media_type for row in read.connection.execute(query)}
    return {sha256: types[sha256] for sha256 in sha256s if sha256 in types and services().files.has(sha256)}


def _view(sha256: str) -> Response:
    box = _box(request.args.get("box", ""))
    try:
        view = view_of(services().files, sha256)
    except sandbox.CouldNotBeRead as error:
        raise Problem(422, "could_not_be_read") from error
    if box is None:
        return send_file(view, "image/jpeg", etag=f"{sha256}-view")
    return Response(cut(view, box), mimetype="image/jpeg")


def _box(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    if not re.fullmatch(r"[01](?:\.[0-9]{1,6})?(?:,[01](?:\.[0-9]{1,6})?){3}", text):
        raise Problem(400, "bad_request")
    left, top, right, bottom = (min(1.0, float(side)) for side in text.split(","))
    if left >= right or top >= bottom:
        raise Problem(400, "bad_request")
    return left, top, right, bottom


def _name(sha256: str, media_type: str) -> str:
    endings = {
        "application/pdf": "pdf",
        "application/ofd": "ofd",
        "application/xml": "xml",
        "image/heic": "heic",
    }
    return f"{sha256[:12]}.{endings.get(media_type, media_type.rpartition('/')[2])}"
