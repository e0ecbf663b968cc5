"""The data files of e-invoices, element by element as the public ones have them."""

from __future__ import annotations

from random import Random
from xml.sax.saxutils import escape

from tests.documents.capitals import in_capitals
from tests.documents.contents import Invoice
from tests.documents.journeys import AirTicket, RailTicket
from tests.documents.numbers import digits
from tests.documents.parties import masked_id, person
from tests.documents.sample import Leg

Node = tuple[str, "str | list[Node]"]

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_VAT = 'xmlns:fp="http://www.edrm.org.cn/schema/e-invoice/2019"'
_XBRL = "http://www.xbrl.org/2003/instance"
_TAXONOMY = "http://xbrl.mof.gov.cn/taxonomy/2021-11-30/"


def digital_xml(invoice: Invoice, random: Random) -> bytes:
    """The fully digital e-invoice: root `EInvoice`, no namespace."""
    truth = invoice.truth
    net, tax, total = truth.net_minor or 0, truth.tax_minor or 0, truth.amount_minor
    kind = ("01", "增值税专用发票") if invoice.is_special else ("02", "普通发票")
    header: list[Node] = [
        ("EIid", truth.fapiao_number),
        ("EInvoiceTag", f"SWEI{invoice.bureau.code[:2]}00"),
        ("Version", "0.2"),
        ("InherentLabel", [
            ("InIssuType", [("LabelCode", "Y"), ("LabelName", "是否蓝字发票")]),
            ("EInvoiceType", [("LabelCode", "01"), ("LabelName", "增值税发票")]),
            ("GeneralOrSpecialVAT", [("LabelCode", kind[0]), ("LabelName", kind[1])]),
        ]),
    ]  # fmt: skip
    data: list[Node] = [
        ("SellerInformation", [
            ("SellerIdNum", truth.seller_tax_id), ("SellerName", truth.seller_name),
            ("SellerAddr", truth.seller_address), ("SellerTelNum", invoice.telephone if truth.seller_address else ""),
        ]),
        ("BuyerInformation", [("BuyerIdNum", truth.buyer_tax_id), ("BuyerName", truth.buyer_name)]),
        ("BasicInformation", [
            ("TotalAmWithoutTax", _yuan(net)), ("TotalTaxAm", _yuan(tax)), ("TotalTax-includedAmount", _yuan(total)),
            ("TotalTax-includedAmountInChinese", in_capitals(total)), ("Drawer", invoice.drawer),
            ("RequestTime", f"{truth.issued_on} {random.randint(8, 19):02d}:{random.randint(0, 59):02d}:07"),
        ]),
        ("IssuItemInformation", [
            ("ItemName", truth.item), ("SpecMod", ""), ("MeaUnits", invoice.unit), ("Quantity", str(invoice.quantity)),
            ("UnPrice", f"{net / invoice.quantity / 100:.10f}"), ("Amount", _yuan(net)),
            ("TaxRate", f"{invoice.rate / 100:g}"), ("ComTaxAm", _yuan(tax)),
            ("TotaltaxIncludedAmount", _yuan(total)), ("TaxClassificationCode", digits(random, 19)),
        ]),
        ("SpecificInformation", _specific(invoice, random)),
        ("AdditionalInformation", [("Remark", truth.remark)] if truth.remark else ""),
    ]  # fmt: skip
    bureau = f"国家税务总局{invoice.bureau.province}税务局"
    root: list[Node] = [
        ("Header", header),
        ("EInvoiceData", data),
        ("SellerAuthentication", [("AuthenticationMethods", "1")]),
        ("TaxSupervisionInfo", [
            ("InvoiceNumber", truth.fapiao_number), ("IssueTime", truth.issued_on),
            ("TaxBureauCode", f"1{invoice.bureau.code}0000"), ("TaxBureauName", bureau),
        ]),
        ("TaxBureauSignature", [
            ("SignatureTime", f"{truth.issued_on} 12:00:00"), ("SignatureValue", digits(random, 64)),
        ]),
    ]  # fmt: skip
    return (_HEAD + _written("EInvoice", root, indented=random.random() < 0.5)).encode()


