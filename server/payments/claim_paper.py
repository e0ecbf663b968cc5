"""One claim on paper: lines with findings, waivers and decisions, what was read, and each receipt in print quality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Spacer

from server.attachments.sandbox import CouldNotBeRead
from server.attachments.store import FileStore
from server.attachments.view import pages_of
from server.claims.comparison import rows_of
from server.claims.queries import LineView
from server.claims.states import payable_minor
from server.payments.sheet import Picture, Sheet
from server.payments.trail import Step
from sync.change import Record

MOST_PICTURES = 400
"""Pictures on one paper; the others are named and lie in the archive."""
_SHOWN = ("image/", "application/pdf")


@dataclass(frozen=True)
class Words:
    """How texts, findings, amounts, moments and places are worded for the reader."""

    say: Callable[..., str]
    finding: Callable[[dict[str, Any]], str]
    money: Callable[[int, str], str]
    moment: Callable[[str], str]
    place: Callable[[str], str]


@dataclass(frozen=True)
class ClaimPaper:
    """Everything that stands on the paper."""

    claim: Record
    trip: Record
    technician: Record
    views: Sequence[LineView]
    trail: Sequence[Step]
    evidence: Mapping[str, Sequence[str]]
    """What people read off pictures, as ids by receipt."""
    company: str
    head: str
    """The journal's head when it was printed: what it proves the trail by."""

    def write(self, file: IO[bytes], files: FileStore, words: Words, printed: str) -> None:
        """Write the PDF. `printed` says by whom and when."""
        title = words.say("finance.claim_of", name=self.technician["display_name"])
        footer = f"{words.say('finance.claim_id')} {self.claim['id']} · {printed}"
        sheet = Sheet(title, footer, lambda page, pages: words.say("paper.page", page=page, pages=pages))
        sheet.write(file, _Writer(self, files, words, sheet).parts())


