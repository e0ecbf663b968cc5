"""A picture as every browser shows it: upright, at most 1600 pixels wide, JPEG, without what the camera noted.

Made in a process of its own (`python -m server.attachments.view PATH`), which prints the JPEG.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import ImageOps

from server.attachments import sandbox
from server.attachments.inspect_file import open_picture
from server.attachments.kinds import sniff
from server.attachments.store import FileStore

_SIDE = 1600
_PAPER = (255, 255, 255)


def view_of(files: FileStore, sha256: str) -> Path:
    """The file of the shown picture; made when it is first asked for. Raises sandbox.CouldNotBeRead."""
    path = files.view(sha256)
    if not path.is_file():
        files.keep_view(sha256, sandbox.run("server.attachments.view", files.path(sha256)))
    return path


def draw(path: Path) -> bytes:
    """The JPEG of a picture that was found whole before."""
    with path.open("rb") as file:
        media_type = sniff(file.read(1024))
    shown = io.BytesIO()
    with open_picture(path, media_type) as picture:
        picture.draft("RGB", (_SIDE, _SIDE))
        picture.thumbnail((_SIDE, _SIDE))
        upright = ImageOps.exif_transpose(picture)
        if upright.has_transparency_data:  # a signature is dark ink on nothing
            layer = upright.convert("RGBA")
            upright = layer.copy()
            upright.paste(_PAPER, (0, 0, *layer.size))
            upright.alpha_composite(layer)
        upright.convert("RGB").save(shown, "JPEG", quality=82)
    return shown.getvalue()


if __name__ == "__main__":
    sandbox.confine()
    sys.stdout.buffer.write(draw(Path(sys.argv[1])))
