"""A file shared from a mail or a messenger becomes a receipt: without network too, and it is never lost on the way."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from server.receipts.reader_process import ReaderProcess
from server.receipts.worker import read_waiting
from tests.e2e.phone import ARGUMENTS, Phone, chromium, receipt_photo
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.e2e.test_story import TODAY, plan
from tests.server.passwords import PASSWORD
from tests.server.receipts.documents import digital_xml
from tests.server.world import HANGZHOU_SELLER, digital_number, qr_text

NewPhone = Callable[..., Phone]
SharedFile = tuple[str, str, bytes]
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice/>\n'
SHARE = """([files, words, address, tail]) => {
    const form = document.createElement('form');
    Object.assign(form, {method: 'post', enctype: 'multipart/form-data', action: address});
    for (const [name, value] of Object.entries(words)) {
        form.append(Object.assign(document.createElement('textarea'), {name, value}));
    }
    const bag = new DataTransfer();
    for (const [name, type, data] of files) {
        const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
        bag.items.add(new File([bytes, new Uint8Array(tail)], name, {type}));
    }
    const input = Object.assign(document.createElement('input'), {type: 'file', name: 'files', multiple: true});
    input.files = bag.files;
    form.append(input);
    document.body.append(form);
    form.submit();
}"""


def share(page: Page, address: str, *files: SharedFile, tail: int = 0, **words: str) -> None:
    """What the system does when a person shares something with the app: it posts a form and shows the answer.

    `tail` zeros follow each file's own bytes.
    """
    packed = [[name, kind, base64.b64encode(data).decode()] for name, kind, data in files]
    with page.expect_navigation():
        page.evaluate(SHARE, [packed, words, f"{address}/app/share", tail])


def ofd() -> bytes:
    """The smallest zip that is an OFD."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        root = zipfile.ZipInfo("OFD.xml", (2026, 11, 24, 8, 0, 0))
        archive.writestr(root, '<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>')
    return data.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def waits_in_the_inbox(phone: Phone) -> int:
    """How many files lie in the inbox."""
    script = """() => new Promise((done) => {
        const open = indexedDB.open('fieldclaim-inbox', 1);
        open.onsuccess = () => {
            const asked = open.result.transaction('files').objectStore('files').count();
            asked.onsuccess = () => { open.result.close(); done(asked.result); };
        };
    })"""
    found: int = phone.page.evaluate(script)
    return found


@pytest.fixture
def phone(new_phone: NewPhone, server: RunningServer) -> Phone:
    """A technician's phone that has signed in and synced."""
    plan(server.people())
    made = new_phone()
    made.log_in()
    return made


def test_a_pdf_shared_without_network_becomes_a_receipt_and_reaches_the_server(
    phone: Phone, server: RunningServer
) -> None:
    server.kill()
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.page.get_by_test_id("photo").wait_for()
    assert "PDF" in phone.page.get_by_test_id("photo").inner_text()
    assert "reads it after it was sent" in phone.page.get_by_test_id("qr-said").inner_text()
    assert waits_in_the_inbox(phone) == 0, "the draft holds it now"
    phone.fill(amount="328", seller_name="Lakeside Hotel")
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    phone.tap("nav-today")
    phone.page.get_by_test_id("trip").wait_for()
    assert phone.sees("share-item") == phone.sees("share-begun") == 0
    server.start()
    phone.wait_synced()
    receipt = server.find("receipt")[0]
    assert (receipt["attachments"], receipt["amount_minor"]) == ([sha256(PDF)], 32800)
    assert [item["media_type"] for item in server.find("attachment")] == ["application/pdf"]
    assert server.services.files.is_whole(sha256(PDF))


