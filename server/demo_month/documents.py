"""The documents of the demo month: e-invoices as files, slips as drawn pictures with what is read off them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from server.attachments.picture import fingerprint
from server.claims.settings import Company
from server.demo import E_INVOICE
from server.demo_month.plan import Paper
from server.receipts.readers import Fact, read_by, readers_of
from server.receipts.readers.places import with_places

_TICKET = """<?xml version="1.0" encoding="UTF-8"?>
<xbrl xmlns:rai="http://xbrl.mof.gov.cn/taxonomy/2021-11-30/rai">
<rai:ElectronicInvoiceRailwayETicketNumber>{number}</rai:ElectronicInvoiceRailwayETicketNumber>
<rai:TypeOfBusiness>{business}</rai:TypeOfBusiness><rai:DateOfIssue>{day}</rai:DateOfIssue>
<rai:DepartureStation>{start}</rai:DepartureStation><rai:DestinationStation>{end}</rai:DestinationStation>
<rai:TravelDate>{day}</rai:TravelDate><rai:Fare>{total}</rai:Fare><rai:Name>{passenger}</rai:Name>
<rai:NameOfPurchaser>{buyer}</rai:NameOfPurchaser>
<rai:UnifiedSocialCreditCodeOfPurchaser>{buyer_id}</rai:UnifiedSocialCreditCodeOfPurchaser></xbrl>"""
_PRINT_IS_SURE = 0.97


@dataclass(frozen=True)
class Document:
    """A file as a phone sends it, its picture's fingerprint, and what each of its readers finds."""

    data: bytes
    media_type: str
    fingerprint: str
    facts: dict[str, list[dict[str, Any]]]

    @property
    def sha256(self) -> str:
        """The file's name."""
        return hashlib.sha256(self.data).hexdigest()


def document_of(paper: Paper, company: Company) -> Document:
    """The paper's file. An e-invoice goes through its real reader; a drawn slip is read as it was drawn."""
    if paper.form in ("invoice", "rail"):
        data = _file(paper.file_of or paper, company).encode()
        reading = read_by("xml", data, "application/xml")
        return Document(
            data, "application/xml", "", {"xml": [fact.to_wire() for fact in reading.facts] if reading else []}
        )
    picture = _drawn(paper.file_of or paper)
    saved = io.BytesIO()
    picture.save(saved, "JPEG", quality=60 if paper.file_of else 85)
    read = {reader.name: list[dict[str, Any]]() for reader in readers_of("image/jpeg")}
    read["print"] = [fact.to_wire() for fact in with_places(_printed(paper))]
    return Document(saved.getvalue(), "image/jpeg", fingerprint(picture), read)


def _file(paper: Paper, company: Company) -> str:
    total = paper.says.get("total", paper.amount)
    net = paper.says.get("net", round(total / 1.06))
    day: date = paper.says.get("day", paper.day)
    words = {
        "number": paper.number,
        "day": day.isoformat(),
        "seller": paper.seller.name,
        "tax_id": paper.seller.tax_id,
        "buyer": paper.says.get("buyer", company.name),
        "buyer_id": paper.says.get("buyer_id", company.tax_id),
        "net": _yuan(net),
        "tax": _yuan(paper.says.get("tax", total - net)),
        "total": _yuan(total),
        "business": paper.says.get("business", "售"),
        "start": paper.ends[0],
        "end": paper.ends[1],
        "passenger": paper.passenger,
    }
    return (_TICKET if paper.form == "rail" else E_INVOICE).format(**{key: escape(word) for key, word in words.items()})


def _printed(paper: Paper) -> list[Fact]:
    """What text recognition finds on the slip."""
    words = {"fapiao_code": paper.code, "fapiao_number": paper.number, "issued_on": paper.day.isoformat()}
    words |= {"amount_total": str(paper.amount), "title" if paper.form == "slip" else "seller_name": paper.seller.name}
    return [Fact(kind, value, "ocr", _PRINT_IS_SURE) for kind, value in words.items() if value]


def _drawn(paper: Paper) -> Image.Image:
    """A slip with its figures, and a stamp of its own so that no two look alike."""
    picture = Image.new("RGB", (360, 480), "#fffdf5")
    draw = ImageDraw.Draw(picture)
    for row, text in enumerate(("DEMO", paper.code, paper.number, paper.day.isoformat(), f"CNY {_yuan(paper.amount)}")):
        draw.text((24, 20 + row * 34), text, fill="#222", font_size=24)
    stamp = hashlib.sha256(f"{paper.id}{paper.number}".encode()).digest()
    for at, shade in enumerate(stamp):
        left, top = 20 + at % 8 * 40, 220 + at // 8 * 60
        draw.rectangle((left, top, left + 36, top + 56), fill=(shade, shade, 255 - shade))
    return picture


def _yuan(minor: int) -> str:
    return f"{minor / 100:.2f}"
