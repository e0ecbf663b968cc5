"""Previews of pictures and of the first page of a PDF: so small that a phone brings hundreds over a slow network.

Made once: with a picture's inspection when its bytes arrive, else in a process of its own when it is first asked for
(`python -m server.attachments.preview PATH`, which prints the WebP).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore

from server.attachments import sandbox
from server.attachments.inspect_file import open_picture
from server.attachments.kinds import PICTURES, sniff
from server.attachments.picture import SMALL, small_webp
from server.attachments.store import FileStore
from server.attachments.view import page_of

MAKING_SECONDS = 1.5
"""How long a request goes on making what is not there yet."""
PAUSE_SECONDS = 600
"""How long a file rests for which there was no time."""
_ONE_MAKES = BoundedSemaphore(1)


@dataclass
class Previews:
    """Previews by the hash of their file, empty for a file that has none; and the files to be asked for again."""

    ready: dict[str, bytes] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)


def previews_of(files: FileStore, wanted: Iterable[tuple[str, str]]) -> Previews:
    """The previews of files, each given as its hash and media type. What is missing is made, a few at a time."""
    found = Previews()
    for sha256, media_type in wanted:
        preview = files.preview(sha256)
        if preview is not None or not _has_preview(media_type):
            found.ready[sha256] = preview or b""
        else:
            found.later.append(sha256)
    # Note: while one request makes some, others take what is there; so previews never fill the sandbox.
    if found.later and _ONE_MAKES.acquire(blocking=False):
        try:
            _make(files, found)
        finally:
            _ONE_MAKES.release()
    return found


def draw(path: Path) -> bytes:
    """The preview of a file that was found sound before; nothing where it shows nothing."""
    with path.open("rb") as file:
        media_type = sniff(file.read(1024))
    if media_type == "application/pdf":
        page = page_of(path, 1, max(SMALL))
        return small_webp(page) if page else b""
    with open_picture(path, media_type) as picture:
        picture.draft("RGB", SMALL)
        return small_webp(picture)


def _has_preview(media_type: str) -> bool:
    return media_type in PICTURES or media_type == "application/pdf"


def _make(files: FileStore, found: Previews) -> None:
    until = time.monotonic() + MAKING_SECONDS
    rest: list[str] = []
    while found.later and time.monotonic() < until:
        sha256 = found.later.pop(0)
        preview = None if _rests(files, sha256) else _made(files, sha256)
        if preview is None:
            rest.append(sha256)
        else:
            files.keep_preview(sha256, preview)
            found.ready[sha256] = preview
    found.later += rest


def _rests(files: FileStore, sha256: str) -> bool:
    tries, last = files.tries(sha256)
    return tries > 0 and time.time() - last < PAUSE_SECONDS


def _made(files: FileStore, sha256: str) -> bytes | None:
    """The preview; None where it is to be tried again."""
    try:
        return sandbox.run("server.attachments.preview", files.path(sha256))
    except sandbox.NotNow:
        return None if files.may_try_again(sha256) else b""
    except sandbox.CouldNotBeRead:
        return b""  # kept as well: a file that breaks its reader is not read at every request


if __name__ == "__main__":
    sandbox.confine()
    sys.stdout.buffer.write(draw(Path(sys.argv[1])))
