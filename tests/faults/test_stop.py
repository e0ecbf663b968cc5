"""The server is told to end while it is at work (O1 of our bar): what it answered is kept, and it ends in time."""

from __future__ import annotations

import os
import signal
import time
from random import Random

import pytest

from tests.e2e.running import RunningServer
from tests.faults import devices
from tests.faults.conftest import MakeServer
from tests.faults.whole_server import WholeServer


def test_a_server_that_is_told_to_end_under_load_loses_no_answer(new_server: MakeServer, seed: int) -> None:
    stop_again_and_again(new_server(), seed, times=3)


@pytest.mark.long
def test_a_server_told_to_end_50_times_loses_no_answer(new_server: MakeServer, seed: int) -> None:
    stop_again_and_again(new_server(WholeServer, is_served=True), seed, times=50)


def stop_again_and_again(server: RunningServer, seed: int, times: int) -> None:
    random = Random(seed)
    server.start()
    crowd = devices.crowd(server, seed)
    devices.start(crowd)
    slowest = 0.0
    for _ in range(times):
        time.sleep(random.uniform(0.1, 0.5))
        began = time.monotonic()
        os.kill(server.group, signal.SIGTERM)
        server.wait(seconds=20)
        slowest = max(slowest, time.monotonic() - began)
        server.start()
    devices.finish(crowd)
    print(f"{times} ends, the slowest took {slowest:.1f} s")
    assert devices.check(server, crowd) > times
    assert slowest <= 10
