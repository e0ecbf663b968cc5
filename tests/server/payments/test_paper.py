"""A claim on paper: everything that was known and decided, and each receipt large enough to be read."""

from __future__ import annotations

import io
import resource
from dataclasses import replace

import pypdfium2 as pdfium
import pytest

from server.attachments.view import view_of
from server.claims.queries import line_views
from server.payments.claim_paper import ClaimPaper, Words
from server.services import Services
from sync.actor import SYSTEM
from tests.documents import make
from tests.server.desk import Desk
from tests.server.receipts.documents import bring, digital_xml
from tests.server.world import SHENZHEN_SELLER, World, digital_number


def text_of(data: bytes) -> list[str]:
    with pdfium.PdfDocument(data) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_a_claim_is_printed_with_findings_waivers_decisions_and_receipts(
    desk: Desk, world: World, services: Services
) -> None:
    trip = world.trip()
    world.report(trip)
    invoice, xml = make("digital-pdf", 1), digital_xml()
    files = [bring(services, world.anna, invoice.data, invoice.media_type), bring(services, world.anna, xml)]
    hostile = "<b>&甲 Hotel</b>{0}"
    receipt = world.receipt(
        trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"), attachments=files, seller_name=hostile
    )
    claim = world.claim(trip, receipt, world.receipt(trip, amount_minor=12345))
    line = world.lines(claim)[0]
    code = next(item["code"] for item in line["findings"] if item["severity"] == "block")
    evidence = bring(services, world.anna, make("digital-pdf", 2).data, invoice.media_type)
    why = {
        "claim_line_id": line["id"],
        "finding_code": code,
        "request": "See the registration",
        "attachments": [evidence],
    }
    asked = world.create(world.anna, "waiver", **why)
    world.update(world.manager, "waiver", asked, status="given", reason="总部开票")
    for each in world.lines(claim):
        if each["status"] == "clear":
            world.decide(each, "approved")
    answer = desk("fei").get(f"/payments/claims/{claim['id']}.pdf")
    assert answer.content_type == "application/pdf"
    pages = text_of(answer.body)
    words = "".join(pages)
    assert f"Page 1 of {len(pages)}" in pages[0]
    for told in (
        hostile,
        "Ming",
        "总部开票",
        "REG-D3",
        "Anna",
        "Clear → Approved",
        "¥123.45",
        *files,
        evidence,
        "registration",
    ):
        assert told in words.replace("\r\n", " ") or told in words.replace("\r\n", ""), told
    with pdfium.PdfDocument(answer.body) as document:
        pictures = [list(page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE])) for page in document]
        assert sum(map(len, pictures)) == 2
        picture = next(found[0] for found in pictures if found)
        assert min(picture.get_metadata().horizontal_dpi, picture.get_metadata().vertical_dpi) > 140
    desk("ming").get(f"/payments/claims/{world.create(world.anna, 'claim', trip_id=trip['id'])['id']}.pdf", status=404)


def test_the_trail_says_by_what_edit_a_waiver_was_voided(desk: Desk, world: World) -> None:
    world.limit("receipt", 28000, "lodging")
    trip = world.trip()
    world.report(trip)
    receipt = world.receipt(trip, seller_tax_id=SHENZHEN_SELLER, number=digital_number("95"))
    claim = world.claim(trip, receipt)
    line = world.lines(claim)[0]
    world.create(world.manager, "waiver", claim_line_id=line["id"], finding_code="place_mismatch", reason="Sent there")
    world.update(world.anna, "receipt", receipt, seller_name="Another hotel")
    words = "".join(text_of(desk("fei").get(f"/payments/claims/{claim['id']}.pdf").body)).replace("\r\n", " ")
    for told in ("Sent there", "Ming", "Waiver no longer applies", "Anna changed the receipt: Seller"):
        assert told in words, told


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_claim_of_a_hundred_receipts_is_printed_in_little_memory(world: World, services: Services) -> None:
    trip = world.trip()
    photo = make("digital-picture-noqr", 2)
    sha256 = bring(services, world.anna, photo.data, photo.media_type)
    claim = world.claim(trip, world.receipt(trip, attachments=[sha256]))
    view = world.engine.write(SYSTEM, lambda write: line_views(write, claim))[0]
    people = world.now("user", world.anna.id)
    drawn = view_of(services.files, sha256).read_bytes()
    hashes = [f"{number:064x}" for number in range(100)]
    for each in hashes:
        services.files.keep_view(each, drawn)
    receipts = [view.receipt | {"attachments": [each]} for each in hashes]
    views = [replace(view, receipt=each, media={each["attachments"][0]: "image/jpeg"}) for each in receipts]
    paper = ClaimPaper(claim, trip, people, views, [], {}, "", "1 : 0")
    words = Words(lambda key, **params: key, str, lambda amount, currency: str(amount), str, str)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = io.BytesIO()
    paper.write(file, services.files, words, "")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    pages = [page.replace("\r\n", "") for page in text_of(file.getvalue())]
    assert all(any(each in page for page in pages) for each in hashes)
    assert len(file.getvalue()) > 100 * len(drawn)
