"""One document from its kind and a seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import numpy as np

from tests.documents import contents, journeys
from tests.documents.camera import aim, photograph
from tests.documents.contents import Invoice
from tests.documents.damage import DAMAGES, spoil, without_qr
from tests.documents.invoice_page import invoice_page
from tests.documents.invoice_xml import air_xml, digital_xml, rail_xml, vat_xml
from tests.documents.ofd import ofd
from tests.documents.page import Page
from tests.documents.pdf import pdf
from tests.documents.places import BY_CODE
from tests.documents.raster import Wear, draw, png
from tests.documents.sample import Sample, Truth
from tests.documents.ticket_page import air_page, fixed_page, rail_page, taxi_page, toll_page

_CLEAN_SCALE = 10.0
_SLIP_WIDTH = 100
_A4_HEIGHT, _A4_SHARE = 297, 0.3
"""Some print an e-invoice on a whole sheet and photograph the sheet."""
_LOOKALIKE_SHARE = 0.15
_BROKEN_TAGS_SHARE = 0.3


def make(kind: str, seed: int, *, camera: bool = False) -> Sample:
    """Draw a document of one of KINDS. The same arguments give the same bytes.

    `camera` photographs a picture; without it the picture is clean, as a screenshot is. Files take no notice of it.
    """
    random = Random(f"{kind}:{seed}")
    if kind in PICTURES:
        return _picture(kind, seed, random, camera)
    media_type, data, truth = _FILES[kind](random)
    return Sample(kind, media_type, data, truth)


def _digital_xml(random: Random) -> tuple[str, bytes, Truth]:
    return _xml(contents.invoice(random), random)


def _coach_xml(random: Random) -> tuple[str, bytes, Truth]:
    return _xml(contents.coach(random), random)


def _toll_xml(random: Random) -> tuple[str, bytes, Truth]:
    return _xml(contents.toll(random), random)


def _ride_xml(random: Random) -> tuple[str, bytes, Truth]:
    return _xml(contents.ride(random), random)


def _xml(invoice: Invoice, random: Random) -> tuple[str, bytes, Truth]:
    return "application/xml", digital_xml(invoice, random), invoice.truth


def _digital_ofd(random: Random) -> tuple[str, bytes, Truth]:
    invoice = contents.invoice(random)
    data = ofd(invoice_page(invoice, random), _named(invoice.truth, with_total=random.random() < 0.5))
    return "application/ofd", data, replace(_printed(invoice.truth), has_qr=True)


def _vat_ofd(random: Random) -> tuple[str, bytes, Truth]:
    invoice = contents.invoice(random, is_vat=True)
    truth = invoice.truth
    check = " ".join(invoice.check_code[at : at + 5] for at in range(0, 20, 5))
    named = {"发票代码": truth.fapiao_code} | _named(truth) | {"校验码": check}
    attachment = ("original_invoice.xml", vat_xml(invoice, random))
    is_broken = random.random() < _BROKEN_TAGS_SHARE
    data = ofd(invoice_page(invoice, random), named, attachment, is_tag_file_broken=is_broken)
    return "application/ofd", data, replace(truth, has_qr=True)


def _digital_pdf(random: Random) -> tuple[str, bytes, Truth]:
    invoice = contents.invoice(random)
    data = pdf(invoice_page(invoice, random), radicals=random.random() < _LOOKALIKE_SHARE)
    return "application/pdf", data, replace(_printed(invoice.truth), has_qr=True)


def _vat_pdf(random: Random) -> tuple[str, bytes, Truth]:
    invoice = contents.invoice(random, is_vat=True)
    data = pdf(invoice_page(invoice, random), radicals=random.random() < _LOOKALIKE_SHARE)
    return "application/pdf", data, replace(invoice.truth, has_qr=True)


def _rail_xml(random: Random) -> tuple[str, bytes, Truth]:
    ticket = journeys.rail(random)
    return "application/xml", rail_xml(ticket), ticket.truth


def _rail_ofd(random: Random) -> tuple[str, bytes, Truth]:
    ticket = journeys.rail(random)
    attachment = (f"rai_issuer_{ticket.truth.fapiao_number}.xml", rail_xml(ticket))
    data = ofd(rail_page(ticket), {"发票号码": ticket.truth.fapiao_number}, attachment)
    return "application/ofd", data, replace(ticket.truth, has_qr=True)


def _rail_pdf(random: Random) -> tuple[str, bytes, Truth]:
    ticket = journeys.rail(random)
    data = pdf(rail_page(ticket), radicals=random.random() < _LOOKALIKE_SHARE)
    return "application/pdf", data, replace(_without_tax(ticket.truth), has_qr=True)


def _air_ofd(random: Random) -> tuple[str, bytes, Truth]:
    ticket = journeys.air(random)
    attachment = (f"atr_issuer_{ticket.truth.fapiao_number}.xml", air_xml(ticket))
    return "application/ofd", ofd(air_page(ticket), {}, attachment), ticket.truth


def _digital_page(random: Random) -> tuple[Page, Truth]:
    invoice = contents.invoice(random)
    return invoice_page(invoice, random), _printed(invoice.truth)


def _vat_page(random: Random) -> tuple[Page, Truth]:
    invoice = contents.invoice(random, is_vat=True)
    return invoice_page(invoice, random), invoice.truth


def _rail_page(random: Random) -> tuple[Page, Truth]:
    ticket = journeys.rail(random)
    return rail_page(ticket), _without_tax(ticket.truth)


def _taxi_page(random: Random) -> tuple[Page, Truth]:
    slip = journeys.taxi(random)
    return taxi_page(slip), slip.truth


def _fixed_page(random: Random) -> tuple[Page, Truth]:
    coupon = journeys.fixed(random)
    return fixed_page(coupon), coupon.truth


def _toll_page(random: Random) -> tuple[Page, Truth]:
    slip = journeys.toll(random)
    return toll_page(slip, random), slip.truth


_FILES: dict[str, Callable[[Random], tuple[str, bytes, Truth]]] = {
    "digital-xml": _digital_xml,
    "digital-ofd": _digital_ofd,
    "digital-pdf": _digital_pdf,
    "vat-ofd": _vat_ofd,
    "vat-pdf": _vat_pdf,
    "rail-xml": _rail_xml,
    "rail-ofd": _rail_ofd,
    "rail-pdf": _rail_pdf,
    "air-ofd": _air_ofd,
    "coach-xml": _coach_xml,
    "toll-xml": _toll_xml,
    "ride-xml": _ride_xml,
}
_PAGES: dict[str, Callable[[Random], tuple[Page, Truth]]] = {
    "digital-picture": _digital_page,
    "digital-picture-noqr": _digital_page,
    "vat-picture": _vat_page,
    "vat-picture-noqr": _vat_page,
    "rail-picture": _rail_page,
    "taxi-picture": _taxi_page,
    "fixed-picture": _fixed_page,
    "toll-picture": _toll_page,
}
PICTURES = tuple(_PAGES)
KINDS = (*_FILES, *_PAGES)


def _picture(kind: str, seed: int, random: Random, camera: bool) -> Sample:
    page, truth = _PAGES[kind](random)
    light = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    if camera and truth.document in ("digital", "vat") and random.random() < _A4_SHARE:
        page = replace(page, height=_A4_HEIGHT)
    damage = random.choice(DAMAGES) if kind.endswith("-noqr") else None
    truth = replace(truth, has_qr=page.qr is not None and damage is None)
    shot = aim(light, is_wide=page.width > page.height, is_slip=page.width < _SLIP_WIDTH)
    scale = shot.scale(page.width, page.height) if camera else _CLEAN_SCALE
    toner = random.choice((0.0, 0.0, 0.0, random.uniform(0.1, 0.45))) if camera else 0.0
    drawn = draw(
        without_qr(page) if damage == "absent" else page, scale, pale=toner, wear=_wear(random) if camera else None
    ).convert("RGBA")
    if damage:
        drawn = spoil(drawn, page, scale, damage, random)
    if not camera:
        white = drawn.copy()
        white.paste((255, 255, 255), (0, 0, *drawn.size))
        white.alpha_composite(drawn)
        return Sample(kind, "image/png", png(white.convert("RGB")), truth)
    day = date.fromisoformat(truth.issued_on or "2026-11-10") + timedelta(random.randint(0, 3))
    taken_at = f"{day:%Y:%m:%d} {random.randint(7, 21):02d}:{random.randint(0, 59):02d}:{random.randint(0, 59):02d}"
    data = photograph(drawn, shot, light, taken_at, BY_CODE[truth.place].position)
    return Sample(kind, "image/jpeg", data, truth)


def _wear(random: Random) -> Wear:
    fade = (0.0, 0.0) if random.random() < 0.4 else (random.uniform(0, 0.6), random.uniform(0, 0.6))
    dead = tuple(random.random() for _ in range(random.choice((0, 0, 0, 1, 3))))
    return Wear(fade, (random.uniform(-1.5, 1.5), random.uniform(-1.5, 1)), dead)


def _printed(truth: Truth) -> Truth:
    """The page of a fully digital invoice has no line for the seller's address."""
    return replace(truth, seller_address="")


def _without_tax(truth: Truth) -> Truth:
    """A rail ticket's page states the fare alone."""
    return replace(truth, net_minor=None, tax_minor=None)


def _named(truth: Truth, *, with_total: bool = False) -> dict[str, str]:
    year, month, day = truth.issued_on.split("-")
    named = {
        "发票号码": truth.fapiao_number,
        "合计税额": f"{(truth.tax_minor or 0) / 100:.2f}",
        "合计金额": f"{(truth.net_minor or 0) / 100:.2f}",
        "开票日期": f"{year}年{month}月{day}日",
        "购买方纳税人识别号": truth.buyer_tax_id,
        "销售方纳税人识别号": truth.seller_tax_id,
    }
    return named | ({"价税合计": f"{truth.amount_minor / 100:.2f}"} if with_total else {})