def vat_xml(invoice: Invoice, random: Random) -> bytes:
    """The older VAT e-invoice's attachment: root `eInvoice` without a prefix, all else in the namespace."""
    truth = invoice.truth
    net, tax = _yuan(truth.net_minor or 0), _yuan(truth.tax_minor or 0)
    clerk = invoice.drawer
    parts: list[Node] = [
        ("DocID", "01"), ("InvoiceCode", truth.fapiao_code), ("InvoiceNo", truth.fapiao_number), ("TypeCode", "0"),
        ("IssueDate", _day(truth.issued_on)), ("InvoiceCheckCode", invoice.check_code),
        ("MachineNo", digits(random, 12)),
        ("TaxControlCode", ">548-1109>61*9-52160+\n2>+<79<931"),
        ("Buyer", [("BuyerName", truth.buyer_name), ("BuyerTaxID", truth.buyer_tax_id), ("BuyerAddrTel", "")]),
        ("Seller", [
            ("SellerName", truth.seller_name), ("SellerTaxID", truth.seller_tax_id),
            ("SellerAddrTel", f"{truth.seller_address}{invoice.telephone}"), ("SellerFinancialAccount", ""),
        ]),
        ("TaxInclusiveTotalAmount", _yuan(truth.amount_minor)), ("Note", truth.remark), ("InvoiceClerk", clerk),
        ("Payee", clerk), ("Checker", clerk), ("TaxTotalAmount", tax), ("TaxExclusiveTotalAmount", net),
        ("GraphCode", invoice.qr_text),
        ("GoodsInfos", [("GoodsInfo", [
            ("Item", truth.item), ("Quantity", str(invoice.quantity)), ("Amount", net),
            ("TaxScheme", f"{invoice.rate}%"), ("TaxAmount", tax),
        ])]),
    ]  # fmt: skip
    return (_HEAD + _written("eInvoice", parts, prefix="fp:", root=f'eInvoice {_VAT} Version="1.0"')).encode()


def rail_xml(ticket: RailTicket) -> bytes:
    """The railway's XBRL (taxonomy `rai`)."""
    truth, leg = ticket.truth, ticket.truth.legs[0]
    facts = (
        ("TypeOfVoucher", "电子发票（铁路电子客票）"), ("ElectronicInvoiceRailwayETicketNumber", truth.fapiao_number),
        ("DateOfIssue", truth.issued_on), ("TypeOfBusiness", "售"), ("DepartureStation", leg.departure),
        ("DestinationStation", leg.destination), ("TrainNumber", ticket.train), ("TravelDate", leg.travel_on),
        ("DepartureTime", ticket.departs), ("SeatLevel", ticket.seat_class), ("Carriage", ticket.seat[:2]),
        ("Seat", ticket.seat[3:]), ("Fare", _yuan(truth.amount_minor)),
        ("TotalAmountExcludingTax", _yuan(truth.net_minor or 0)), ("TaxRate", "0.09"),
        ("TaxAmount", _yuan(truth.tax_minor or 0)), ("Name", ticket.passenger), ("ValidIdNumber", ticket.passenger_id),
        ("ETicketNumber", ticket.ticket_number), ("NameOfPurchaser", truth.buyer_name),
        ("UnifiedSocialCreditCodeOfPurchaser", truth.buyer_tax_id),
    )  # fmt: skip
    context = "As_Of_" + truth.issued_on.replace("-", "_")
    body = "".join(f'  <rai:{name} contextRef="{context}">{escape(value)}</rai:{name}>\n' for name, value in facts)
    opening = (
        f'<xbrl xmlns="{_XBRL}" xmlns:rai="{_TAXONOMY}rai">\n  <context id="{context}"><entity>'
        f'<identifier scheme="http://xbrl.mof.gov.cn">{truth.fapiao_number}</identifier></entity>'
        f"<period><instant>{truth.issued_on}</instant></period></context>\n"
        '  <unit id="CNY"><measure>iso4217:CNY</measure></unit>\n'
    )
    return f"{_HEAD}{opening}{body}</xbrl>\n".encode()


