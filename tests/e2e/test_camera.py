"""The counter's camera: what it reads, and how it says that it may not look."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import segno
from PIL import Image
from pypdfium2 import PdfDocument

from server.tools.labels import SHEETS, draw_labels
from server.tools.naming import purchase_code
from tests.e2e.phone import Phone
from tests.e2e.running import RunningServer
from tests.e2e.test_access import violations
from tests.e2e.test_counter import at_the_counter, bought

_FRAME = (640, 480)


def test_the_camera_reads_the_code_off_a_technicians_phone_and_off_a_tools_printed_label(
    new_phone: Callable[..., Phone], server: RunningServer, tmp_path: Path
) -> None:
    world = server.people()
    purchase = bought(world, "TW-1")
    owned = {"origin": "owned", "name": "测振仪", "model": "VB-7", "shelf": "A-1", "serial_number": "VB-0042"}
    meter = world.create(world.warehouse, "tool_unit", **owned)
    video = tmp_path / "code.y4m"
    video.write_bytes(video_of(code_on_a_screen(purchase_code(purchase["id"]))))
    phone = at_the_counter(
        new_phone,
        "en-US",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )
    server.kill()
    phone.open()
    phone.tap("scan-camera")
    phone.wait_for("() => location.hash.startsWith('#/stock/')")
    phone.page.get_by_test_id("camera").wait_for()  # it stays open for the tools themselves
    assert "Torque wrench" in phone.page.locator("main").inner_text()
    phone.wait_for("() => document.querySelector('video').videoWidth === 640")
    phone.show("en", "35-camera")
    assert phone.sees("stock-row") == 0  # a purchase's code is no tool
    phone.tap("scan-camera")  # closes it
    phone.page.get_by_test_id("camera").wait_for(state="detached")
    phone.tap("nav-counter")
    video.write_bytes(video_of(printed(draw_labels([meter], SHEETS["single"]))))
    phone.tap("scan-camera")
    phone.wait_for(f"() => location.hash === '#/unit/{meter['id']}'")
    assert "VB-0042" in phone.page.locator("main").inner_text()


def test_a_camera_that_is_refused_is_said_plainly(new_phone: Callable[..., Phone], server: RunningServer) -> None:
    server.people()
    phone = at_the_counter(new_phone, "en-US", "--use-fake-device-for-media-stream", "--deny-permission-prompts")
    phone.tap("scan-camera")
    phone.page.get_by_test_id("camera-refused").wait_for()
    phone.show("en", "32-camera-refused")
    assert violations(phone.page) == []


def code_on_a_screen(text: str) -> Image.Image:
    """A QR code as a phone shows it."""
    drawn = io.BytesIO()
    segno.make(text, micro=False, error="m").save(drawn, kind="png", scale=8, border=4)
    return Image.open(drawn).convert("L")


def printed(pdf: bytes) -> Image.Image:
    """The first page, as it lies on the counter."""
    document = PdfDocument(pdf)
    try:
        return document[0].render(scale=3, grayscale=True).to_pil()
    finally:
        document.close()


def video_of(thing: Image.Image) -> bytes:
    """A film of two frames, as a camera would see a thing held before it, not quite straight."""
    picture = Image.new("L", _FRAME, 190)
    picture.paste(thing.rotate(4, expand=True, fillcolor=255), (160, 90))
    frame = b"FRAME\n" + picture.tobytes() + bytes([128]) * (_FRAME[0] * _FRAME[1] // 2)
    return f"YUV4MPEG2 W{_FRAME[0]} H{_FRAME[1]} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 2
