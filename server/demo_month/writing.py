"""Writing the demo month: every record through the engine, by the person who would write it, on its day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import insert, select

from server.attachments.picture import bands
from server.attachments.records import stored_files
from server.claims.settings import Company
from server.demo_month.cities import HOME, City
from server.demo_month.documents import Document, document_of
from server.demo_month.plan import Journey, Paper
from server.receipts.readers import readers_of
from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.change import Record, instant, new_id
from sync.engine import Engine
from sync.errors import Refused
from sync.transaction import Transaction

T = TypeVar("T")


class Writer:
    """One company's month, written day by day: the engine's clock is the plan's."""

    def __init__(self, services: Services, people: Mapping[str, Actor], technicians: list[Actor]) -> None:
        self.services = services
        self.people = people
        self.technicians = technicians
        self.company = services.engine.settings
        self._sites: dict[str, Record] = {}
        self._orders = 0

    def on(self, day: date, actor: Actor, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction of that day's evening."""
        of = self.services.engine
        now = datetime.combine(day, time(12), UTC)
        engine = Engine(
            of.database, of.registry, is_replicated=of.is_replicated, settings=of.settings, clock=lambda: now
        )
        return engine.write(actor, work)

    def hand_in(self, trip: Journey, day: date) -> None:
        """A trip as its dispatcher planned it, its papers, its report, its claim, and what followed on that day."""
        who = self.technicians[trip.who]
        planned = self.on(trip.begins, self.people["dan"], lambda write: self._plan(write, trip))
        files = self._documents(trip.papers)
        self._keep(day, who, files.values())

        def work(write: Transaction) -> None:
            self._receipts(write, planned, trip.papers, files)
            write.create("service_report", _report(planned))
            self._claim(write, planned, trip.papers, is_submitted=trip.stage != "draft")

        self.on(day, who, work)
        if trip.again:
            self.on(day, self.people["fei"], lambda write: _refuse(write, trip.papers))
            more = self._documents(trip.again)
            self._keep(day, who, more.values())

            def again(write: Transaction) -> None:
                self._receipts(write, planned, trip.again, more)
                self._claim(write, planned, trip.again, is_submitted=True)

            self.on(day, who, again)
        for paper in trip.attempts:
            self._attempt(day, who, planned, paper)
        if trip.planned_until:
            self.on(day, self.people["dan"], lambda write: _shorten(write, planned[1], trip.ends))

    def _attempt(self, day: date, who: Actor, planned: tuple[Record, Record], paper: Paper) -> None:
        """A claim of its own for what the server is expected to refuse; the paper keeps the refusal's code."""

        def work(write: Transaction) -> None:
            self._receipts(write, planned, [paper], {})
            self._claim(write, planned, [paper], is_submitted=True)

        try:
            self.on(day, who, work)
        except Refused as refused:
            paper.refused_as = refused.code

    def _documents(self, papers: Iterable[Paper]) -> dict[str, Document]:
        return {paper.id: document_of(paper, self._company()) for paper in papers if paper.form != "none"}

    def _company(self) -> Company:
        return self.company if isinstance(self.company, Company) else Company()

    def _plan(self, write: Transaction, trip: Journey) -> tuple[Record, Record]:
        stops = [(self._site(write, city), first, last) for city, first, last in trip.stops]
        stops[-1] = (*stops[-1][:2], trip.planned_until or trip.ends)
        self._orders += 1
        technician_id = self.technicians[trip.who].id
        order = write.create(
            "work_order",
            {
                "number": f"WO-26{self._orders:05}",
                "customer_id": stops[0][0]["customer_id"],
                "site_id": stops[0][0]["id"],
                "problem": trip.purpose,
                "technician_id": technician_id,
            },
        )
        planned: dict[str, Any] = {"technician_id": technician_id, "purpose": trip.purpose, "home_division": HOME.code}
        planned |= {"stops": [_stop(*stop) for stop in stops], "work_order_ids": [order["id"]], "status": "active"}
        return order, write.create("trip", planned)

    def _site(self, write: Transaction, city: City) -> Record:
        if city.code not in self._sites:
            owner = write.create("customer", {"name": f"{city.name}示例客户", "address": city.name})
            site: dict[str, Any] = {
                "customer_id": owner["id"],
                "name": f"{city.name}泵站",
                "division_code": city.county,
            }
            site |= {"position": {"lat": city.lat, "lon": city.lon, "accuracy_m": 50}}
            self._sites[city.code] = write.create("site", site)
        return self._sites[city.code]

    def _keep(self, day: date, owner: Actor, files: Iterable[Document]) -> None:
        """Put the files where a phone's uploads go, with what the readers found in them."""
        documents = {file.sha256: file for file in files}
        for sha256, file in documents.items():
            if not self.services.files.has(sha256):
                part = self.services.files.part(new_id())
                part.write_bytes(file.data)
                self.services.files.keep(part, sha256)

        def work(write: Transaction) -> None:
            own = select(stored_files.c.sha256).where(stored_files.c.owner_id == owner.id)
            known = set(write.connection.execute(own.where(stored_files.c.sha256.in_(documents))).scalars())
            for sha256, file in documents.items():
                if sha256 not in known:
                    _arrive(write, owner, sha256, file)

        self.on(day, SYSTEM, work)

    def _receipts(
        self, write: Transaction, planned: tuple[Record, Record], papers: Iterable[Paper], files: Mapping[str, Document]
    ) -> None:
        for paper in papers:
            if paper.form == "none":
                write.create("receipt", _allowance(paper, planned[1]["id"]), record_id=paper.id)
                continue
            file = files[paper.id]
            about = {"sha256": file.sha256, "media_type": file.media_type, "size": len(file.data)}
            if not write.find("attachment", sha256=file.sha256, owner_id=write.actor.id):
                write.create("attachment", about)
            write.create("receipt", _receipt(paper, planned[1]["id"], file.sha256), record_id=paper.id)
            if paper.tool:
                fields = {"trip_id": planned[1]["id"], "receipt_id": paper.id, "name": paper.tool.name}
                fields |= {"quantity": len(paper.tool.serials), "unit_price_minor": paper.amount}
                write.create("tool_purchase", fields | {"serial_numbers": paper.tool.serials})

    def _claim(
        self, write: Transaction, planned: tuple[Record, Record], papers: Iterable[Paper], *, is_submitted: bool
    ) -> None:
        claim = write.create("claim", {"trip_id": planned[1]["id"]})
        for paper in papers:
            receipt = write.get("receipt", paper.id)
            amount = receipt["amount_minor"] if receipt and paper.claimed is None else paper.claimed
            write.create("claim_line", {"claim_id": claim["id"], "receipt_id": paper.id, "amount_minor": amount})
        if is_submitted:
            write.update("claim", write.get("claim", claim["id"]) or claim, {"status": "submitted"})


def _arrive(write: Transaction, owner: Actor, sha256: str, file: Document) -> None:
    row: dict[str, Any] = {"sha256": sha256, "owner_id": owner.id, "media_type": file.media_type}
    row |= {"size": len(file.data), "verdict": "", "fingerprint": file.fingerprint} | bands(file.fingerprint)
    write.connection.execute(insert(stored_files).values(row))
    for reader in readers_of(file.media_type):
        facts = file.facts.get(reader.name, [])
        reading: dict[str, Any] = {
            "sha256": sha256,
            "owner_id": owner.id,
            "media_type": file.media_type,
            "reader": reader.name,
        }
        reading |= {"reader_version": reader.version, "status": "read" if facts else "nothing", "facts": facts}
        write.create("reading", reading | {"read_at": instant(write.now)})


def _receipt(paper: Paper, trip_id: str, sha256: str) -> dict[str, Any]:
    return {
        "trip_id": trip_id,
        "category": paper.category,
        "amount_minor": paper.amount,
        "issued_on": paper.day.isoformat(),
        "seller_name": paper.seller.name,
        "seller_tax_id": paper.seller.tax_id,
        "fapiao_code": paper.code,
        "fapiao_number": paper.number,
        "captured_at": paper.captured_at,
        "capture_position": paper.position,
        "attachments": [sha256],
    }


def _allowance(paper: Paper, trip_id: str) -> dict[str, Any]:
    last = paper.last_day or paper.day
    days = {"issued_on": paper.day.isoformat(), "allowance_until": last.isoformat()}
    return {"trip_id": trip_id, "category": paper.category, "amount_minor": paper.amount} | days


def _shorten(write: Transaction, planned: Record, ends: date) -> None:
    """The dispatcher notes that the job was done earlier."""
    trip = write.get("trip", planned["id"]) or planned
    *before, last = trip["stops"]
    write.update("trip", trip, {"stops": [*before, last | {"leave_on": ends.isoformat()}]})


def _stop(site: Record, first: date, last: date) -> dict[str, Any]:
    about = {"division_code": site["division_code"], "site_id": site["id"]}
    return about | {"arrive_on": first.isoformat(), "leave_on": last.isoformat()}


def _report(planned: tuple[Record, Record]) -> dict[str, Any]:
    return {
        "work_order_id": planned[0]["id"],
        "trip_id": planned[1]["id"],
        "fault_cause": "机械密封磨损",
        "remedy": "更换机械密封，试车正常",
        "parts_replaced": [{"name": "机械密封", "quantity": 1, "serial": ""}],
        "customer_opinion": "满意",
        "status": "filed",
    }


def _refuse(write: Transaction, papers: Iterable[Paper]) -> None:
    for paper in papers:
        for line in write.find("claim_line", receipt_id=paper.id) if paper.is_refused else ():
            write.update("claim_line", line, {"status": "refused", "decision_note": "没有号码，无法核对"})