@dataclass
class _Writer:
    paper: ClaimPaper
    files: FileStore
    words: Words
    sheet: Sheet
    pictures: int = 0

    def parts(self) -> Iterator[Flowable]:
        yield from self._front()
        for number, view in enumerate(self.paper.views, start=1):
            yield from self._line(number, view)

    def _front(self) -> Iterator[Flowable]:
        say, paper = self.words.say, self.paper
        yield self.sheet.heading(say("finance.claim_of", name=paper.technician["display_name"]), 1)
        stops = "; ".join(
            f"{self.words.place(stop['division_code'])} {stop['arrive_on']} – {stop['leave_on']}"
            for stop in paper.trip["stops"]
        )
        yield self.sheet.values(
            [
                (say("paper.company"), paper.company),
                (say("field.trip_id"), paper.trip["purpose"]),
                (say("field.stops"), stops),
                (say("field.submitted_at"), self.words.moment(paper.claim["submitted_at"])),
                (say("finance.claim_id"), paper.claim["id"]),
                (say("field.note"), paper.claim["note"]),
                (say("payments.journal_head"), paper.head),
            ]
        )
        heads = [
            "№",
            *(say(f"field.{name}") for name in ("category", "seller_name", "issued_on", "fapiao_number", "status")),
        ]
        rows = [[*heads, say("field.amount_minor"), say("paper.pays")]]
        rows += [self._row(number, view) for number, view in enumerate(paper.views, start=1)]
        total = sum(view.line["approved_minor"] for view in paper.views)
        rows.append(
            ["", say("field.total_minor"), "", "", "", "", self._money(paper.claim["total_minor"]), self._money(total)]
        )
        yield self.sheet.table(rows, [8, 18, 40, 20, 36, 20, 20, 20], numbers=(6, 7))
        own = [step for step in paper.trail if step.record_id == paper.claim["id"]]
        yield from self._trail(own)

    def _row(self, number: int, view: LineView) -> list[str]:
        line, receipt = view.line, view.receipt
        amounts = [self._money(line["amount_minor"]), self._money(line["approved_minor"])]
        about = [self.words.say(f"category.{receipt['category']}"), receipt["seller_name"], receipt["issued_on"]]
        return [str(number), *about, _fapiao(receipt), self.words.say(f"status.{line['status']}"), *amounts]

    def _line(self, number: int, view: LineView) -> Iterator[Flowable]:
        line, receipt, say = view.line, view.receipt, self.words.say
        yield Spacer(0, 5 * mm)
        about = (say(f"category.{receipt['category']}"), receipt["seller_name"], self._money(line["amount_minor"]))
        yield self.sheet.heading(" · ".join(filter(None, (f"№ {number}", *about))), 2)
        paid = f"{self.words.moment(line['paid_at'])} {line['payment_reference']}" if line["paid_at"] else ""
        tools = (
            (item["name"], say("finance.returned_of", returned=item["stocked_in_quantity"], bought=item["quantity"]))
            for item in view.purchases
        )
        yield self.sheet.values(
            [
                (say("field.status"), say(f"status.{line['status']}")),
                (say("field.set_off_minor"), self._money(line["set_off_minor"]) if line["set_off_minor"] else ""),
                (say("paper.paid_out"), self._money(payable_minor(line)) if line["set_off_minor"] else ""),
                (say("field.issued_on"), "" if receipt["allowance_until"] else receipt["issued_on"]),
                (say("category.allowance"), _days(receipt)),
                *((item["day"], self._rate(item)) for item in receipt["allowance_days"] or ()),
                (say("field.fapiao_number"), _fapiao(receipt)),
                (say("field.seller_tax_id"), receipt["seller_tax_id"]),
                *tools,
                (say("field.note"), " ".join(text for text in (receipt["note"], line["note"]) if text)),
                (say("status.paid"), paid),
            ]
        )
        yield from self._read(receipt)
        for finding in line["findings"]:
            mark = say("severity.waived" if finding.get("waived") else f"severity.{finding['severity']}")
            yield self.sheet.text(f"{finding.get('article', '')} {mark}: {self.words.finding(finding)}")
        ids = {line["id"], *(waiver["id"] for waiver in view.waivers), *self.paper.evidence.get(receipt["id"], ())}
        yield from self._trail([step for step in self.paper.trail if step.record_id in ids])
        yield from self._pictures(number, view)

    def _rate(self, item: Record) -> str:
        return f"{self.words.place(item['division_code'])} · {self._money(item['rate_minor'])}"

    def _read(self, receipt: Record) -> Iterator[Flowable]:
        say = self.words.say
        rows = [
            [
                say(f"fact.{row.kind}"),
                self._value(row.kind, row.item["value"]),
                self._value(row.kind, row.typed),
                say(f"source.{row.item['source']}"),
            ]
            for row in rows_of(receipt)
        ]
        if rows:
            heads = [say(f"reading.{name}") for name in ("what", "read", "typed", "from")]
            yield self.sheet.table([heads, *rows], [36, 60, 50, 36])

    def _trail(self, steps: Sequence[Step]) -> Iterator[Flowable]:
        say = self.words.say
        rows = [
            [
                str(step.seq),
                self.words.moment(step.at),
                step.who,
                step.what + (f" ({say('paper.cause', seq=step.cause)})" if step.cause else ""),
            ]
            for step in steps
        ]
        if rows:
            heads = [say(f"paper.{name}") for name in ("entry", "at", "who", "what")]
            yield self.sheet.table([heads, *rows], [16, 32, 26, 108])

    def _pictures(self, number: int, view: LineView) -> Iterator[Flowable]:
        say = self.words.say
        evidence = [sha256 for waiver in view.waivers for sha256 in waiver["attachments"] or ()]
        names = dict.fromkeys(evidence, say("waivers.evidence")) | dict.fromkeys(view.receipt["attachments"], "")
        for sha256 in dict.fromkeys([*view.receipt["attachments"], *evidence]):
            media = view.media.get(sha256, "")
            kind = " · ".join(filter(None, (names[sha256], media or say("finance.picture_not_here"))))
            caption = f"№ {number} · {kind} · SHA-256 {sha256}"
            shown = list(self._pages(sha256, media)) if media.startswith(_SHOWN) else []
            if not shown:
                yield self.sheet.text(caption + (f" · {say('paper.in_archive')}" if media else ""))
            for page, picture in enumerate(shown, start=1):
                yield PageBreak()
                yield self.sheet.text(f"{caption} · {page}/{len(shown)}")
                yield picture

    def _pages(self, sha256: str, media: str) -> Iterator[Flowable]:
        try:
            for path in pages_of(self.files, sha256, media):
                self.pictures += 1
                if self.pictures > MOST_PICTURES:
                    return
                yield Picture(path)
        except CouldNotBeRead:
            return

    def _value(self, kind: str, value: Any) -> str:
        is_amount = kind.startswith("amount") and str(value).isdecimal()
        return self._money(int(value)) if is_amount else str(value or "")

    def _money(self, amount_minor: int) -> str:
        return self.words.money(amount_minor, self.paper.claim["currency"])


def _days(receipt: Record) -> str:
    return f"{receipt['issued_on']} – {receipt['allowance_until']}" if receipt["allowance_until"] else ""


def _fapiao(receipt: Record) -> str:
    return " ".join(part for part in (receipt["fapiao_code"], receipt["fapiao_number"]) if part)
