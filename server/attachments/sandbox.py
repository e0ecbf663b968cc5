"""A process with little memory and time for reading what a stranger sent: a file made to break its reader breaks
nothing else. It gets no environment, so no secret of the server, and can write no file.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

CPU_SECONDS = 10
_SECONDS = 20  # on a busy machine; the processor's time is what a file can be blamed for
_MEMORY = 640 * 1024 * 1024  # a photo of 48 megapixels in HEIC takes 480
_AT_ONCE = BoundedSemaphore(2)
_ROOT = Path(__file__).parents[2]


class CouldNotBeRead(Exception):
    """The reader crashed, took too long or wanted too much."""


class NotNow(CouldNotBeRead):
    """The machine had no time or no room for it; the file is not to blame."""


def run(module: str, path: Path, *arguments: str) -> bytes:
    """What `python -m MODULE PATH ARGUMENTS` prints. Raises CouldNotBeRead, of which NotNow may be tried again."""
    command = [sys.executable, "-m", module, str(path.absolute()), *arguments]
    with _AT_ONCE:
        try:
            done = subprocess.run(  # noqa: S603 (our own module)
                command, capture_output=True, timeout=_SECONDS, check=True, cwd=_ROOT, env={}
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise NotNow(str(error)) from error
        except subprocess.SubprocessError as error:
            raise CouldNotBeRead(str(error)) from error
    return done.stdout


def confine() -> None:
    """Give up what this process does not need; called in it before it opens anything."""
    for what, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
