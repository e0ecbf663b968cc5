"""What strangers send as a picture or a document: each is named, and none costs the server more than a moment."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pillow_heif
import pytest
from flask import Flask
from PIL import Image

from server.attachments import sandbox
from server.attachments.inspect_file import inspect
from server.services import Services
from tests.server.api import Device, signed_in
from tests.server.attachments.files import log, picture, upload
from tests.server.world import World


@pytest.fixture
def backend() -> str:
    """One database is enough: what is tested here does not know which it is."""
    return "sqlite"


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def png(width: int, height: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG whose header says one thing and whose rows may say another."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + body


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zipped(**entries: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


def zip_with(count: int) -> bytes:
    return zipped(**{"OFD.xml": b"<x/>"} | {f"{number}.xml": b"<x/>" for number in range(count)})


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "a PNG of 50,000 by 50,000 without its rows": (
        png(50_000, 50_000, b"\0" * 10**6),
        "image/png",
        "picture_too_large",
    ),
    "a PNG of 2^31 by 2^31": (png(2**31 - 1, 2**31 - 1, b""), "image/png", "picture_too_large"),
    "a PNG of no size": (png(0, 0, b""), "image/png", "picture_broken"),
    "a PNG with a text of 100 MB": (
        png(8, 8, b"\0" * 300, chunk(b"zTXt", b"note\0\0" + zlib.compress(b"x" * 10**8, 9))),
        "image/png",
        "picture_broken",
    ),
    "a PNG without its end": (picture(200, "PNG")[:5000], "image/png", "picture_broken"),
    "a WebP cut in half": (picture(200, "WEBP")[:3000], "image/webp", "picture_broken"),
    "a HEIC of rubbish": (b"\0\0\0\x18ftypheic" + b"\xff" * 3000, "image/heic", "picture_broken"),
    "a GIF": (b"GIF89a" + b"\0" * 100, "image/gif", "type_not_allowed"),
    "a TIFF": (b"II*\0" + b"\0" * 100, "image/tiff", "type_not_allowed"),
    "an SVG": (SVG, "image/svg+xml", "type_not_allowed"),
    "an SVG behind much white space": (
        b'<?xml version="1.0"?>' + b" " * 5000 + SVG,
        "application/xml",
        "type_not_allowed",
    ),
    "XHTML": (b'<?xml version="1.0"?><h:html xmlns:h="http://www.w3.org/1999/xhtml"/>', "text/xml", "type_not_allowed"),
    "XML that declares entities": (ENTITIES, "application/xml", "document_not_allowed"),
    "XML that reads a file of ours": (
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        "application/xml",
        "document_not_allowed",
    ),
    "XML cut in half": (b'<?xml version="1.0"?><a><b>', "application/xml", "document_broken"),
    "HTML that ends as a photo": (b"<html>" + picture(), "image/jpeg", "type_not_allowed"),
    "a PDF in a photo's name": (b"%PDF-1.7\n<script>alert(1)</script>", "image/png", "type_mismatch"),
    "a photo in a document's name": (picture(), "application/ofd", "type_mismatch"),
    "an OFD of many files": (zip_with(600), "application/ofd", "document_not_allowed"),
    "an OFD whose root declares entities": (zipped(**{"OFD.xml": ENTITIES}), "application/ofd", "document_not_allowed"),
    "an OFD whose root is a bomb": (
        zipped(**{"OFD.xml": b'<?xml version="1.0"?><x>' + b" " * (40 * 1024 * 1024)}),
        "application/ofd",
        "document_broken",
    ),
    "an OFD that writes elsewhere": (
        zipped(**{"OFD.xml": b"<x/>", "Doc_0\\..\\..\\x": b""}),
        "application/ofd",
        "document_not_allowed",
    ),
    "an OFD without its end": (zip_with(3)[:-30], "application/ofd", "document_broken"),
    "a zip behind a program": (b"MZ" + zip_with(1), "application/ofd", "type_not_allowed"),
}


@pytest.fixture
def phone(app: Flask, world: World) -> Device:
    return signed_in(app, world.anna, "anna")


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_kept_apart_with_its_reason_within_two_seconds(phone: Device, world: World, name: str) -> None:
    data, media_type, reason = REFUSED[name]
    record_id = log(phone, data, media_type)
    began = time.perf_counter()
    sha256 = upload(phone, data, media_type)
    assert time.perf_counter() - began < 2
    record = world.now("attachment", record_id)
    assert (record["status"], record["reason"]) == ("quarantined", reason)
    for view in ("", "?view=1"):
        assert phone.ask("GET", f"/api/attachments/{sha256}{view}").status_code == 404


def heic() -> bytes:
    pillow_heif.register_heif_opener()
    return picture(200, "HEIF")


TAKEN: dict[str, tuple[bytes, str, str]] = {
    "a PNG that a chat program called a JPEG": (picture(40, "PNG"), "image/jpeg", "image/png"),
    "a photo whose type the phone did not know": (picture(), "application/octet-stream", "image/jpeg"),
    "a photo of an iPhone": (heic(), "image/heic", "image/heic"),
    "a photo with a zip behind it": (picture() + zip_with(1), "image/jpeg", "image/jpeg"),
    "an OFD that the phone called a zip": (zip_with(3), "application/zip", "application/ofd"),
    "an e-invoice in GBK": (
        '<?xml version="1.0" encoding="GBK"?><发票 号码="26332000000000000001">餐饮</发票>'.encode("gbk"),
        "text/xml",
        "application/xml",
    ),
    "an e-invoice with a byte order mark": (
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><EInvoice/>',
        "application/xml",
        "application/xml",
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_honest_people_send_is_taken_byte_for_byte(phone: Device, world: World, name: str) -> None:
    data, media_type, real = TAKEN[name]
    record_id = log(phone, data, media_type)
    sha256 = upload(phone, data, media_type)
    record = world.now("attachment", record_id)
    assert (record["status"], record["reason"]) == ("stored", "")
    answer = phone.ask("GET", f"/api/attachments/{sha256}")
    assert (answer.data, answer.mimetype) == (data, real)
    is_file = answer.headers.get("Content-Disposition", "").startswith("attachment")
    assert is_file == (real not in ("image/jpeg", "image/png", "image/webp"))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_record_with_the_wrong_type_does_not_spoil_the_right_one(phone: Device, world: World) -> None:
    data = picture()
    wrong = log(phone, data, "application/pdf")
    upload(phone, data, "application/pdf")
    right = log(phone, data, "image/jpeg")
    assert world.now("attachment", wrong)["reason"] == "type_mismatch"
    assert world.now("attachment", right)["status"] == "stored"


def test_a_reader_that_fails_costs_only_the_file_its_trust(tmp_path: Path) -> None:
    assert inspect(tmp_path / "gone").verdict == "could_not_be_read"


READER = """
import os, sys
from server.attachments import sandbox
sandbox.confine()
if sys.argv[1].endswith("memory"):
    print(len(bytearray(10**9)))
