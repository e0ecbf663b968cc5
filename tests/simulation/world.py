"""The company, its people and their phones, while a plan runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from sqlite3 import DatabaseError
from uuid import UUID

from server.accounts import credentials
from server.backup import BackupBroken
from sync.actor import SYSTEM
from sync.client import ServerSaysNo, Unreachable
from sync.transaction import Transaction
from tests.simulation import people
from tests.simulation.checks import check
from tests.simulation.desks import DESKS, Desks
from tests.simulation.device import PASSWORD, Crash, Device
from tests.simulation.network import Network
from tests.simulation.oracle import Oracle
from tests.simulation.plan import DAY, DESK_PHONES, TECHNICIANS, Plan, Step
from tests.simulation.server import START, Server
from tests.simulation.upgrade import go_back

ROUNDS = 8
A_MONTH = timedelta(days=25)


@dataclass(frozen=True)
class Parts:
    """What a world is made of; a test of the tests puts a broken part in."""

    device: type[Device] = Device
    server: type[Server] = Server
    network: type[Network] = Network


class World:
    """The company, its people and their phones, while a plan runs."""

    def __init__(self, plan: Plan, folder: Path, parts: Parts, new_database: Callable[[], str] | None) -> None:
        self.plan = plan
        self.folder = folder
        self.parts = parts
        self.server = parts.server(folder, new_database)
        self.oracle = Oracle(self.server)
        self.faults: Counter[str] = Counter()
        self.network = parts.network(self.server.app, self.oracle, self.server.die_in, self.faults)
        self.devices: dict[str, Device] = {}
        self.chance = Random(plan.seed)
        self.tried: dict[Device, datetime] = {}
        """When each device last tried to sync."""
        self.at: Device | None = None
        self.down_until: datetime | None = None
        self.dies_in = 0
        self.trace: list[str] = []

    def fresh_id(self) -> UUID:
        """A UUIDv7 by the clock of whoever makes it, with the chance of the present step."""
        moment = self.at.clock() if self.at else self.server.clock()
        milliseconds = max(0, int(moment.timestamp() * 1000))
        number = (milliseconds << 80) | (0x7 << 76) | (self.chance.getrandbits(12) << 64)
        return UUID(int=number | (0b10 << 62) | self.chance.getrandbits(62))

    def open(self) -> None:
        """The company before the first day: its people, two customers, and a phone for each who has one."""
        engine = self.server.engine

        def hire(write: Transaction) -> None:
            roles = dict.fromkeys(TECHNICIANS, "technician") | DESKS
            for name, role in roles.items():
                user = write.create("user", {"username": name, "display_name": name.title(), "role": role})
                credentials.set_password(write.connection, user["id"], PASSWORD)
            for name, division in (("Qiantang Pumps", "330110"), ("Nanshan Valves", "440305")):
                customer = write.create("customer", {"name": name})
                site = {"customer_id": customer["id"], "name": "Pump house", "division_code": division}
                write.create("site", site)

        engine.write(SYSTEM, hire)
        desks = Desks(engine)
        for _ in range(6):
            desks.act("plan_trip", self.chance)
            desks.act("plan_order", self.chance)
        for number, name in enumerate(TECHNICIANS + DESK_PHONES):
            self._add_device(name, name, is_old=number == 3)

    def take(self, step: Step) -> None:
        """One step of the plan."""
        self.server.now = START + timedelta(minutes=step.minute)
        if self.down_until and self.server.now >= self.down_until:
            self._come_up()
        for name in (step.who, f"{step.who}/2"):
            self.chance = Random(f"{step.seed} {name}")
            if name in self.devices:
                self._phone(self.devices[name], step)
            elif name == "desk":
                self._desk(step)
            elif name == "server":
                self._server(step)

    def quiesce(self) -> None:
        """All faults end but wrong clocks; everybody syncs until nothing moves; then the oracle speaks."""
        self.server.now = START + timedelta(days=self.plan.days, minutes=DAY)
        self.server.skew = timedelta()
        self.chance = Random(self.plan.seed + 1)
        if self.down_until:
            self._come_up()
        self.network.deliver_late(everything=True)
        before = -1
        for _ in range(ROUNDS):
            for device in self.devices.values():
                if self.oracle.actor(device.person):
                    with self._on(device, Step(0, device.name, "last sync", 0)):
                        self._sync(device, attempts=4)
            after = len(self.server.change_ids())
            if after == before:
                break
            before = after
        else:
            self.oracle.broken("restless", "changes go round without end")
        check(self.oracle, list(self.devices.values()))
        self._note("end", str(sorted(self.oracle.counts.items())))

    def close(self) -> None:
        """Put everything away."""
        for device in self.devices.values():
            device.close()
        self.server.close()

    # Phones

    def _add_device(self, name: str, person: str, is_old: bool = False, source: Device | None = None) -> Device:
        path = self.folder / f"{name.replace('/', '-')}.db"
        if source is not None:
            source.copy_to(path)
        self.oracle.people[name] = person
        device = self.parts.device(name, person, path, self.network, self.true_time, is_old)
        self.devices[name] = device
        return device

    def true_time(self) -> datetime:
        """The time that no clock here need show."""
        return self.server.now

    def _phone(self, device: Device, step: Step) -> None:
        if step.act == "sync":
            self.faults["a month without a sync"] += self.server.now - self.tried.get(device, START) > A_MONTH
            self.tried[device] = self.server.now
        with self._on(device, step):
            if step.act == "sync":
                self._sync(device)
            elif step.act in people.ACTS:
                known = {item["change_id"] for item in device.client.outbox()}
                try:
                    people.ACTS[step.act](device, self.chance)
                finally:  # a phone that dies at it has repaired a part
                    if step.act == "repair":
                        device.store.left = 0  # looking is the oracle's own
                        for change_id in known - {item["change_id"] for item in device.client.outbox()}:
                            self.oracle.gave_up(change_id)
            else:
                self._misfortune(device, step.act)

    @contextmanager
    def _on(self, device: Device, step: Step) -> Iterator[None]:
        """One step on one device, with what may go wrong there."""
        self.at = device
        device.trouble(self.chance, step.faults)
        came = "done"
        try:
            yield
        except Crash:
            self.faults["crash"] += 1
            came = "crashed"
            device.restart()
        except DatabaseError as error:
            if "full" not in str(error):
                raise
            self.faults["full_disk"] += 1
            came = "disk full"
        finally:
            device.calm()
            self.oracle.look(device)
            self.at = None
        self._note(str(step), device.name, came, str(len(self.oracle.saved)))

    def _sync(self, device: Device, attempts: int = 2) -> None:
        """The phone syncs as phones do: again after a failure, and its person signs in where it is asked for."""
        for _ in range(attempts):
            try:
                if not device.store.fact("access_token"):
                    device.log_in()
                device.client.sync()
            except Unreachable:
                continue
            except ServerSaysNo as refused:
                self._refused(device, refused)
                continue
            device.is_out = False
            return

    def _refused(self, device: Device, refused: ServerSaysNo) -> None:
        self.oracle.counts[f"call refused: {refused.code}"] += 1
        if refused.code in ("user_disabled", "invalid_credentials"):
            device.is_out = True
        if refused.code == "device_revoked":
            device.client.become_another_device()
        elif refused.status == 401:
            device.store.keep(access_token="")

    def _misfortune(self, device: Device, act: str) -> None:
        came = True
        match act:
            case "wrong_clock":
                device.skew = people.wrong_clock(self.chance)
            case "copy":
                device.make_copy()
            case "go_back_to_copy":
                came = device.go_back_to_copy()
                if came:
                    self.oracle.went_back(device)
            case "clone":
                came = f"{device.name}/2" not in self.devices and "/" not in device.name
                if came:
                    self._add_device(f"{device.name}/2", device.person, device.is_old, source=device)
        self.faults[act] += came

    # The company

    def _desk(self, step: Step) -> None:
        if self.down_until:
            return
        if step.act == "watch_feed":
            self.oracle.watch(self.chance.choice((*TECHNICIANS, *DESKS)))
            came = True
        else:
            came = Desks(self.server.engine).act(step.act, self.chance)
        self.oracle.counts[f"desk {step.act}" + ("" if came else " refused")] += 1
        self._note(str(step), str(came))

    def _server(self, step: Step) -> None:
        if self.down_until:
            return
        came = True
        match step.act:
            case "backup":
                self.server.back_up()
            case "restore":
                came = self._restore()
            case "set_clock":
                self.server.skew = timedelta(days=self.chance.uniform(-3, 3))
            case "upgrade":
                self._go_down()
        self.faults[f"server: {step.act}"] += came
        self._note(str(step), str(came))

    def _go_down(self) -> None:
        """The server stops for its next version, for hours or for days; phones go on."""
        revision = go_back(self.server.engine.database, self.server.engine.registry, self.devices.values(), self.chance)
        self.oracle.counts[f"upgrade from {revision}"] += 1
        self.network.is_down = True
        self.down_until = self.server.now + timedelta(hours=self.chance.choice((1, 8, 72)))
        self.dies_in = self.chance.choice((0, self.chance.randrange(1, 60)))
        self.oracle.after_upgrade()

    def _come_up(self) -> None:
        self.server.upgrade(self.dies_in)
        self.network.is_down, self.down_until = False, None
        self._note("the server is upgraded")

    def _restore(self) -> bool:
        """Fill an empty server from the newest backup. False where there is none yet."""
        try:
            came = self.server.restore()
        except BackupBroken as error:
            self.oracle.broken("journal_broken", str(error))
            return False
        if came:
            self.oracle.after_restore()
        return came

    def _note(self, *words: str) -> None:
        self.trace.append("  ".join(words) + f"  ({self.network.requests} requests)")
