"""A phone: a real Chromium with a folder of its own, that can be killed and started again."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import segno
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Error, Page, Playwright

from tests.e2e.running import RunningServer
from tests.server.passwords import PASSWORD

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SCREENS = Path(__file__).parents[2] / "build" / "screenshots"


def chromium(*, is_whole: bool = False) -> str | None:
    """The browser to drive: the named one, the system's, else (None) the test tool's own.

    The same engine without the windows around it needs half the processor. The whole one has what a window has, too:
    a camera's question, push, a store in a process of its own.
    """
    named = os.environ.get("FIELDCLAIM_TEST_CHROMIUM")
    engine = () if is_whole else ("chromium-headless-shell",)
    names = (*engine, "chromium", "chromium-browser", "google-chrome")
    return named or next(filter(None, map(shutil.which, names)), None)


def show(page: Page, folder: str, name: str, *, is_whole: bool = True) -> None:
    """Keep a picture of a page, where pictures are wanted: hundreds of them take a minute of each run."""
    if os.environ.get("FIELDCLAIM_TEST_PICTURES") == "yes":
        page.screenshot(path=SCREENS / folder / f"{name}.png", full_page=is_whole)


@dataclass
class Phone:
    """One phone in one person's hand."""

    playwright: Playwright
    folder: Path
    server: RunningServer
    locale: str = "en-US"
    address: str = ""
    """Where it looks for the server, where a proxy stands between."""
    more_arguments: tuple[str, ...] = ()
    is_whole: bool = False
    """Whether it needs the whole browser, windows and all."""
    time_zone: str = "Asia/Shanghai"
    """Where it is when it is switched on."""
    context: BrowserContext | None = None

    @property
    def page(self) -> Page:
        assert self.context
        if not self.context.pages:
            raise Error("the browser is gone")
        return self.context.pages[0]

    def switch_on(self) -> None:
        """Start the browser with what its folder holds, and open the app."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=chromium(is_whole=self.is_whole),
            channel="chromium" if self.is_whole else None,
            args=[*ARGUMENTS, *self.more_arguments],
            viewport={"width": 390, "height": 844},
            has_touch=True,
            locale=self.locale,
            timezone_id=self.time_zone,
        )
        self.page.set_default_timeout(15_000)
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self.address or self.server.address}/app/")

    def kill(self) -> None:
        """The battery is gone: every process of the browser at once."""
        self.cut_power()
        self.bury()

    def cut_power(self, processes: str = "") -> int:
        """End the browser's processes, or those that are named. From any thread. Gives how many there were."""
        named = f"{processes}.*user-data-dir={self.folder}( |$)"
        found = subprocess.run(["pgrep", "-f", named], check=False, capture_output=True, text=True).stdout.split()
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        return len(found)

    def bury(self) -> None:
        """Clear away what is left of a killed browser."""
        assert self.context
        with suppress(Exception):  # it is dead, as it should be
            self.context.close()
        (self.folder / "SingletonLock").unlink(missing_ok=True)

    def switch_off(self) -> None:
        if self.context:
            self.context.close()

    # Fingers

    def tap(self, name: str) -> None:
        self.page.get_by_test_id(name).first.click()

    def save(self, name: str) -> None:
        """Tap a form's save and wait until it has left its screen: before that, going elsewhere would be undone."""
        screen = self.page.locator("#main").get_attribute("data-screen")
        self.tap(name)
        self.page.locator(f"#main:not([data-screen='{screen}'])").wait_for()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.get_by_test_id(f"field-{name}").fill(value)

    def choose(self, name: str, value: str) -> None:
        self.page.get_by_test_id(f"field-{name}").select_option(value)

    def sees(self, name: str) -> int:
        return self.page.get_by_test_id(name).count()

    def log_in(self, name: str = "anna", sees: str = "trip") -> None:
        """Sign in, and wait until the app is kept for use without network."""
        self.fill(username=name, password=PASSWORD)
        self.tap("login-submit")
        self.page.get_by_test_id("nav-outbox").wait_for()
        self.wait_for("() => navigator.serviceWorker.controller?.state === 'activated'")
        self.page.get_by_test_id(sees).first.wait_for()

    def attach(self, *photos: bytes) -> None:
        files: list[Any] = [
            {"name": f"photo-{number}.jpg", "mimeType": "image/jpeg", "buffer": photo}
            for number, photo in enumerate(photos)
        ]
        self.page.get_by_test_id("photo-file").set_input_files(files)
        self.page.get_by_test_id("photo").nth(len(photos) - 1).wait_for()

    def sign(self) -> None:
        canvas = self.page.get_by_test_id("signature")
        canvas.evaluate("element => element.scrollIntoView({block: 'center'})")
        box = canvas.bounding_box()
        assert box
        mouse = self.page.mouse
        mouse.move(box["x"] + 40, box["y"] + 90)
        mouse.down()
        for step in range(12):
            mouse.move(box["x"] + 40 + step * 18, box["y"] + 90 + (30 if step % 2 else -30))
        mouse.up()

    def wait_for(self, expression: str, seconds: float = 20) -> None:
        """Wait until an expression is true on the page (the content policy forbids the tool's own way)."""
        until = time.monotonic() + seconds
        while not self.page.evaluate(f"({expression})()"):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.1)

    def wait_synced(self, seconds: float = 40) -> None:
        """Wait until the phone says that all is synced, in either language."""
        self.tap("nav-outbox")
        self.tap("sync-now")
        line = self.page.get_by_test_id("sync-line")
        until = time.monotonic() + seconds
        while not any(word in line.inner_text() for word in ("All synced", "全部已同步")):
            assert time.monotonic() < until, f"not synced: {line.inner_text()}"
            time.sleep(0.2)

    def show(self, folder: str, name: str) -> None:
        """Keep a picture of the screen, where pictures are wanted."""
        show(self.page, folder, name)

    def stored(self, table: str) -> list[dict[str, Any]]:
        """What the phone's own store holds."""
        script = """async (table) => {
            const open = indexedDB.open('fieldclaim');
            const result = (asked) => new Promise((done, fail) => {
                asked.onsuccess = () => done(asked.result);
                asked.onerror = fail;
            });
            const db = await result(open);
            const rows = await result(db.transaction(table).objectStore(table).getAll());
            db.close();
            return rows.map((row) => JSON.parse(JSON.stringify(row)));
        }"""
        rows: list[dict[str, Any]] = self.page.evaluate(script, table)
        return rows


def receipt_photo(qr: str, text: str = "INVOICE") -> bytes:
    """A photo of a receipt with its QR code."""
    picture = Image.new("RGB", (1200, 900), "#fffdf5")
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate((text, qr[:40], qr[40:])):
        draw.text((60, 60 + row * 70), line, fill="#222", font_size=36)
    drawn = io.BytesIO()
    segno.make(qr, micro=False, error="m").save(drawn, kind="png", scale=8, border=4)
    code = Image.open(drawn).convert("RGB")
    picture.paste(code, (1200 - code.width - 60, 900 - code.height - 60))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=88)
    return data.getvalue()
