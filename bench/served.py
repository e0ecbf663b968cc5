"""A server in a process of its own, on a database of its own, and phones that talk to it over the loopback."""

from __future__ import annotations

import gc
import gzip
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

from server import serving
from server.accounts import sessions, tokens
from server.app import create_app
from server.config import from_environment
from server.schema import upgrade
from server.services import Services, build
from sync.actor import SYSTEM, Actor
from sync.change import Record, new_id
from tests.server.world import World

SECRET = "b" * 40


@dataclass
class Served:
    """A running server. `services` reaches the same database beside it."""

    port: int
    app: Flask
    services: Services
    world: World
    process: subprocess.Popen[bytes]

    def memory_mib(self) -> float:
        """The resident memory of the server's processes, in MiB."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = [line for child in children for line in Path(f"/proc/{child}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    def trip(self, technician: Actor) -> Record:
        """A trip of that person with one work order."""
        trip = self.world.trip(technician)
        site_id = trip["stops"][0]["site_id"]
        about = {"number": f"WO-{new_id()[-12:]}", "site_id": site_id, "technician_id": technician.id}
        about |= {"customer_id": self.world.now("site", site_id)["customer_id"], "problem": "Leaks"}
        order = self.world.create(self.world.dispatcher, "work_order", **about)
        return trip | {"work_order_ids": [order["id"]]}

    def phone(self, user_id: str) -> Phone:
        """A phone on which the person has signed in, with a connection that stays open."""
        services = self.services
        about = {"user_id": user_id, "name": "bench"}
        device = services.engine.write(SYSTEM, lambda write: write.create("device", about))
        services.engine.write(SYSTEM, lambda write: tokens.begin(write, device["id"], is_proved=False))
        user = self.world.now("user", user_id)
        with self.app.app_context():
            return Phone(self.port, device["id"], sessions.access_token(user, device))


@dataclass
class Phone:
    """A phone that sends what was made ready before, so that the making is not measured."""

    port: int
    device_id: str
    token: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ready(self, changes: list[Record]) -> bytes:
        """The body of a push."""
        return orjson.dumps({"device_id": self.device_id, "epoch": "", "changes": changes})

    def push(self, body: bytes) -> list[Record]:
        """Send a push. Gives the verdicts."""
        headers = {"Content-Type": "application/json"}
        return list(orjson.loads(self._ask("POST", "/api/sync/push", body, headers))["verdicts"])

    def pull(self, cursor: str = "", limit: int = 1000) -> tuple[Record, int]:
        """One page, and how many bytes came over the wire."""
        packed = self._ask("GET", f"/api/sync/pull?limit={limit}&cursor={cursor}", None, {"Accept-Encoding": "gzip"})
        is_packed = packed[:2] == b"\x1f\x8b"
        return dict(orjson.loads(gzip.decompress(packed) if is_packed else packed)), len(packed)

    def pull_all(self, cursor: str = "") -> tuple[int, int, str]:
        """Everything behind the cursor: how many records, how many bytes, and the cursor after them."""
        records = size = 0
        while True:
            page, bytes_ = self.pull(cursor)
            records, size, cursor = records + len(page["changes"]), size + bytes_, page["cursor"]
            if not page["more"]:
                return records, size, cursor

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        self.connection.request(method, path, body, {"Authorization": f"Bearer {self.token}"} | headers)
        answer = self.connection.getresponse()
        data = answer.read()
        assert answer.status == 200, data
        return data


@contextmanager
def served(folder: Path, url: str, *, workers: int = 1) -> Iterator[Served]:
    """Start a server on a new database; it is ended afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {"FIELDCLAIM_DATA": str(folder), "FIELDCLAIM_DATABASE_URL": url, "FIELDCLAIM_SECRET_KEY": SECRET}
    config = from_environment(environment)
    services = build(config)
    upgrade(services.engine.database)
    port = _free_port()
    process = _start(port, workers, os.environ | environment)
    try:
        _wait(port)
        # Note: the phones live in a process that has loaded the whole server; looking through that for garbage is
        # no work of the server, and took a third of a full pull.
        gc.freeze()
        yield Served(port, create_app(config), services, World(services.engine), process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        services.engine.database.engine.dispose()


def _start(port: int, workers: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    config = replace(from_environment(environment), port=port, workers=workers)
    command = [sys.executable, "-m", "gunicorn", "--log-level", "warning", *serving.arguments(config)]
    return subprocess.Popen(command, env=environment, start_new_session=True)


def _wait(port: int) -> None:
    for _ in range(600):
        with suppress(OSError):
            connection: Any = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        time.sleep(0.1)
    raise TimeoutError("the server does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def report(trip: Record) -> dict[str, Any]:
    """A service report as a phone sends it: about 600 bytes of fields."""
    fields = {
        "trip_id": trip["id"],
        "work_order_id": trip["work_order_ids"][0],
        "fault_cause": "The mechanical seal of the second stage is worn; the coupling was out of line by 0.4 mm.",
        "remedy": "Seal and both bearings replaced, coupling aligned by laser to 0.02 mm, two hours of trial run.",
        "parts_replaced": [
            {"name": "Mechanical seal 45 mm", "quantity": 1, "serial": new_id()[-12:]},
            {"name": "Bearing 6310", "quantity": 2, "serial": ""},
        ],
        "customer_opinion": "Quick and clean work. Please send the new maintenance plan by mail.",
        "status": "draft",
    }
    change = {"change_id": new_id(), "entity": "service_report", "record_id": new_id(), "op": "create"}
    return change | {"fields": fields, "made_at": "2026-11-10T08:00:00Z"}


def receipt(trip: Record, day: str) -> dict[str, Any]:
    """A receipt as a phone sends it; the server judges it against all others."""
    number = f"26332{int(new_id().replace('-', '')[-12:], 16) % 10**15:015}"
    fields = {
        "trip_id": trip["id"],
        "category": "meal",
        "amount_minor": 2000 + int(new_id()[-6:], 16) % 20000,
        "issued_on": day,
        "seller_name": "Noodle shop by the lake",
        "seller_tax_id": "91330100799655058B",
        "fapiao_number": number,
        "qr_text": f"01,32,,{number},128.50,{day.replace('-', '')},,74AE,",
    }
    change = {"change_id": new_id(), "entity": "receipt", "record_id": new_id(), "op": "create"}
    return change | {"fields": fields, "made_at": "2026-11-10T08:00:00Z"}
