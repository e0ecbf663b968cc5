"""Bugs of other systems, put into ours one at a time: the simulation must find each. Nothing here is in the product."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.change import new_id
from sync.client import Answer, Request, SyncClient, Unreachable
from sync.engine import Engine
from sync.facts import FORM, Durability, read_fact, write_fact
from sync.feed import Page
from sync.verdict import Verdict
from tests.simulation.device import CrashingStore, Device
from tests.simulation.network import Line
from tests.simulation.server import Server
from tests.simulation.world import Parts

# The device's bugs


class ForgetsOnAck(CrashingStore):
    """What was acknowledged is dropped at once, though no backup holds it (medic/cht-core#8093)."""

    def take_verdicts(self, epoch: str, verdicts: Iterable[Mapping[str, Any]]) -> None:
        super().take_verdicts(epoch, verdicts)
        self.execute("DELETE FROM change WHERE state = 'done'")


class CursorBeforeData(CrashingStore):
    """Progress is noted before what it stands for is stored (pouchdb#1240)."""

    def take_page(self, page: Mapping[str, Any]) -> bool:
        self.keep(cursor=page["cursor"])
        return super().take_page(page)


class DropsRefused(CrashingStore):
    """A change that the server refused vanishes from the phone."""

    def take_verdicts(self, epoch: str, verdicts: Iterable[Mapping[str, Any]]) -> None:
        super().take_verdicts(epoch, verdicts)
        self.execute("DELETE FROM change WHERE state = 'rejected'")


class KeepsStaleRecords(CrashingStore):
    """A pull from zero adds, and never drops what did not come again (medic/cht-core#11306)."""

    def take_page(self, page: Mapping[str, Any]) -> bool:
        self.keep(is_resync="")
        return super().take_page(page)


class SavesLater(CrashingStore):
    """Says saved, and writes with the next change."""

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self.later: list[Mapping[str, Any]] = []

    def queue(self, change: Mapping[str, Any]) -> None:
        ready, self.later = self.later, [change]
        self.promised.append(dict(change))
        for earlier in ready:
            super().queue(earlier)

    def next_batch(self, tried: Any) -> list[dict[str, Any]]:
        ready, self.later = self.later, []
        for earlier in ready:
            super().queue(earlier)
        return super().next_batch(tried)


class IgnoresEpoch(CrashingStore):
    """A new epoch is noted, and nothing is sent again."""

    def take_page(self, page: Mapping[str, Any]) -> bool:
        self.execute("UPDATE change SET epoch = ? WHERE state = 'done'", (page["epoch"],))
        return super().take_page(page)


class SendsAnew(SyncClient):
    """After a lost answer the same things are sent under new ids (Expensify/App#85641)."""

    def push(self) -> list[dict[str, Any]]:
        try:
            return super().push()
        except Unreachable:
            waiting = [item for item in self.outbox() if item["state"] == "waiting" and item["op"] == "create"]
            for item in waiting:
                change = self.store.change(item["change_id"])
                if change and item["entity"] == "survey":
                    change |= {"record_id": new_id()}
                    self.store.replace(item["change_id"], self._signed(change))
            raise


class RefusesWrongClock(SyncClient):
    """Does not sync while its clock is off by more than an hour (actualbudget#3786)."""

    def sync(self) -> None:
        if abs(self.clock() - self.transport.true_time()) < timedelta(hours=1):
            super().sync()


class BelievesAnybody(Line):
    """Any answer of status 200 is an acknowledgement, a captive portal's too."""

    def send(self, request: Request) -> Answer:
        answer = super().send(request)
        if "fieldclaim-protocol" in answer.headers or not request.url.endswith("/push") or not request.body:
            return answer
        sent = json.loads(gzip.decompress(request.body))
        taken = [{"change_id": change["change_id"], "status": "applied", "seq": 1} for change in sent["changes"]]
        body = json.dumps({"epoch": sent["epoch"], "verdicts": taken}).encode()
        return Answer(200, {"fieldclaim-protocol": "1"}, body)


# The server's bugs


class LastWriteWins(Engine):
    """What a person saw does not matter: the newest write is taken."""

    def push_and_stand(self, actor: Actor, changes: Sequence[object]) -> tuple[list[Verdict], Durability]:
        return super().push_and_stand(actor, [self._rebased(change) for change in changes])

    def _rebased(self, change: Any) -> Any:
        if change["op"] != "update":
            return change
        record = self.write(SYSTEM, lambda write: write.get(change["entity"], change["record_id"]))
        return change | {"base": {name: record.get(name) for name in change["fields"]}} if record else change


class ForgetsWhatItSaw(Engine):
    """The same change sent again is a new one: no dedupe."""

    def push_and_stand(self, actor: Actor, changes: Sequence[object]) -> tuple[list[Verdict], Durability]:
        first, stand = super().push_and_stand(actor, changes)
        again = [self._fresh(change, verdict) for change, verdict in zip(changes, first, strict=True)]
        super().push_and_stand(actor, [change for change in again if change])
        return first, stand

    def _fresh(self, change: Any, verdict: Verdict) -> Any:
        if verdict.status != "duplicate" or change["op"] != "create":
            return None
        return change | {"change_id": new_id(), "record_id": new_id()}


class AnswersBeforeCommit(Engine):
    """Changes are acknowledged at once, and written with the next push (NATS 2.12.1)."""

    later: list[tuple[Actor, Sequence[object]]] = []

    def push_and_stand(self, actor: Actor, changes: Sequence[object]) -> tuple[list[Verdict], Durability]:
        self._write_behind()
        self.later.append((actor, changes))
        verdicts = [Verdict(str(change["change_id"]), "applied", version=1, seq=1) for change in changes]
        return verdicts, self.durability()

    def _write_behind(self) -> None:
        ready, self.later[:] = list(self.later), []
        for actor, changes in ready:
            super().push_and_stand(actor, changes)


class LeaksScope(Engine):
    """A technician's pull reads finance's bucket, too."""

    def pull_in(self, connection: Connection, actor: Actor, cursor: str | None, limit: int) -> Page:
        return super().pull_in(connection, replace(actor, roles=actor.roles | {"finance"}), cursor, limit)


class ForgetsRemoves(Engine):
    """A record that leaves a person's scope stays on the phone."""

    def pull_in(self, connection: Connection, actor: Actor, cursor: str | None, limit: int) -> Page:
        page = super().pull_in(connection, actor, cursor, limit)
        return replace(page, items=[item for item in page.items if item.op == "put"])


class SkipsAnItem(Engine):
    """The cursor goes past a record that was not given."""

    def pull_in(self, connection: Connection, actor: Actor, cursor: str | None, limit: int) -> Page:
        page = super().pull_in(connection, actor, cursor, limit)
        return replace(page, items=page.items[:-1]) if len(page.items) > 20 else page


class WritesPastTheJournal(Engine):
    """A record is put right by hand."""

    def push_and_stand(self, actor: Actor, changes: Sequence[object]) -> tuple[list[Verdict], Durability]:
        with self.database.write() as connection:
            connection.execute(text("UPDATE customer SET phone = '1' WHERE phone = ''"))
        return super().push_and_stand(actor, changes)


class BrokenServer(Server):
    """A server whose engine is broken in one way."""

    engine_class: type[Engine] = Engine

    def _install(self, services: Services) -> None:
        services.engine.__class__ = self.engine_class
        super()._install(services)


class SaysDurableTooSoon(Server):
    """Every commit counts as durable, without a backup."""

    def _install(self, services: Services) -> None:
        services.engine.is_replicated = True
        super()._install(services)


class KeepsItsEpoch(Server):
    """A restored server goes on as if nothing had happened (parsec-cloud#8257)."""

    def restore(self) -> bool:
        with self.engine.database.read() as connection:
            epoch = read_fact(connection, "epoch")
        came = super().restore()
        with self.engine.database.write() as connection:
            write_fact(connection, "epoch", epoch)
        return came


class ForgetsWhatPhonesLack(Server):
    """An upgrade gives records new fields, and phones go on from where they were."""

    def upgrade(self, dies_in: int) -> None:
        super().upgrade(dies_in)
        with self.engine.database.write() as connection:
            write_fact(connection, FORM, "")


class AcksDieWithServer(BrokenServer):
    """The acknowledged and unwritten goes with the process."""

    engine_class = AnswersBeforeCommit

    def die_in(self, statements: int) -> None:
        super().die_in(statements)
        if statements:
            AnswersBeforeCommit.later.clear()


def _phone(store: type[CrashingStore] = CrashingStore, client: type[SyncClient] = SyncClient) -> Parts:
    name = store.__name__ if store is not CrashingStore else client.__name__
    return Parts(device=type(name, (Device,), {"store_class": store, "client_class": client}))


def _engine(engine: type[Engine]) -> Parts:
    return Parts(server=type(engine.__name__, (BrokenServer,), {"engine_class": engine}))


BUGS: dict[str, Parts] = {
    "forget on ack": _phone(ForgetsOnAck),
    "cursor before data": _phone(CursorBeforeData),
    "refused changes vanish": _phone(DropsRefused),
    "stale records kept": _phone(KeepsStaleRecords),
    "saved before stored": _phone(SavesLater),
    "new epoch ignored": _phone(IgnoresEpoch),
    "sent again under new ids": _phone(client=SendsAnew),
    "clock gate": _phone(client=RefusesWrongClock),
    "any answer believed": Parts(device=type("BelievesAnybody", (Device,), {"line_class": BelievesAnybody})),
    "last write wins": _engine(LastWriteWins),
    "no dedupe": _engine(ForgetsWhatItSaw),
    "ack before commit": Parts(server=AcksDieWithServer),
    "scope leak": _engine(LeaksScope),
    "removes forgotten": _engine(ForgetsRemoves),
    "cursor too far": _engine(SkipsAnItem),
    "past the journal": _engine(WritesPastTheJournal),
    "durable too soon": Parts(server=SaysDurableTooSoon),
    "epoch kept": Parts(server=KeepsItsEpoch),
    "stale after an upgrade": Parts(server=ForgetsWhatPhonesLack),
}
"""Each bug by its name, and the parts of a world that has it."""
