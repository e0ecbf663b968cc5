"""Two processes of the server on one database: one order without gaps, no lost write, no change applied twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from tests.faults import devices
from tests.faults.conftest import MakeServer
from tests.faults.devices import Device

Seen = list[str]


def test_two_processes_on_one_database_work_as_one(new_server: MakeServer, seed: int) -> None:
    first, second = new_server(), new_server()
    first.start()
    second.start()
    crowd = devices.crowd(first, seed)
    for device in crowd[::2]:
        device.port = second.port
    ends = Event()
    with ThreadPoolExecutor(2) as readers:
        read = [readers.submit(follow, reader_of(crowd[0], port), ends) for port in (first.port, second.port)]
        devices.start(crowd)
        time.sleep(4)
        devices.finish(crowd)
        ends.set()
        seen = [each.result(60) for each in read]
    assert devices.check(first, crowd) > 20
    assert [device.refusals for device in crowd if device.refusals] == []
    mine = {item["id"] for item in first.find("receipt", technician_id=first.find("user", username="anna")[0]["id"])}
    assert [set(ids) for ids in seen] == [mine, mine], "a reader went past a change before it was there"


def test_the_same_push_to_two_processes_at_once_is_applied_once(new_server: MakeServer, seed: int) -> None:
    first, second = new_server(), new_server()
    first.start()
    second.start()
    device = devices.crowd(first, seed, count=1)[0]
    twin = reader_of(device, second.port)
    with ThreadPoolExecutor(2) as both:
        for _ in range(10):
            changes = device.next_changes()
            pushes = [both.submit(each.push, changes) for each in (device, twin)]
            answers = [push.result().body["verdicts"] for push in pushes]
            statuses = [{verdict["status"] for verdict in verdicts} for verdicts in answers]
            assert sorted(statuses, key=sorted) == [{"applied"}, {"duplicate"}]
            assert len({tuple(verdict["seq"] for verdict in verdicts) for verdicts in answers}) == 1
            device.push_once(changes)
    devices.check(first, [device])


def reader_of(device: Device, port: int) -> Device:
    """The same phone, asking by another door."""
    return Device(port, device.username, device.trip_id, device.seed, id=device.id, token=device.token)


def follow(reader: Device, ends: Event) -> Seen:
    """Pull what is new, again and again, to the end. Gives the receipts that came."""
    cursor, seen = "", []
    while True:
        is_last = ends.is_set()
        page: dict[str, Any] = reader.ask("GET", f"/api/sync/pull?limit=50{cursor}").body
        seen += [item["id"] for item in page["changes"] if item["entity"] == "receipt"]
        cursor = f"&cursor={page['cursor']}"
        if is_last and not page["more"]:
            return seen
