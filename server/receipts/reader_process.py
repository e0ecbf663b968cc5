"""A process that reads documents, one after the other, and can be lost without harm.

It has little memory, no environment and so no secret of the server, and can write no file. Who asks it waits only so
long; then it is ended, and the next document gets a new one. It lives long because loading the models takes a second.
Runs as `python -m server.receipts.reader_process`: a line of JSON in, a line of JSON out.
"""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from server.receipts.readers import Unreadable, read_by

MEMORY = 3 * 1024**3
"""Address space in bytes; models map a part of it that they never fill (measured: at most 1 GiB is in use)."""
SECONDS = 60.0
_ROOT = Path(__file__).parents[2]
_MOST_BYTES = 4 * 1024 * 1024
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}  # else each thread keeps freed memory of its own
_DOCUMENTS = 500
"""After so many documents a new process starts: what a library leaks does not add up."""


class ReaderProcess:
    """One reading process, started when it is first asked and again whenever it was lost."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds = seconds
        self.memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def __enter__(self) -> ReaderProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def ask(self, reader: str, path: Path, media_type: str) -> list[dict[str, Any]] | None:
        """The facts that a reader finds in a file, in wire form; None where it has nothing to do there.

        Raises Unreadable: with the reader's own code, or `could_not_be_read` where it crashed or took too long.
        """
        question = {"reader": reader, "path": str(path.absolute()), "media_type": media_type}
        answer = self._answer(json.dumps(question).encode() + b"\n")
        if answer is None:
            self.stop()
            raise Unreadable("could_not_be_read")
        self._asked += 1
        if self._asked >= _DOCUMENTS:
            self.stop()
        if answer.get("code"):
            raise Unreadable(str(answer["code"]))
        facts: list[dict[str, Any]] | None = answer.get("facts")
        return facts

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._asked = 0

    def _answer(self, question: bytes) -> dict[str, Any] | None:
        process = self._running()
        try:
            _pipe(process.stdin).write(question)
            _pipe(process.stdin).flush()
            line = _line(_pipe(process.stdout), time.monotonic() + self.seconds)
            answer = json.loads(line)
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "server.receipts.reader_process", str(self.memory)]
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env=_ENVIRONMENT,
            )
            self._asked = 0
        return self._process


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError("no pipe")
    return pipe


def _line(pipe: IO[bytes], deadline: float) -> bytes:
    """One line, waited for until the deadline. Raises OSError when the process ends, or says nothing in time."""
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(pipe.fileno(), 65536) if ready else b""
        if not chunk or len(line) > _MOST_BYTES:
            raise OSError("no answer")
        line += chunk
    return line


def _serve(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr  # what a library prints is no answer
    for line in sys.stdin.buffer:
        answers.write(json.dumps(_read(json.loads(line))).encode() + b"\n")
        answers.flush()


def _read(question: dict[str, str]) -> dict[str, Any]:
    try:
        data = Path(question["path"]).read_bytes()
        reading = read_by(question["reader"], data, question["media_type"])
    except Unreadable as unreadable:
        return {"code": unreadable.code}
    except MemoryError:
        return {"code": "could_not_be_read"}
    except Exception:
        return {"code": "could_not_be_read"}
    return {"facts": None if reading is None else [fact.to_wire() for fact in reading.facts]}


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _serve(int(sys.argv[1]))
