"""The server's clock jumps back and forth (D9 of our bar): nothing is lost, nothing refused, the order stays."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import devices
from tests.faults.conftest import MakeServer
from tests.faults.whole_server import WholeServer


@pytest.mark.long
def test_a_clock_that_jumps_by_days_loses_and_refuses_nothing(new_server: MakeServer, seed: int) -> None:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    assert library, "install libfaketime to run this test"
    server = new_server(WholeServer)
    server.start()
    crowd = devices.crowd(server, seed, count=3)
    devices.start(crowd)
    for shift in ("-3d", "+0", "+3d", "-30d", "+0"):
        time.sleep(1)
        server.kill()
        server.more = {"LD_PRELOAD": str(library), "FAKETIME": shift}
        server.start()
    time.sleep(1)
    devices.finish(crowd)
    assert devices.check(server, crowd) > 30
    assert [device.refusals for device in crowd if device.refusals] == []