def test_a_shared_invoice_is_read_and_comes_back_to_the_phone(phone: Phone, server: RunningServer) -> None:
    """The whole way: shared, sent, read by the worker, and shown beside what was typed."""
    invoice = digital_xml(total="328.00", net="309.43", tax="18.57", issued=TODAY.isoformat())
    share(phone.page, server.address, ("hotel.xml", "application/xml", invoice))
    phone.fill(amount="350")
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    phone.wait_synced()
    with ReaderProcess() as process:
        assert read_waiting(server.services, process) == 1
    phone.page.reload()
    phone.wait_synced()
    phone.tap("nav-log")
    phone.page.get_by_test_id("receipt-item").click()
    shown = phone.page.get_by_test_id("reading")
    shown.wait_for()
    assert "328.00" in shown.inner_text()
    assert "350.00" in shown.inner_text(), "what was typed stands beside it"
    assert "26332000000012345678" in shown.inner_text()


def test_files_shared_together_are_one_receipt_with_the_words_as_its_note(phone: Phone, server: RunningServer) -> None:
    number = digital_number("33")
    photo = receipt_photo(qr_text(number, 32800, str(TODAY)))
    files = (
        ("invoice.ofd", "application/octet-stream", ofd()),  # Android knows no type for OFD
        ("invoice.xml", "text/xml", XML),
        ("IMG_1.jpg", "image/jpeg", photo),
    )
    share(phone.page, server.address, *files, title="invoice.ofd", text="Hotel of\nthe pump trip", url="")
    phone.wait_for("() => document.querySelector('[data-testid=field-fapiao_number]')?.value")
    assert phone.page.get_by_test_id("field-fapiao_number").input_value() == number
    assert phone.page.get_by_test_id("field-note").input_value() == "Hotel of the pump trip"
    phone.show("share-en", "form")
    phone.fill(seller_tax_id=HANGZHOU_SELLER)
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    phone.wait_synced()
    receipt = server.find("receipt")[0]
    assert receipt["attachments"] == [sha256(data) for _, _, data in files]
    assert receipt["note"] == "Hotel of the pump trip"
    kinds = {item["sha256"]: item["media_type"] for item in server.find("attachment")}
    assert kinds == {
        sha256(ofd()): "application/ofd",
        sha256(XML): "application/xml",
        sha256(photo): "image/jpeg",
    }


def test_shared_words_alone_become_the_note(phone: Phone, server: RunningServer) -> None:
    share(phone.page, server.address, text="Taxi to the station, 23 yuan")
    phone.wait_for("() => document.querySelector('[data-testid=field-note]')?.value === 'Taxi to the station, 23 yuan'")
    assert phone.sees("photo") == 0


def test_a_receipt_that_was_begun_before_is_left_alone(phone: Phone, server: RunningServer) -> None:
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.fill(seller_name="Noodle shop")
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.page.get_by_test_id("photo").wait_for()
    assert phone.page.get_by_test_id("field-seller_name").input_value() == ""
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.page.get_by_test_id("receipt-save").wait_for()
    assert phone.page.get_by_test_id("field-seller_name").input_value() == "Noodle shop"
    assert phone.sees("photo") == 0


def test_a_share_left_half_way_is_found_on_the_today_screen(phone: Phone, server: RunningServer) -> None:
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.page.get_by_test_id("photo").wait_for()
    phone.fill(amount="12.50")
    phone.page.wait_for_timeout(600)
    phone.kill()
    phone.switch_on()
    phone.tap("nav-today")
    phone.tap("share-continue")
    phone.page.get_by_test_id("photo").wait_for()
    assert phone.page.get_by_test_id("field-amount").input_value() == "12.50"
    phone.tap("nav-today")
    phone.tap("share-discard")
    assert phone.sees("share-begun") == 1, "it asks once more"
    phone.tap("share-discard")
    phone.page.get_by_test_id("share-begun").wait_for(state="detached")
    assert phone.stored("drafts") == []


def test_a_browser_killed_at_once_after_sharing_has_lost_nothing(phone: Phone, server: RunningServer) -> None:
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.kill()
    phone.switch_on()
    phone.page.locator("[data-testid=share-use], [data-testid=share-continue]").click()
    phone.page.get_by_test_id("photo").wait_for()
    assert phone.sees("photo") == 1


