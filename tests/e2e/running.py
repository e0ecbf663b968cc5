"""A real server in a process of its own, that tests stop, kill and start again on the same port and data."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server import serving
from server.config import from_environment
from server.schema import upgrade
from server.services import Services, build
from sync.actor import SYSTEM, Actor
from sync.change import Record, new_id
from sync.engine import Engine
from sync.transaction import Transaction
from tests.e2e.spawner import spawn
from tests.server.passwords import give
from tests.server.template import NAME, copy_template
from tests.server.world import World


def _new_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningServer:
    """A server on a data folder. `services` reaches the same database beside it."""

    folder: Path
    database_url: str = ""
    port: int = field(default_factory=_new_port)
    workers: int = 1
    group: int = 0
    """The server's process group while it runs."""
    client: Path | None = None
    second_factor: str = "none"
    host: str = "127.0.0.1"
    """How browsers call it."""

    def __post_init__(self) -> None:
        config = from_environment(self.environment)
        if not self.database_url and not (self.folder / NAME).exists():
            copy_template(self.folder)
        self.services: Services = build(config)
        upgrade(self.services.engine.database)

    @property
    def environment(self) -> dict[str, str]:
        url = {"FIELDCLAIM_DATABASE_URL": self.database_url} if self.database_url else {}
        company = {"FIELDCLAIM_COMPANY_NAME": "Northern Pumps Co.", "FIELDCLAIM_COMPANY_TAX_ID": "91110000802100433B"}
        company |= {"FIELDCLAIM_CLIENT": str(self.client)} if self.client else {}
        company |= {"FIELDCLAIM_SMTP_URL": "smtp://127.0.0.1:9", "FIELDCLAIM_MAIL_FROM": "no-reply@example.com"}
        company |= {"FIELDCLAIM_ADDRESS": self.address}
        here = {"FIELDCLAIM_DATA": str(self.folder), "FIELDCLAIM_PORT": str(self.port)}
        here |= {"FIELDCLAIM_PUSH_LOOPBACK": "yes"}
        here |= {"FIELDCLAIM_SECOND_FACTOR": self.second_factor}
        return here | {"FIELDCLAIM_SECRET_KEY": "s" * 40, "FIELDCLAIM_WORKERS": str(self.workers)} | url | company

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def engine(self) -> Engine:
        return self.services.engine

    def start(self) -> None:
        self.group = self.launch()
        for _ in range(400):
            with suppress(OSError):
                urllib.request.urlopen(f"{self.address}/healthz", timeout=10)
                return
            time.sleep(0.025)
        raise TimeoutError("the server does not answer")

    def launch(self) -> int:
        """Start the processes. Gives their group."""
        return spawn(self.arguments, self.environment)

    @property
    def arguments(self) -> list[str]:
        """What gunicorn is called with."""
        return ["--log-level", "warning", *serving.arguments(self.services.config)]

    def kill(self) -> None:
        """As a power cut would: the whole process group, at once."""
        if self.group:
            with suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)
            self.wait()

    def wait(self, seconds: float = 10) -> None:
        """Wait until every process of the server is gone."""
        until = time.monotonic() + seconds
        while _living(self.group):
            assert time.monotonic() < until, "the server does not end"
            time.sleep(0.01)
        self.group = 0

    def people(self) -> World:
        """The company's people, each with the tests' password; they read English."""
        world = World(self.engine)
        for name, role in (
            ("anna", "technician"),
            ("bo", "technician"),
            ("wen", "warehouse"),
            ("fei", "finance"),
            ("pia", "finance"),
            ("dan", "dispatcher"),
            ("ming", "manager"),
            ("ada", "admin"),
        ):
            person = world.person(name, role)
            world.update(person, "user", world.now("user", person.id), language="en")
        with self.engine.database.write() as connection:
            give(connection, *(person.id for person in world.people.values()))
        return world

    def people_known(self) -> World:
        """The people who are there already."""
        world = World(self.engine)
        for user in self.find("user"):
            world.people[user["username"]] = Actor(user["id"], frozenset({user["role"]}), new_id())
        return world

    def find(self, entity: str, **equals: Any) -> list[Record]:
        """Records as the server holds them now."""
        with self.engine.database.read() as connection:
            return Transaction(self.engine, connection, SYSTEM).find(entity, **equals)


def is_alive(group: int) -> bool:
    return bool(_living(group))


def _living(group: int) -> list[int]:
    """The processes of a group that have not ended; one that only waits to be buried has."""
    living = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, of = path.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state != "Z":
                living.append(int(path.parent.name))
    return living
