"""A small company to test with: people, a trip, and what they do. Everything goes in by the engine, as in life."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import insert

from server.attachments.picture import bands
from server.attachments.policy import settle_file
from server.attachments.records import stored_files
from server.claims.seen import seen_of
from sync.actor import SYSTEM, Actor
from sync.change import Change, Record, new_id
from sync.engine import Engine
from sync.transaction import Transaction, change_of

HANGZHOU, SHENZHEN, BEIJING = "330100", "440300", "110000"
HANGZHOU_SELLER = "91330100799655058B"
SHENZHEN_SELLER = "914403001922038216"
ARRIVED = date(2026, 11, 9)
LEFT = date(2026, 11, 13)


@dataclass
class World:
    """One company on one engine."""

    engine: Engine
    people: dict[str, Actor] = field(default_factory=dict)

    def person(self, name: str, role: str) -> Actor:
        """A user of the role, made once."""
        if name not in self.people:
            user = self.as_system("create", "user", username=name, display_name=name.title(), role=role)
            self.people[name] = Actor(user["id"], frozenset({role}), new_id())
        return self.people[name]

    @cached_property
    def anna(self) -> Actor:
        return self.person("anna", "technician")

    @cached_property
    def bo(self) -> Actor:
        return self.person("bo", "technician")

    @cached_property
    def finance(self) -> Actor:
        return self.person("fei", "finance")

    @cached_property
    def payer(self) -> Actor:
        """The one of finance who pays what the other approved."""
        return self.person("pia", "finance")

    @cached_property
    def warehouse(self) -> Actor:
        return self.person("wen", "warehouse")

    @cached_property
    def manager(self) -> Actor:
        return self.person("ming", "manager")

    @cached_property
    def dispatcher(self) -> Actor:
        return self.person("dan", "dispatcher")

    def as_manager(self, person: Actor) -> Actor:
        """The same person, after they were made a manager."""
        return Actor(person.id, frozenset({"manager"}), person.device_id)

    def as_system(self, op: str, entity: str, **fields: Any) -> Record:
        return self.engine.write(SYSTEM, lambda write: write.create(entity, fields))

    def create(self, actor: Actor, entity: str, **fields: Any) -> Record:
        """Make a record as that person."""
        return self.engine.write(actor, lambda write: write.create(entity, fields))

    def update(self, actor: Actor, entity: str, record: Record, **fields: Any) -> Record:
        """Change a record as that person, as it stands now."""
        current = self.now(entity, record["id"])
        return self.engine.write(actor, lambda write: write.update(entity, current, fields))

    def delete(self, actor: Actor, entity: str, record: Record) -> None:
        version = self.now(entity, record["id"])["version"]
        change = Change(new_id(), entity, record["id"], "delete", base_version=version)
        self.engine.write(actor, lambda write: write.apply(change))

    def now(self, entity: str, record_id: str) -> Record:
        """A record as it stands."""
        record = self.engine.write(SYSTEM, lambda write: write.get(entity, record_id))
        assert record, f"{entity} {record_id} is gone"
        return record

    def lines(self, claim: Record) -> list[Record]:
        return self.engine.write(SYSTEM, lambda write: write.find("claim_line", claim_id=claim["id"]))

    # The work

    def trip(self, technician: Actor | None = None, division: str = "330110", home: str = SHENZHEN) -> Record:
        """A trip of a working week in Hangzhou, unless said otherwise."""
        customer = self.create(self.dispatcher, "customer", name="Qiantang Pumps")
        site = self.create(
            self.dispatcher, "site", customer_id=customer["id"], name="Pump house", division_code=division
        )
        stop = {"division_code": division, "site_id": site["id"]}
        stop |= {"arrive_on": ARRIVED.isoformat(), "leave_on": LEFT.isoformat()}
        return self.create(
            self.dispatcher,
            "trip",
            technician_id=(technician or self.anna).id,
            purpose="Pump repair",
            home_division=home,
            stops=[stop],
        )

    def report(self, trip: Record, technician: Actor | None = None) -> Record:
        """The trip's work order and its filed report."""
        site_id = trip["stops"][0]["site_id"]
        site = self.now("site", site_id)
        order = self.create(
            self.dispatcher,
            "work_order",
            number=f"WO-{new_id()[-6:]}",
            customer_id=site["customer_id"],
            site_id=site_id,
            problem="Leaks",
            technician_id=(technician or self.anna).id,
        )
        return self.create(
            technician or self.anna,
            "service_report",
            work_order_id=order["id"],
            trip_id=trip["id"],
            fault_cause="Worn seal",
            remedy="Seal replaced",
            parts_replaced=[{"name": "Seal", "quantity": 1, "serial": ""}],
            customer_opinion="Satisfied",
            status="filed",
        )

    def photo(self, owner: Actor, content: str = "", mark: str = "") -> str:
        """A picture whose bytes have arrived. Gives its hash."""
        sha256 = hashlib.sha256((content or new_id()).encode()).hexdigest()
        about = {"sha256": sha256, "media_type": "image/jpeg", "size": 1000}
        self.create(owner, "attachment", **about)

        def arrive(write: Any) -> None:
            row = about | {"owner_id": owner.id, "verdict": "", "fingerprint": mark} | bands(mark)
            write.connection.execute(insert(stored_files).values(row))
            settle_file(write, sha256, owner.id)

        self.engine.write(SYSTEM, arrive)
        return sha256

    def receipt(self, trip: Record, owner: Actor | None = None, **fields: Any) -> Record:
        """A hotel's receipt from the trip's city with everything right, unless said otherwise."""
        owner = owner or self.anna
        number = fields.pop("number", None) or digital_number("33")
        day = fields.get("issued_on", (ARRIVED + timedelta(2)).isoformat())
        amount = fields.get("amount_minor", 30000)
        good = {
            "trip_id": trip["id"],
            "category": "lodging",
            "amount_minor": amount,
            "issued_on": day,
            "seller_name": "Lakeside Hotel",
            "seller_tax_id": HANGZHOU_SELLER,
            "fapiao_number": number,
            "qr_text": qr_text(number, amount, day, fields.pop("qr_type", "32")),
        }
        if "attachments" not in fields:
            fields["attachments"] = [self.photo(owner)]
        return self.create(owner, "receipt", **{**good, **fields})

    def claim(self, trip: Record, *receipts: Record, owner: Actor | None = None) -> Record:
        """A submitted claim over the receipts."""
        owner = owner or self.anna
        claim = self.create(owner, "claim", trip_id=trip["id"])
        for receipt in receipts:
            amount = receipt["amount_minor"]
            self.create(owner, "claim_line", claim_id=claim["id"], receipt_id=receipt["id"], amount_minor=amount)
        return self.update(owner, "claim", claim, status="submitted")

    def tool(self, trip: Record, receipt: Record, quantity: int = 1, price: int = 30000, **fields: Any) -> Record:
        """A purchase of tools on a receipt."""
        fields = {"name": "Torque wrench", "quantity": quantity, "unit_price_minor": price, **fields}
        return self.create(self.anna, "tool_purchase", trip_id=trip["id"], receipt_id=receipt["id"], **fields)

    def stock_in(self, purchase: Record, serial: str = "") -> Record:
        """The warehouse takes one unit in."""
        return self.create(self.warehouse, "tool_unit", tool_purchase_id=purchase["id"], serial_number=serial)

    def finish_readings(self) -> None:
        """The worker has been here, and found in each document the number that was typed."""

        def finish(write: Transaction) -> None:
            for reading in write.find("reading", status="waiting"):
                shows = [item for item in write.find("receipt") if reading["sha256"] in item["attachments"]]
                fact = {"kind": "fapiao_number", "value": shows[0]["fapiao_number"], "source": "qr", "confidence": 1.0}
                write.update("reading", reading, {"status": "read", "facts": [fact]})

        self.engine.write(SYSTEM, finish)

    def approved(self, *amounts: int, owner: Actor | None = None, **fields: Any) -> list[Record]:
        """Approved lines of one claim, read and ready to be paid."""
        owner = owner or self.anna
        trip = self.trip(owner)
        self.report(trip, owner)
        receipts = [self.receipt(trip, owner, amount_minor=amount, **fields) for amount in amounts]
        claim = self.claim(trip, *receipts, owner=owner)
        self.finish_readings()
        return [self.decide(line, "approved") for line in self.lines(claim)]

    def account(self, owner: Actor, number: str = "6222021001116245702") -> Record:
        """The bank account that a person has entered."""
        fields = {"holder_name": "Anna Li", "bank_name": "Bank of Hangzhou", "account_number": number}
        return self.create(owner, "bank_account", user_id=owner.id, **fields)

    def batch(self, *lines: Record, by: Actor | None = None) -> Record:
        """A draft batch of the lines."""
        ids = [line["id"] for line in lines]
        return self.create(by or self.payer, "payment_batch", currency="CNY", line_ids=ids)

    def export(self, batch: Record, by: Actor | None = None) -> Record:
        """Send a batch to the bank."""
        return self.update(by or self.payer, "payment_batch", batch, status="exported")

    def decide(self, line: Record, status: str, note: str = "", by: Actor | None = None, **fields: Any) -> Record:
        """Finance decides on a line; whoever pays is another person than whoever approves."""
        said = {"approved": "decision_note", "refused": "decision_note", "returned": "return_reason"}.get(status)
        by = by or (self.payer if status == "paid" else self.finance)
        return self.update(by, "claim_line", line, status=status, **({said: note} if said else {}), **fields)

    def seen(self, line: Record) -> str:
        """A line as a page shows it now."""

        def view(read: Transaction) -> str:
            receipt = read.get("receipt", line["receipt_id"]) or {}
            return seen_of(line, receipt, read.find("tool_purchase", receipt_id=line["receipt_id"]))

        return self.engine.write(SYSTEM, view)

    def limit(self, kind: str, value: int | None, subject: str = "", applies_from: str = "2026-01-01") -> Record:
        """A limit of the company that applied already when the tests begin."""
        fields = {"kind": kind, "subject": subject, "value": value, "applies_from": applies_from}
        return self.as_system("create", "limit", **fields)

    def advance(self, trip: Record, amount: int, by: Actor | None = None) -> Record:
        """Money given for a trip."""
        fields = {"trip_id": trip["id"], "amount_minor": amount, "paid_on": ARRIVED.isoformat()}
        return self.create(by or self.finance, "advance", **fields)

    def reverse(self, line: Record, note: str = "Paid twice", by: Actor | None = None) -> Record:
        """Finance takes a paid line back."""
        about = {name: line[name] for name in ("claim_id", "receipt_id")} | {"amount_minor": -line["amount_minor"]}
        return self.create(by or self.finance, "claim_line", **about, reverses=line["id"], decision_note=note)


def codes(line: Record) -> list[str]:
    """What was found on a line and not waived."""
    return [finding["code"] for finding in line["findings"] if not finding.get("waived")]


def digital_number(region: str) -> str:
    """A fully digital number of 2026 that was never used."""
    return f"26{region}2{int(new_id().replace('-', '')[-12:], 16) % 10**15:015}"


def qr_text(number: str, amount_minor: int, day: str, kind: str = "32") -> str:
    """What the QR of such an invoice says."""
    return f"01,{kind},,{number},{amount_minor / 100:.2f},{day.replace('-', '')},,74AE,"


def base_of(entity: str, record: Record, **fields: Any) -> dict[str, Any]:
    """An update as a phone would craft it."""
    change = change_of(entity, record, fields)
    return {**asdict(change), "made_at": "2026-11-24T08:00:00Z"}