@pytest.mark.parametrize(
    ("locale", "language", "words"),
    [("en-US", "en", "1 shared file waits"), ("zh-CN", "zh-Hans", "有 1 个分享的文件在等待")],
)
def test_a_share_before_signing_in_outlives_a_killed_browser_and_waits(
    new_phone: NewPhone, server: RunningServer, locale: str, language: str, words: str
) -> None:
    world = server.people()
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    plan(world)
    phone = new_phone(locale)
    phone.wait_for("() => navigator.serviceWorker.controller?.state === 'activated'")
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.kill()
    phone.switch_on()
    phone.page.get_by_test_id("share-waits").wait_for()
    assert words in phone.page.get_by_test_id("share-waits").inner_text()
    assert violations(phone.page) == []
    phone.show(f"share-{language}", "login")
    phone.log_in()
    phone.page.get_by_test_id("share-item").wait_for()
    assert "hotel.pdf" in phone.page.get_by_test_id("share-item").inner_text()
    assert violations(phone.page) == []
    phone.show(f"share-{language}", "today")
    phone.page.set_viewport_size({"width": 1280, "height": 900})
    phone.show(f"share-{language}", "today-desktop")
    phone.page.set_viewport_size({"width": 390, "height": 844})
    phone.tap("share-use")
    phone.page.get_by_test_id("photo").wait_for()
    assert violations(phone.page) == []
    phone.show(f"share-{language}", "form")
    phone.tap("nav-today")
    phone.page.get_by_test_id("share-begun").wait_for()
    assert violations(phone.page) == []
    phone.show(f"share-{language}", "today-begun")


def test_what_waits_for_one_person_is_not_shown_to_the_next(new_phone: NewPhone, server: RunningServer) -> None:
    server.people()
    phone = new_phone()
    phone.wait_for("() => navigator.serviceWorker.controller?.state === 'activated'")
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    for name, sees in (("anna", 1), ("bo", 0), ("anna", 1)):
        phone.fill(username=name, password=PASSWORD)
        phone.tap("login-submit")
        phone.page.get_by_test_id("sync-line").wait_for()
        phone.page.wait_for_timeout(500)
        assert phone.sees("share-item") == sees, name
        phone.tap("nav-outbox")
        phone.tap("settings")
        phone.tap("sign-out")
        phone.page.get_by_test_id("login-submit").wait_for()
        assert phone.sees("share-waits") == 0


def test_without_a_trip_a_share_waits_and_can_be_discarded(new_phone: NewPhone, server: RunningServer) -> None:
    server.people()
    phone = new_phone()
    phone.fill(username="anna", password=PASSWORD)
    phone.tap("login-submit")
    phone.page.get_by_test_id("nav-today").wait_for()
    phone.wait_for("() => navigator.serviceWorker.controller?.state === 'activated'")
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.page.get_by_test_id("share-item").wait_for()
    assert "Once a trip is planned" in phone.page.get_by_test_id("share-item").inner_text()
    assert phone.sees("share-use") == 0
    assert waits_in_the_inbox(phone) == 1
    phone.show("share-en", "today-without-a-trip")
    plan(server.people_known())
    phone.wait_synced()
    phone.tap("nav-today")
    phone.page.get_by_test_id("share-use").wait_for()
    phone.tap("share-discard")
    phone.tap("share-discard")
    phone.page.get_by_test_id("share-item").wait_for(state="detached")
    assert waits_in_the_inbox(phone) == 0


def test_a_share_on_the_phone_of_a_desk_can_only_be_discarded(new_phone: NewPhone, server: RunningServer) -> None:
    server.people()
    phone = new_phone()
    phone.wait_for("() => navigator.serviceWorker.controller?.state === 'activated'")
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.fill(username="fei", password=PASSWORD)
    phone.tap("login-submit")
    phone.page.get_by_test_id("share-item").wait_for()
    assert "logged by technicians" in phone.page.get_by_test_id("share-item").inner_text()
    assert phone.sees("share-use") == 0
    assert violations(phone.page) == []
    phone.tap("share-discard")
    phone.tap("share-discard")
    phone.page.get_by_test_id("share-item").wait_for(state="detached")
    assert waits_in_the_inbox(phone) == 0


