"""Servers that start at once: one process has loaded all the code, and forks a gunicorn for each start.

Loading takes over a second, and the tests of the browser start some hundred servers. What is forked is the whole
server: gunicorn with its worker, in a process group of its own that tests may kill.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
_PR_SET_CHILD_SUBREAPER = 36


def spawn(arguments: list[str], environment: dict[str, str]) -> int:
    """Start gunicorn in a session of its own. Gives its process group."""
    asked, answers = _loaded()
    asked.write(json.dumps({"arguments": arguments, "environment": dict(os.environ) | environment}) + "\n")
    asked.flush()
    return int(answers.readline())


@cache
def _loaded() -> tuple[IO[str], IO[str]]:
    command = [sys.executable, "-m", "tests.e2e.spawner"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    atexit.register(process.stdin.close)
    return process.stdin, process.stdout


def _serve() -> None:
    from gunicorn.app import wsgiapp

    import server.app  # noqa: F401 (loaded once for all)

    # Whoever ends is gone at once, also a worker whose gunicorn was killed.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the tests' own end closes the line
    for line in sys.stdin:
        child = os.fork()
        if child:
            print(child, flush=True)
            continue
        _become(json.loads(line), wsgiapp)


def _become(order: dict[str, Any], wsgiapp: Any) -> None:
    os.setsid()
    for each in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["gunicorn", *order["arguments"]]
    wsgiapp.run()
    os._exit(0)


if __name__ == "__main__":
    _serve()