elif sys.argv[1].endswith("write"):
    with open(sys.argv[1] + ".out", "w") as out:
        out.write("x" * 10)
elif sys.argv[1].endswith("secrets"):
    print(sorted(name for name in os.environ if name != "LC_CTYPE"))
else:
    while True: pass
"""


@pytest.mark.parametrize("wish", ["memory", "write"])
def test_a_reader_gets_neither_much_memory_nor_a_pen(
    tmp_path: Path, wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_ROOT", _reader(tmp_path))
    with pytest.raises(sandbox.CouldNotBeRead):
        sandbox.run("reader", tmp_path / wish)
    assert all(path.stat().st_size == 0 for path in tmp_path.glob("*.out"))


def test_a_reader_learns_no_secret_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDCLAIM_SECRET_KEY", "k" * 40)
    monkeypatch.setattr(sandbox, "_ROOT", _reader(tmp_path))
    assert sandbox.run("reader", tmp_path / "secrets").strip() == b"[]"


def test_a_reader_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_ROOT", _reader(tmp_path))
    monkeypatch.setattr(sandbox, "_SECONDS", 1)
    began = time.perf_counter()
    with pytest.raises(sandbox.CouldNotBeRead):
        sandbox.run("reader", tmp_path / "for ever")
    assert time.perf_counter() - began < 3


def _reader(folder: Path) -> Path:
    """A folder to run the reader above from, which finds our code as an installed one would."""
    here = Path(sandbox.__file__).parents[2]
    (folder / "reader.py").write_text(f"import sys; sys.path.insert(0, {str(here)!r})\n{READER}")
    return folder


def test_a_picture_is_shown_upright_small_and_without_where_it_was_taken(phone: Device, services: Services) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    data = io.BytesIO()
    Image.effect_noise((2400, 1800), 50).convert("RGB").save(data, "JPEG", exif=exif)
    log(phone, data.getvalue())
    sha256 = upload(phone, data.getvalue())
    for _ in range(2):
        answer = phone.ask("GET", f"/api/attachments/{sha256}?view=1")
        shown = Image.open(io.BytesIO(answer.data))
        assert (shown.format, shown.size) == ("JPEG", (1200, 1600))
        assert not shown.getexif()
    assert [path.name for path in services.files.views.glob("*/*")] == [f"{sha256}.jpg"]
    assert phone.ask("GET", f"/api/attachments/{sha256}").data == data.getvalue()


def test_a_signature_without_background_is_shown_on_paper(phone: Device) -> None:
    ink = Image.new("RGBA", (60, 20))
    ink.paste((0, 0, 80, 255), (10, 5, 50, 15))
    data = io.BytesIO()
    ink.save(data, "PNG")
    log(phone, data.getvalue(), "image/png")
    sha256 = upload(phone, data.getvalue(), "image/png")
    shown = Image.open(io.BytesIO(phone.ask("GET", f"/api/attachments/{sha256}?view=1").data))
    assert min(shown.getpixel((2, 2))) > 240
    assert max(shown.getpixel((30, 10))[:2]) < 60


def test_a_photo_of_an_iphone_is_shown_as_a_jpeg(phone: Device) -> None:
    data = heic()
    log(phone, data, "image/heic")
    sha256 = upload(phone, data, "image/heic")
    answer = phone.ask("GET", f"/api/attachments/{sha256}?view=1")
    assert (answer.mimetype, Image.open(io.BytesIO(answer.data)).format) == ("image/jpeg", "JPEG")


def test_a_browser_that_has_a_picture_is_not_sent_it_again_and_may_ask_for_a_part(phone: Device) -> None:
    data = picture(200)
    log(phone, data)
    address = f"/api/attachments/{upload(phone, data)}"
    answer = phone.ask("GET", address)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = phone.ask("GET", address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    part = phone.ask("GET", address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, data[10:20])