def test_an_app_that_is_open_already_hears_of_a_share_that_opened_a_window_of_its_own(
    phone: Phone, server: RunningServer
) -> None:
    assert phone.context
    phone.page.get_by_test_id("trip").wait_for()
    other = phone.context.new_page()
    share(other, server.address, ("hotel.pdf", "application/pdf", PDF))
    other.get_by_test_id("photo").wait_for()
    phone.page.get_by_test_id("share-begun").wait_for()
    other.close()
    phone.tap("share-continue")
    phone.page.get_by_test_id("photo").wait_for()
    phone.fill(amount="12")
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").wait_for()
    phone.wait_synced()
    assert server.find("receipt")[0]["attachments"] == [sha256(PDF)]


def test_a_file_that_is_not_taken_is_named_with_the_reason(phone: Phone, server: RunningServer) -> None:
    word = b"PK\x03\x04" + b"word/document.xml" * 10
    letter = ("letter.docx", "application/octet-stream", word)
    share(phone.page, server.address, letter, ("hotel.pdf", "application/pdf", PDF))
    phone.page.get_by_test_id("photo").wait_for()
    assert phone.page.get_by_test_id("not-added").all_inner_texts() == [
        "“letter.docx” was not added. This kind of file cannot be used. Take a picture, or add a PDF, OFD or XML."
    ]
    assert phone.sees("photo") == 1
    phone.show("share-en", "refused")
    share(phone.page, server.address, ("large.pdf", "application/pdf", PDF), tail=25 * 1024 * 1024)
    phone.page.get_by_test_id("not-added").wait_for()
    assert phone.page.get_by_test_id("not-added").all_inner_texts() == [
        "“large.pdf” was not added. The file is too large. Make it smaller than 25 MB."
    ]
    assert phone.sees("photo") == 0
    assert waits_in_the_inbox(phone) == 0


def test_a_store_that_fails_is_told_and_nothing_is_kept_by_halves(phone: Phone, server: RunningServer) -> None:
    newer = """() => new Promise((done) => {
        const open = indexedDB.open('fieldclaim-inbox', 99);
        open.onsuccess = () => { open.result.close(); done(); };
    })"""
    phone.page.evaluate(newer)  # from now on the inbox cannot be opened
    share(phone.page, server.address, ("hotel.pdf", "application/pdf", PDF))
    phone.page.get_by_test_id("share-failed").wait_for()
    phone.page.get_by_test_id("trip").wait_for()
    phone.show("share-en", "failed")
    assert phone.sees("share-item") == phone.sees("share-begun") == 0


@pytest.mark.parametrize("size", [100, 6_000_000, 40_000_000])
def test_without_the_service_worker_the_server_keeps_nothing_and_the_app_says_why(
    playwright: Playwright, server: RunningServer, size: int
) -> None:
    server.people()
    browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
    page = browser.new_context(locale="en-US", service_workers="block").new_page()
    page.goto(f"{server.address}/app/")
    page.get_by_test_id("login-submit").wait_for()
    share(page, server.address, ("hotel.pdf", "application/pdf", PDF), tail=size)
    page.get_by_test_id("share-not-ready").wait_for()
    assert "Open the app once" in page.get_by_test_id("share-not-ready").inner_text()
    kept = [path for path in server.services.files.parts.parent.rglob("*") if path.is_file()]
    assert kept == []
    browser.close()


def test_the_browser_understands_the_manifest_and_finds_the_share_target(phone: Phone) -> None:
    session = phone.page.context.new_cdp_session(phone.page)
    found: dict[str, Any] = session.send("Page.getAppManifest")
    assert found["errors"] == []
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in ([], [{"errorId": "in-incognito"}])
    assert found["manifest"]["shareTarget"]["action"] == f"{phone.server.address}/app/share"
    [files] = json.loads(found["data"])["share_target"]["params"]["files"]
    assert {".pdf", ".ofd", ".xml", "application/octet-stream", "application/zip", "image/heic"} <= set(files["accept"])
