"""What the desks and the server's own workers do: through the engine, as their pages do. A refusal is no error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import insert

from server.accounts import tokens
from server.attachments.picture import bands
from server.attachments.policy import settle_file
from server.attachments.records import stored_files
from sync.actor import SYSTEM, Actor
from sync.change import Record
from sync.engine import Engine
from sync.errors import Refused
from sync.transaction import Transaction
from tests.simulation.people import decision

DESKS = {"dan": "dispatcher", "wen": "warehouse", "fei": "finance", "pia": "finance", "ming": "manager", "ada": "admin"}
JUDGED = ("blocked", "needs_review", "clear")


class Desks:
    """All desks of the company, at one server."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def act(self, name: str, chance: Random) -> bool:
        """One act of one desk. False where the server refused it."""
        work: Callable[[Random], None] = getattr(self, name)
        try:
            work(chance)
        except Refused:
            return False
        return True

    # The dispatcher

    def plan_order(self, chance: Random) -> None:
        site = self._one(chance, "site")
        technician = self._technician(chance)
        if site and technician:
            fields = {"number": f"WO-{chance.getrandbits(48)}", "problem": "Leaks", "technician_id": technician["id"]}
            self._create("dan", "work_order", fields | {"customer_id": site["customer_id"], "site_id": site["id"]})

    def plan_trip(self, chance: Random) -> None:
        site, technician = self._one(chance, "site"), self._technician(chance)
        if not site or not technician:
            return
        today = self.engine.clock().date()
        stop = {"division_code": site["division_code"], "site_id": site["id"], "arrive_on": today.isoformat()}
        fields = {"purpose": "Repair", "home_division": "440300", "technician_id": technician["id"]}
        fields |= {"stops": [stop | {"leave_on": (today + timedelta(4)).isoformat()}]}
        self._create("dan", "trip", fields)

    def hand_over_trip(self, chance: Random) -> None:
        self._hand_over(chance, "trip")

    def hand_over_order(self, chance: Random) -> None:
        self._hand_over(chance, "work_order")

    def rename_customer(self, chance: Random) -> None:
        customer = self._one(chance, "customer")
        if customer:
            self._update("dan", "customer", customer, name=f"Pumps {chance.randrange(99)} Ltd")

    # The warehouse

    def stock_in_at_desk(self, chance: Random) -> None:
        purchase = self._one(chance, "tool_purchase")
        if purchase:
            fields = {"tool_purchase_id": purchase["id"], "serial_number": f"S{chance.randrange(40)}", "shelf": "B2"}
            self._create("wen", "tool_unit", fields)

    # Finance and the manager

    def decide_at_desk(self, chance: Random) -> None:
        line = self._one(chance, "claim_line", "needs_review", "clear", "approved") or self._one(
            chance, "claim_line", "blocked", "refused"
        )
        if line:
            who = chance.choice(("fei", "pia"))
            self._update(who, "claim_line", line, **decision(chance, line["status"], "Seen at the desk"))

    def reverse(self, chance: Random) -> None:
        line = self._one(chance, "claim_line", "paid")
        if line:
            fields = {name: line[name] for name in ("claim_id", "receipt_id", "amount_minor")}
            self._create("pia", "claim_line", fields | {"reverses": line["id"], "decision_note": "Paid by mistake"})

    def read_picture(self, chance: Random) -> None:
        receipt = self._one(chance, "receipt")
        if receipt:
            fields = {"receipt_id": receipt["id"], "division_code": "330100", "note": "Printed on it"}
            self._create("fei", "evidence", fields)

    def waive(self, chance: Random) -> None:
        line = self._one(chance, "claim_line", *JUDGED)
        if line and line["findings"]:
            code = chance.choice(line["findings"])["code"]
            self._create("ming", "waiver", {"claim_line_id": line["id"], "finding_code": code, "reason": "Known"})

    # The administrator

    def change_role(self, chance: Random) -> None:
        user = self._one(chance, "user", "active", only=lambda item: item["username"] not in DESKS)
        if user:
            self._update("ada", "user", user, role=chance.choice(("technician", "dispatcher", "warehouse", "finance")))

    def disable(self, chance: Random) -> None:
        user = self._one(chance, "user", "active", only=lambda item: item["username"] not in DESKS)
        if user:
            self._update("ada", "user", user, status="disabled")

    def enable(self, chance: Random) -> None:
        """Let a person in again, who then works as a technician, and signs in anew."""

        def work(write: Transaction, user: Record) -> None:
            write.update("user", user, {"status": "active", "role": "technician"})
            tokens.end_all_sessions(write, user["id"])

        user = self._one(
            chance, "user", only=lambda item: item["username"] not in DESKS and item["role"] != "technician"
        ) or self._one(chance, "user", "disabled")
        if user:
            self.engine.write(self._actor("ada"), lambda write: work(write, user))

    # The server's own workers

    def files_arrive(self, chance: Random) -> None:
        """Photos that were announced arrive."""
        for record in self._all("attachment", "pending"):
            if chance.random() < 0.9:
                self.engine.write(SYSTEM, partial(_arrive, record=record))

    def readings_finish(self, chance: Random) -> None:
        """The worker has read what waited."""

        def work(write: Transaction) -> None:
            for reading in write.find("reading", status="waiting"):
                shows = [item for item in write.find("receipt") if reading["sha256"] in item["attachments"]]
                number = shows[0]["fapiao_number"] if shows else ""
                fact = {"kind": "fapiao_number", "value": number, "source": "qr", "confidence": 1.0}
                write.update("reading", reading, {"status": "read", "facts": [fact] if number else []})

        self.engine.write(SYSTEM, work)

    # Inside

    def _hand_over(self, chance: Random, entity: str) -> None:
        record, technician = self._one(chance, entity), self._technician(chance)
        if record and technician:
            self._update("dan", entity, record, technician_id=technician["id"])

    def _actor(self, username: str) -> Actor:
        users = [user for user in self._all("user") if user["username"] == username]
        return Actor(users[0]["id"], frozenset({DESKS[username]}))

    def _technician(self, chance: Random) -> Record | None:
        return self._one(chance, "user", "active", only=lambda user: user["role"] == "technician")

    def _all(self, entity: str, *states: str) -> list[Record]:
        with self.engine.database.read() as connection:
            found = Transaction(self.engine, connection, SYSTEM).find(entity)
        return [item for item in found if not states or item["status"] in states]

    def _one(
        self, chance: Random, entity: str, *states: str, only: Callable[[Record], bool] = lambda _: True
    ) -> Record | None:
        found = [item for item in self._all(entity, *states) if only(item)]
        return chance.choice(found[-12:]) if found else None

    def _create(self, who: str, entity: str, fields: dict[str, Any]) -> None:
        self.engine.write(self._actor(who), lambda write: write.create(entity, fields))

    def _update(self, who: str, entity: str, record: Record, **fields: Any) -> None:
        self.engine.write(self._actor(who), lambda write: write.update(entity, record, fields))


def _arrive(write: Transaction, record: Record) -> None:
    about = {name: record[name] for name in ("sha256", "owner_id", "media_type", "size")}
    if write.find("attachment", sha256=record["sha256"], owner_id=record["owner_id"], status="stored"):
        return
    write.connection.execute(insert(stored_files).values(**about, verdict="", fingerprint="", **bands("")))
    settle_file(write, record["sha256"], record["owner_id"])