def air_xml(ticket: AirTicket) -> bytes:
    """The airlines' XBRL (taxonomy `atr`): one tuple for each flight."""
    truth = ticket.truth
    flights = "".join(
        _xbrl(
            "DetailInformationOfAirTicketTuple",
            _xbrl("DepartureStation", leg.departure) + _xbrl("DestinationStation", leg.destination)
            + _xbrl("Carrier", flight[:2]) + _xbrl("Flight", flight) + _xbrl("CarrierDate", leg.travel_on)
            + _xbrl("DepartureTime", time),
        )
        for leg, flight, time in zip(truth.legs, ticket.flights, ticket.departs, strict=True)
    )  # fmt: skip
    facts = (
        ("TypeOfVoucher", "电子发票（航空运输电子客票行程单）"), ("PassengerName", ticket.passenger),
        ("ValidIdNumber", ticket.passenger_id), ("ElectronicInvoiceAirTransportReceiptNumber", truth.fapiao_number),
    )  # fmt: skip
    sums = (
        ("Fare", _yuan(ticket.fare)), ("FuelSurcharge", _yuan(ticket.fuel)),
        ("CivilAviationDevelopmentFund", _yuan(ticket.fund)), ("VatRate", "0.09"),
        ("VatTaxAmount", _yuan(truth.tax_minor or 0)), ("TotalAmount", _yuan(truth.amount_minor)),
        ("ETicketNumber", ticket.ticket_number), ("IssueDate", truth.issued_on), ("NameOfPurchaser", truth.buyer_name),
        ("UnifiedSocialCreditCodeOfPurchaser", truth.buyer_tax_id),
    )  # fmt: skip
    body = "".join(_xbrl(name, escape(value)) for name, value in facts) + flights
    body += "".join(_xbrl(name, escape(value)) for name, value in sums)
    return f'{_HEAD}<xbrli:xbrl xmlns:xbrli="{_XBRL}" xmlns:atr="{_TAXONOMY}atr">\n{body}</xbrli:xbrl>\n'.encode()


def _specific(invoice: Invoice, random: Random) -> str | list[Node]:
    truth = invoice.truth
    if truth.document == "toll":
        passed = truth.legs[0].travel_on.replace("-", "") + f"{random.randint(6, 22):02d}2851000"
        parts: list[Node] = [
            ("PlateNumber", f"{invoice.bureau.plate}D{digits(random, 4)}"), ("VehicleType", "客车"),
            ("StartDatesOfPassage", passed), ("EndDatesOfPassage", passed),
        ]  # fmt: skip
        return [("Toll", parts)]
    return [("PassengerTransportation", _journey(leg, random)) for leg in truth.legs] or ""


def _journey(leg: Leg, random: Random) -> list[Node]:
    return [
        ("Departure", leg.departure), ("Destination", leg.destination), ("Traveler", person(random)),
        ("ValidIDNumber", masked_id(random)), ("TravelDate", leg.travel_on), ("Grade", ""), ("Vehicletype", "长途汽车"),
    ]  # fmt: skip


def _written(name: str, content: str | list[Node], *, prefix: str = "", root: str = "", indented: bool = False) -> str:
    inner = escape(content) if isinstance(content, str) else ""
    if not isinstance(content, str):
        gap = "\n" if indented else ""
        inner = gap + gap.join(
            _written(prefix + part, inside, prefix=prefix, indented=indented) for part, inside in content
        )
        inner += gap
    return f"<{root or name}>{inner}</{name}>"


def _xbrl(name: str, inside: str) -> str:
    return f"<atr:{name}>{inside}</atr:{name}>\n"


def _yuan(minor: int) -> str:
    return f"{minor / 100:.2f}"


def _day(text: str) -> str:
    year, month, day = text.split("-")
    return f"{year}年{month}月{day}日"
