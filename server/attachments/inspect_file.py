"""Looking into a file that a stranger sent: what it really is, and whether it can be shown.

Runs as its own process (`python -m server.attachments.inspect_file PATH`), which prints one line of JSON.
"""

from __future__ import annotations

import base64
import json
import sys
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from server.attachments import sandbox
from server.attachments.documents import ofd_verdict, xml_verdict
from server.attachments.kinds import PICTURES, UNKNOWN, sniff
from server.attachments.picture import SMALL, fingerprint, small_webp

MAX_PIXELS = 50_000_000
_ENOUGH = (1024, 1024)  # a fingerprint needs no more, and a JPEG decoded smaller needs far less memory


@dataclass(frozen=True)
class Inspection:
    """What a file is. `verdict` is empty, or the code of what is wrong with it. `preview` is WebP in Base64."""

    media_type: str
    verdict: str = ""
    fingerprint: str = ""
    preview: str = ""


NOT_READ = "could_not_be_read"


def inspect(path: Path) -> Inspection:
    """Look into a file in a process of its own. A reader that crashes or never ends costs the file its trust, no more.

    Raises sandbox.NotNow where the machine had no time for it.
    """
    try:
        return Inspection(**json.loads(sandbox.run("server.attachments.inspect_file", path)))
    except sandbox.NotNow:
        raise
    except (sandbox.CouldNotBeRead, ValueError, TypeError):
        return Inspection(UNKNOWN, NOT_READ)


def look(path: Path) -> Inspection:
    """Look into a file in this process."""
    with path.open("rb") as file:
        media_type = sniff(file.read(1024))
    if media_type == UNKNOWN:
        return Inspection(media_type, "type_not_allowed")
    if media_type in PICTURES:
        return _look_at_picture(path, media_type)
    if media_type == "application/ofd":
        return Inspection(media_type, ofd_verdict(path))
    if media_type == "application/xml":
        return Inspection(media_type, xml_verdict(path.read_bytes()))
    return Inspection(media_type)


def open_picture(source: Path | BinaryIO, media_type: str) -> Image.Image:
    """A picture by the one reader for its type, not decoded yet."""
    if media_type == "image/heic":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1  # each further thread takes its own memory
        pillow_heif.register_heif_opener()
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    return Image.open(source, formats=[PICTURES[media_type]])


def _look_at_picture(path: Path, media_type: str) -> Inspection:
    try:
        with open_picture(path, media_type) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return Inspection(media_type, "picture_too_large")
            picture.draft("L", _ENOUGH)
            picture.load()
            mark = fingerprint(picture)
            return Inspection(media_type, "", mark, base64.b64encode(_preview(path, picture)).decode())
    except (Image.DecompressionBombError, MemoryError):
        return Inspection(media_type, "picture_too_large")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return Inspection(media_type, "picture_broken")


def _preview(path: Path, picture: Image.Image) -> bytes:
    """The preview of a sound picture; nothing where none can be made, which is no fault of the picture's."""
    try:
        if picture.format != "JPEG":
            return small_webp(picture)
        with open_picture(path, "image/jpeg") as coloured:  # it was opened in grey
            coloured.draft("RGB", SMALL)
            return small_webp(coloured)
    except (OSError, ValueError, SyntaxError, MemoryError):
        return b""


if __name__ == "__main__":
    sandbox.confine()
    print(json.dumps(asdict(look(Path(sys.argv[1])))))
