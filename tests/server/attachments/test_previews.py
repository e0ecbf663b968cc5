"""Previews: small, of all kinds, many at once, and only for those who may see the file."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from server.attachments import preview, sandbox
from server.attachments.picture import SMALL_BYTES
from server.services import Services
from tests.documents.page import Page
from tests.documents.pdf import pdf
from tests.server.api import Device, signed_in
from tests.server.attachments.files import log, picture, sha256_of, upload
from tests.server.world import World


@pytest.fixture
def backend() -> str:
    """One database is enough: what is tested here does not know which it is."""
    return "sqlite"


@pytest.fixture
def phone(app: Flask, world: World) -> Device:
    return signed_in(app, world.anna, "anna")


def stored(phone: Device, data: bytes, media_type: str = "image/jpeg") -> str:
    log(phone, data, media_type)
    return upload(phone, data, media_type)


def asked(phone: Device, *sha256s: str) -> dict[str, Any]:
    answer = phone.ask("POST", "/api/attachments/previews", json={"sha256s": sha256s})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json or {}
    return body | {"previews": {each["sha256"]: base64.b64decode(each["webp"]) for each in body["previews"]}}


def test_pictures_and_pdfs_have_a_small_preview_and_other_documents_an_empty_one(
    phone: Device, services: Services
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    photo, ink = io.BytesIO(), io.BytesIO()
    Image.effect_noise((2400, 1800), 50).convert("RGB").save(photo, "JPEG", exif=exif)
    layer = Image.new("RGBA", (600, 200))
    layer.paste((0, 0, 80, 255), (100, 50, 500, 150))
    layer.save(ink, "PNG")
    sizes = {
        stored(phone, photo.getvalue()): (150, 200),
        stored(phone, ink.getvalue(), "image/png"): (200, 67),
        stored(phone, pdf(Page(210, 140, [])), "application/pdf"): (200, 134),
    }
    made_on_arrival = len(list(services.files.previews.glob("*/*.webp")))
    xml = stored(phone, b'<?xml version="1.0"?><x/>', "application/xml")
    for _ in range(2):
        answer = asked(phone, *sizes, xml)
        assert answer["later"] == []
        assert answer["previews"].pop(xml) == b""
        shown = {sha256: Image.open(io.BytesIO(webp)) for sha256, webp in answer["previews"].items()}
        assert {sha256: each.size for sha256, each in shown.items()} == sizes
        assert all(each.format == "WEBP" and not each.getexif() for each in shown.values())
        assert all(len(webp) <= SMALL_BYTES for webp in answer["previews"].values())
    assert made_on_arrival == 2, "a PDF is drawn when it is first asked for"


def test_strangers_files_wrong_names_and_files_in_quarantine_answer_nothing(
    phone: Device, app: Flask, world: World
) -> None:
    own = stored(phone, picture())
    spoilt = stored(phone, picture()[:700])
    pending = picture()
    log(phone, pending)
    bo, finance = signed_in(app, world.bo, "bo"), signed_in(app, world.finance, "fei")
    foreign = stored(bo, picture())
    asked_for = (own, own, spoilt, sha256_of(pending), foreign, "0" * 64)
    assert set(asked(phone, *asked_for)["previews"]) == {own}
    assert set(asked(bo, *asked_for)["previews"]) == {foreign}
    assert set(asked(finance, *asked_for)["previews"]) == {own, foreign}
    assert asked(bo, own) == asked(bo, "0" * 64)
    for wrong in ([own] * 51, ["../" + own[3:]], [own.upper()], [own + "\n"], [7], None, own):
        answer = phone.ask("POST", "/api/attachments/previews", json={"sha256s": wrong})
        assert answer.status_code == 422, wrong
    assert Device(app).ask("POST", "/api/attachments/previews", json={"sha256s": [own]}).status_code == 401


def test_what_takes_long_to_make_is_asked_for_again_and_a_file_that_breaks_its_reader_only_once(
    phone: Device, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = stored(phone, b"%PDF-1.7\nbroken", "application/pdf"), stored(phone, picture())
    monkeypatch.setattr(preview, "MAKING_SECONDS", 0)
    first = asked(phone, broken, other)
    assert (set(first["previews"]), first["later"]) == ({other}, [broken])
    monkeypatch.undo()
    assert asked(phone, broken)["previews"] == {broken: b""}
    assert services.files.preview(broken) == b""


def test_a_file_for_which_there_was_no_time_is_made_later_and_not_for_ever(
    phone: Device, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = stored(phone, pdf(Page(210, 140, [])), "application/pdf")
    hopeless = stored(phone, pdf(Page(211, 140, [])), "application/pdf")
    with monkeypatch.context() as busy:
        busy.setattr(sandbox, "_SECONDS", 0.001)
        assert asked(phone, page) == {"previews": {}, "later": [page]}
        busy.setattr(preview, "PAUSE_SECONDS", 0)
        for _ in range(2):
            assert asked(phone, hopeless)["later"] == [hopeless]
        assert asked(phone, hopeless) == {"previews": {hopeless: b""}, "later": []}
    assert asked(phone, page)["later"] == [page], "it rests before it is tried again"
    monkeypatch.setattr(preview, "PAUSE_SECONDS", 0)
    assert asked(phone, page)["previews"][page].startswith(b"RIFF")
    assert asked(phone, hopeless)["previews"] == {hopeless: b""}
    assert services.files.tries(page) == services.files.tries(hopeless) == (0, 0.0)
