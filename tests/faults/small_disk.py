"""A disk of a few megabytes that fills up, by the first means that this machine permits."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")
_SMALL_ENOUGH = 256 * 2**20


class NoSmallDisk(Exception):
    """Neither a file system may be mounted here nor is there a small one to fill."""


@dataclass
class SmallDisk:
    """A folder on such a disk. `means` says how it was made."""

    folder: Path
    means: str
    filler: Path | None = None

    def make_room(self) -> None:
        """As an operator would, while everything runs."""
        if self.filler:
            self.filler.unlink()
        else:
            _run("mount", "-o", "remount,size=60m", str(self.folder))


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """A tmpfs of our own where mounting is permitted, else what is left of a small /dev/shm. Raises NoSmallDisk."""
    folder = Path(tempfile.mkdtemp(prefix="fieldclaim-disk-"))
    if _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "fieldclaim", str(folder)):
        try:
            yield SmallDisk(folder, "a tmpfs of its own")
        finally:
            _run("umount", "--lazy", str(folder))
            folder.rmdir()
        return
    folder.rmdir()
    room = os.statvfs(_SHARED_MEMORY)
    left = room.f_bavail * room.f_frsize - megabytes * 2**20
    if not 0 < left <= _SMALL_ENOUGH:
        raise NoSmallDisk("mount a tmpfs as root, or run with a /dev/shm of at most 256 MB")
    folder = Path(tempfile.mkdtemp(prefix="fieldclaim-disk-", dir=_SHARED_MEMORY))
    try:
        filler = folder / "filler"
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, left)
        yield SmallDisk(folder, "/dev/shm, filled", filler)
    finally:
        shutil.rmtree(folder)


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
