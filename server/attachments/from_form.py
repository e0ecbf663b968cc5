"""Photos that come with a form of a desk: they go the way of every upload."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable

from werkzeug.datastructures import FileStorage

from server.accounts.gate import actor
from server.attachments import uploads
from server.attachments.records import MAX_SIZE
from server.problems import Problem
from server.services import engine, services
from sync.errors import Refused


def keep_photos(files: Iterable[FileStorage]) -> list[str]:
    """Store the pictures of a form as the person's own. Gives their hashes.

    Raises Refused where one is no picture that can be shown.
    """
    return [_keep(file) for file in files if file.filename]


def _keep(file: FileStorage) -> str:
    data = file.stream.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise Refused("file_too_large", {"attachments": ["file_too_large"]})
    if not data:
        raise Refused("file_empty", {"attachments": ["file_empty"]})
    sha256 = hashlib.sha256(data).hexdigest()
    media_type = (file.mimetype or "application/octet-stream")[:80]
    about = {"sha256": sha256, "media_type": media_type, "size": len(data)}
    try:
        upload = uploads.begin(services(), actor().id, sha256, media_type, len(data))
        uploads.receive(services(), upload, 0, io.BytesIO(data), None)
    except Problem as problem:
        raise Refused(problem.code, {"attachments": [problem.code]}) from problem
    record = engine().write(actor(), lambda write: write.create("attachment", about))
    if record["status"] != "stored":
        raise Refused(record["reason"], {"attachments": [record["reason"]]})
    return sha256
