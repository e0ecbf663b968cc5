"""A picture, or a page of a PDF, as every browser shows it: upright, at most 1600 pixels wide, JPEG, without what the
camera noted.

Made in a process of its own (`python -m server.attachments.view PATH PAGE`), which prints the JPEG.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from server.attachments import sandbox
from server.attachments.inspect_file import open_picture
from server.attachments.kinds import MAX_PAGES, sniff
from server.attachments.picture import on_paper
from server.attachments.store import FileStore

_SIDE = 1600
_SPARE = 6


def view_of(files: FileStore, sha256: str, page: int = 1) -> Path:
    """The file of the shown picture, or of a page; made when it is first asked for. Raises sandbox.CouldNotBeRead.

    A page that the document does not have is an empty file.
    """
    path = files.view(sha256, page)
    if not path.is_file():
        files.keep_view(sha256, sandbox.run("server.attachments.view", files.path(sha256), str(page)), page)
    return path


def pages_of(files: FileStore, sha256: str, media_type: str) -> Iterator[Path]:
    """The shown pages of a file in their order: a picture has one, a PDF at most MAX_PAGES. Raises CouldNotBeRead."""
    for page in range(1, (MAX_PAGES if media_type == "application/pdf" else 1) + 1):
        path = view_of(files, sha256, page)
        if not path.stat().st_size:
            return
        yield path


def cut(view: Path, box: tuple[float, float, float, float]) -> bytes:
    """A part of a shown picture as JPEG, with a little around it. `box` is left, top, right, bottom in fractions."""
    part = io.BytesIO()
    with Image.open(view, formats=["JPEG"]) as picture:
        width, height = picture.size
        left, top, right, bottom = box[0] * width, box[1] * height, box[2] * width, box[3] * height
        spare = max(_SPARE, 0.4 * (bottom - top))
        sides = (max(0, left - spare), max(0, top - spare), min(width, right + spare), min(height, bottom + spare))
        picture.crop(sides).save(part, "JPEG", quality=85)
    return part.getvalue()


def draw(path: Path, page: int = 1) -> bytes:
    """The JPEG of a file that was found sound before; nothing where it has no such page."""
    with path.open("rb") as file:
        media_type = sniff(file.read(1024))
    shown = io.BytesIO()
    if media_type == "application/pdf":
        picture = page_of(path, page, _SIDE)
        if picture is not None:
            picture.convert("RGB").save(shown, "JPEG", quality=85)
        return shown.getvalue()
    with open_picture(path, media_type) as picture:
        picture.draft("RGB", (_SIDE, _SIDE))
        picture.thumbnail((_SIDE, _SIDE))
        on_paper(picture).save(shown, "JPEG", quality=82)
    return shown.getvalue()


def page_of(path: Path, number: int, side: int) -> Image.Image | None:
    """A page of a PDF, drawn so that its longer side has that many pixels; None where there is no such page."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path)
    if number > len(document):
        return None
    page = document[number - 1]
    picture: Image.Image = page.render(scale=side / max(page.get_size())).to_pil()
    return picture


if __name__ == "__main__":
    sandbox.confine()
    sys.stdout.buffer.write(draw(Path(sys.argv[1]), int(sys.argv[2])))
