"""Fields of e-invoices that are XML: the fully digital one, the older VAT one, the rail and the air ticket.

Sources: the fully digital file as published in several programs' test data (root `EInvoice`); the VAT file by its
namespace `http://www.edrm.org.cn/schema/e-invoice/2019`; rail and air by the taxonomies `rai` and `atr` of 2021-11-30.
The standards themselves are not published in one place, so an element that is missing is a fact that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from server.receipts.fapiao import normal
from server.receipts.qr import NET_TYPES, RAIL, TOTAL_TYPES, parse_qr
from server.receipts.readers.fact import Box, Fact, Source, Unreadable
from server.receipts.readers.markup import all_named, name_of, text_of
from server.receipts.readers.values import day_of, is_personal_id, minor_of, plain

_MAX_ITEMS = 50
_REFUND = "退"


def invoice_facts(root: Element, source: Source) -> list[Fact]:
    """The facts of an e-invoice. Raises Unreadable(`document_unknown`) where it is none of the known kinds."""
    reader = _reader(root)
    if reader is None:
        raise Unreadable("document_unknown")
    facts = [fact for fact in reader(root, source) if fact.value]
    if not any(fact.kind == "fapiao_number" for fact in facts):
        raise Unreadable("document_unknown")
    return facts


def is_invoice(root: Element) -> bool:
    """Whether this is one of the known kinds."""
    return _reader(root) is not None


def _reader(root: Element) -> Callable[[Element, Source], Iterator[Fact]] | None:
    name = name_of(root)
    if name == "EInvoice":
        return _digital
    if name == "eInvoice":
        return _vat
    if name == "xbrl":
        if text_of(root, "ElectronicInvoiceRailwayETicketNumber"):
            return _rail
        if text_of(root, "ElectronicInvoiceAirTransportReceiptNumber"):
            return _air
    return None


def _digital(root: Element, source: Source) -> Iterator[Fact]:
    seller, buyer = _first(root, "SellerInformation"), _first(root, "BuyerInformation")
    basic, tax = _first(root, "BasicInformation"), _first(root, "TaxSupervisionInfo")
    special = _first(root, "SpecificInformation")
    journeys = list(all_named(root, "PassengerTransportation"))
    tolls = list(all_named(root, "Toll"))
    is_ride = any("客运服务" in text_of(item, "ItemName") for item in all_named(root, "IssuItemInformation"))
    yield Fact("document", "coach" if journeys else "toll" if tolls else "ride" if is_ride else "digital", source)
    yield Fact("fapiao_number", normal(text_of(tax, "InvoiceNumber") or text_of(root, "EIid")), source)
    yield Fact("issued_on", day_of(text_of(tax, "IssueTime") or text_of(basic, "RequestTime")), source)
    yield Fact("amount_net", minor_of(text_of(basic, "TotalAmWithoutTax")), source)
    yield Fact("amount_tax", minor_of(text_of(basic, "TotalTaxAm")), source)
    yield Fact("amount_total", minor_of(text_of(basic, "TotalTax-includedAmount")), source)
    yield from _party("seller", text_of(seller, "SellerName"), text_of(seller, "SellerIdNum"), source)
    yield Fact("seller_address", text_of(seller, "SellerAddr"), source)
    yield from _party("buyer", text_of(buyer, "BuyerName"), text_of(buyer, "BuyerIdNum"), source)
    items = list(all_named(root, "IssuItemInformation"))
    yield from _items((text_of(item, "ItemName") for item in items), source)
    yield from _prices(items, "Amount", "ComTaxAm", source)
    yield Fact("remark", text_of(root, "AdditionalInformation", "Remark"), source)
    for leg, journey in enumerate(journeys[:_MAX_ITEMS]):
        yield Fact("departure", text_of(journey, "Departure"), source, leg=leg)
        yield Fact("destination", text_of(journey, "Destination"), source, leg=leg)
        yield Fact("travel_on", day_of(text_of(journey, "TravelDate")), source, leg=leg)
        yield Fact("passenger", text_of(journey, "Traveler"), source, leg=leg)
    for toll in tolls[:1]:
        yield Fact("travel_on", day_of(text_of(toll, "StartDatesOfPassage")), source)
    if special is not None and not journeys:
        yield Fact("service_place", _lodging_place(special), source)


def _lodging_place(special: Element) -> str:
    """The address in a part for lodging or building services, whatever its kind is called."""
    wanted = ("Address", "Place", "Location", "Addr")
    return next((plain(e.text or "") for e in special.iter() if name_of(e).endswith(wanted) and e.text), "")


def _vat(root: Element, source: Source) -> Iterator[Fact]:
    seller, buyer = _first(root, "Seller"), _first(root, "Buyer")
    yield Fact("document", "vat", source)
    yield Fact("fapiao_code", normal(text_of(root, "InvoiceCode")), source)
    yield Fact("fapiao_number", normal(text_of(root, "InvoiceNo")), source)
    yield Fact("issued_on", day_of(text_of(root, "IssueDate")), source)
    yield Fact("amount_net", minor_of(text_of(root, "TaxExclusiveTotalAmount")), source)
    yield Fact("amount_tax", minor_of(text_of(root, "TaxTotalAmount")), source)
    yield Fact("amount_total", minor_of(text_of(root, "TaxInclusiveTotalAmount")), source)
    yield from _party("seller", text_of(seller, "SellerName"), text_of(seller, "SellerTaxID"), source)
    yield Fact("seller_address", text_of(seller, "SellerAddrTel"), source)
    yield from _party("buyer", text_of(buyer, "BuyerName"), text_of(buyer, "BuyerTaxID"), source)
    items = list(all_named(root, "GoodsInfo"))
    yield from _items((text_of(item, "Item") for item in items), source)
    yield from _prices(items, "Amount", "TaxAmount", source)
    yield Fact("remark", text_of(root, "Note"), source)
    yield from qr_facts(text_of(root, "GraphCode"))


def _rail(root: Element, source: Source) -> Iterator[Fact]:
    is_refund = _REFUND in text_of(root, "TypeOfBusiness")
    yield Fact("document", "rail_refund" if is_refund else "rail", source)
    yield Fact("fapiao_number", normal(text_of(root, "ElectronicInvoiceRailwayETicketNumber")), source)
    yield Fact("issued_on", day_of(text_of(root, "DateOfIssue")), source)
    yield Fact("amount_total", minor_of(text_of(root, "Fare")), source)
    yield Fact("amount_tax", minor_of(text_of(root, "TaxAmount")), source)
    buyer, tax_id = text_of(root, "NameOfPurchaser"), text_of(root, "UnifiedSocialCreditCodeOfPurchaser")
    yield from _party("buyer", buyer, tax_id, source)
    yield Fact("passenger", text_of(root, "Name"), source)
    if not is_refund:
        yield Fact("departure", text_of(root, "DepartureStation"), source)
        yield Fact("destination", text_of(root, "DestinationStation"), source)
        yield Fact("travel_on", day_of(text_of(root, "TravelDate")), source)


def _air(root: Element, source: Source) -> Iterator[Fact]:
    yield Fact("document", "air", source)
    yield Fact("fapiao_number", normal(text_of(root, "ElectronicInvoiceAirTransportReceiptNumber")), source)
    yield Fact("issued_on", day_of(text_of(root, "IssueDate") or text_of(root, "DateOfIssue")), source)
    yield Fact("amount_total", minor_of(text_of(root, "TotalAmount")), source)
    buyer, tax_id = text_of(root, "NameOfPurchaser"), text_of(root, "UnifiedSocialCreditCodeOfPurchaser")
    yield from _party("buyer", buyer, tax_id, source)
    yield Fact("passenger", text_of(root, "PassengerName"), source)
    for leg, flight in enumerate(list(all_named(root, "DetailInformationOfAirTicketTuple"))[:_MAX_ITEMS]):
        yield Fact("departure", text_of(flight, "DepartureStation"), source, leg=leg)
        yield Fact("destination", text_of(flight, "DestinationStation"), source, leg=leg)
        yield Fact("travel_on", day_of(text_of(flight, "CarrierDate")), source, leg=leg)


def qr_facts(text: str, box: Box | None = None) -> Iterator[Fact]:
    """What the text of an invoice's QR says; nothing where it is another QR. `box` is where it stands."""
    qr = parse_qr(text)
    if qr is None:
        return
    kind = "amount_net" if qr.type in NET_TYPES else "amount_total" if qr.type in TOTAL_TYPES else ""
    known = {"fapiao_code": qr.code, "fapiao_number": qr.number, "issued_on": qr.issued_on}
    known |= {"qr_text": text.strip(), "qr_type": qr.type}
    if kind and qr.amount_minor is not None:
        known[kind] = str(qr.amount_minor)
    if qr.type == RAIL:
        known["document"] = "rail"
    for name, value in known.items():
        if value:
            yield Fact(name, value, "qr", box=box)


def _party(who: str, name: str, tax_id: str, source: Source) -> Iterator[Fact]:
    yield Fact(f"{who}_name", name, source)
    if not is_personal_id(normal(tax_id)):
        yield Fact(f"{who}_tax_id", normal(tax_id), source)


def _items(names: Iterator[str], source: Source) -> Iterator[Fact]:
    for name in list(dict.fromkeys(names))[:_MAX_ITEMS]:
        yield Fact("item", name, source)


def _prices(items: list[Element], net: str, tax: str, source: Source) -> Iterator[Fact]:
    """What each line of the invoice comes to, without and with tax, in the order of the lines."""
    for line, item in enumerate(items[:_MAX_ITEMS]):
        amounts = minor_of(text_of(item, net)), minor_of(text_of(item, tax))
        if amounts[0]:
            yield Fact("item_net", amounts[0], source, leg=line)
            yield Fact("item_total", str(int(amounts[0]) + int(amounts[1] or "0")), source, leg=line)


def _first(root: Element, name: str) -> Element | None:
    return next(all_named(root, name), None)
