"""Where the bytes of attachments lie: each file under its own hash, written so that a power cut loses none."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_MOST_TRIES = 3
"""How often a file is tried for which there was no time."""


class FileStore:
    """Content-addressed files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.parts = root / "parts"
        self.views = root / "views"
        self.previews = root / "previews"
        self.parts.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a file lies, or would lie."""
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the bytes are here."""
        return self.path(sha256).is_file()

    def part(self, upload_id: str) -> Path:
        """Where an upload under way is collected."""
        return self.parts / upload_id

    def keep(self, part: Path, sha256: str) -> None:
        """Move a whole and synced part to its place. Returns only when a power cut could not undo it."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(part, target)
        for folder in (target.parent, self.root, part.parent):
            sync_folder(folder)

    def view(self, sha256: str, page: int = 1) -> Path:
        """Where the shown form of a picture, or of a page, lies or would lie. It can be made again at any time."""
        return self.views / sha256[:2] / (f"{sha256}.jpg" if page == 1 else f"{sha256}-{page}.jpg")

    def keep_view(self, sha256: str, data: bytes, page: int = 1) -> None:
        """Put the shown form of a picture in its place, whole or not at all."""
        self._put(self.view(sha256, page), data)

    def preview(self, sha256: str) -> bytes | None:
        """The preview of a file, empty where it has none; None where none was made yet."""
        try:
            return self._preview(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def keep_preview(self, sha256: str, data: bytes) -> None:
        """Put the preview of a file in its place, whole or not at all. It can be made again at any time."""
        self._put(self._preview(sha256), data)
        self._tries(sha256).unlink(missing_ok=True)

    def tries(self, sha256: str) -> tuple[int, float]:
        """How often there was no time to read a file, and when it was last tried, by the clock of the disk."""
        try:
            with self._tries(sha256).open("rb") as file:
                return int(file.read()), os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return 0, 0.0

    def may_try_again(self, sha256: str) -> bool:
        """Note that once more there was no time. Whether it is worth another try."""
        tries = self.tries(sha256)[0] + 1
        self._put(self._tries(sha256), b"%d" % tries)
        return tries < _MOST_TRIES

    def names(self) -> Iterator[str]:
        """The hashes of all files that are here, in order."""
        for path in sorted(self.root.glob("??/*")):
            yield path.name

    def is_whole(self, sha256: str) -> bool:
        """Whether the bytes still have the hash that they are named by."""
        return self.has(sha256) and hash_of(self.path(sha256)) == sha256

    def _preview(self, sha256: str) -> Path:
        return self.previews / sha256[:2] / f"{sha256}.webp"

    def _tries(self, sha256: str) -> Path:
        return self._preview(sha256).with_suffix(".tries")

    def _put(self, target: Path, data: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=self.parts)
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(part, target)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
