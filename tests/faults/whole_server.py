"""The server as a company runs it: processes of its own from the first instruction, not forked from the tests'."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

import requests

from tests.e2e.running import RunningServer, is_alive
from tests.e2e.spawner import ROOT


@dataclass
class WholeServer(RunningServer):
    """A server under a wrapper (`strace …`) or with more in its environment where a test wants that."""

    wrapper: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    is_served: bool = False
    """Started by `fieldclaim serve`, as an operator does, and not by gunicorn's own command."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.more

    def launch(self) -> int:
        program = ["server.cli", "serve"] if self.is_served else ["gunicorn", *self.arguments]
        command = [*self.wrapper, sys.executable, "-m", *program]
        environment = dict(os.environ) | self.environment
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        return self.process.pid

    def wait(self, seconds: float = 10) -> None:
        if self.process:
            self.process.wait(seconds)
        super().wait(seconds)


def seconds_until_ready(server: RunningServer) -> float:
    """Start it, and measure until it says that it can work."""
    began = time.monotonic()
    server.group = server.launch()
    said = "nothing"
    while time.monotonic() < began + 60:
        try:
            answer = requests.get(f"{server.address}/readyz", timeout=5)
            if answer.ok:
                return time.monotonic() - began
            said = answer.text
        except requests.RequestException as error:
            said = repr(error)
        time.sleep(0.01)
    raise TimeoutError(f"the server is never ready; it runs: {is_alive(server.group)}; at last: {said}")
