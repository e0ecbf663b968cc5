"""Small documents with what a test wants them to say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from server.attachments.inspect_file import inspect
from server.attachments.policy import settle_file
from server.attachments.records import stored_files
from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.change import new_id
from tests.server.world import HANGZHOU_SELLER

COMPANY, COMPANY_ID = "Northern Pumps Co.", "91110000802100433B"
SAMPLES = Path(__file__).parents[2] / "samples"


def digital_xml(**says: str) -> bytes:
    """A fully digital e-invoice as XML: a hotel's, of the company, over 300.00, unless said otherwise."""
    text = {
        "number": "26332000000012345678",
        "issued": "2026-11-11",
        "net": "283.02",
        "tax": "16.98",
        "total": "300.00",
        "seller": "湖滨示例酒店",
        "seller_id": HANGZHOU_SELLER,
        "address": "",
        "buyer": COMPANY,
        "buyer_id": COMPANY_ID,
        "item": "*住宿服务*住宿费",
        "remark": "",
        "special": "",
        "items": "",
    } | says
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<EInvoice><Header><EIid>{text["number"]}</EIid></Header><EInvoiceData>
<SellerInformation><SellerIdNum>{text["seller_id"]}</SellerIdNum><SellerName>{text["seller"]}</SellerName>
<SellerAddr>{text["address"]}</SellerAddr></SellerInformation>
<BuyerInformation><BuyerIdNum>{text["buyer_id"]}</BuyerIdNum><BuyerName>{text["buyer"]}</BuyerName></BuyerInformation>
<BasicInformation><TotalAmWithoutTax>{text["net"]}</TotalAmWithoutTax><TotalTaxAm>{text["tax"]}</TotalTaxAm>
<TotalTax-includedAmount>{text["total"]}</TotalTax-includedAmount></BasicInformation>
<IssuItemInformation><ItemName>{text["item"]}</ItemName></IssuItemInformation>{text["items"]}
<SpecificInformation>{text["special"]}</SpecificInformation>
<AdditionalInformation><Remark>{text["remark"]}</Remark></AdditionalInformation></EInvoiceData>
<TaxSupervisionInfo><InvoiceNumber>{text["number"]}</InvoiceNumber>
<IssueTime>{text["issued"]}</IssueTime></TaxSupervisionInfo></EInvoice>""".encode()


def item(name: str, net: str, tax: str) -> str:
    """One more line of an e-invoice."""
    amounts = f"<Amount>{net}</Amount><ComTaxAm>{tax}</ComTaxAm>"
    return f"<IssuItemInformation><ItemName>{name}</ItemName>{amounts}</IssuItemInformation>"


def coach(start: str, end: str, day: str, who: str = "") -> str:
    """The part of an e-invoice for passenger transport."""
    return (
        f"<PassengerTransportation><Departure>{start}</Departure><Destination>{end}</Destination>"
        f"<TravelDate>{day}</TravelDate><Traveler>{who}</Traveler></PassengerTransportation>"
    )


def bring(services: Services, owner: Actor, data: bytes, media_type: str = "application/xml") -> str:
    """Bring a document's bytes to the server, as an upload does. Gives its hash."""
    sha256 = send(services, data)
    about: dict[str, Any] = {"sha256": sha256, "media_type": media_type, "size": len(data)}
    services.engine.write(owner, lambda write: write.create("attachment", about))
    arrive(services, owner, sha256)
    return sha256


def send(services: Services, data: bytes) -> str:
    """Put bytes in their place."""
    sha256 = hashlib.sha256(data).hexdigest()
    part = services.files.part(new_id())
    part.write_bytes(data)
    services.files.keep(part, sha256)
    return sha256


def arrive(services: Services, owner: Actor, sha256: str) -> None:
    """Look into the bytes, and tell the records that name them."""
    found = inspect(services.files.path(sha256))
    row = {"sha256": sha256, "owner_id": owner.id, "media_type": found.media_type, "size": 1}
    row |= {"verdict": found.verdict, "fingerprint": found.fingerprint}

    def work(write: Any) -> None:
        write.connection.execute(insert(stored_files).values(row))
        settle_file(write, sha256, owner.id)

    services.engine.write(SYSTEM, work)
