"""A thousand phones that come online at 08:00, against gunicorn with 2 workers on PostgreSQL: `python -m bench.crowd`.

The first minute runs as it is: every phone wakes within it, renews its session, pushes the evening's work, pulls, and
compares. The other 59 minutes of the hour are compressed into two (29.5 to 1): each phone wakes twice more, and some
send photos of 300 kB meanwhile. A phone that is told to come again does so after `Retry-After`, and a little by chance.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from bench.databases import machine, postgres
from server.accounts import tokens
from sync.actor import SYSTEM
from sync.change import new_id
from sync.transaction import Transaction
from tests.e2e.running import RunningServer

DEVICES = int(os.environ.get("DEVICES", "1000"))
FIRST_MINUTE, REST = 60.0, 120.0
WAKES, PHOTO_SHARE, PHOTO = 2, 0.1, 300_000
MOST_P95_MS = 500


@dataclass
class Phone:
    """One technician's phone, with a session from yesterday."""

    id: str
    trip_id: str
    refresh_token: str
    token: str = ""
    cursor: str = ""


@dataclass
class Figures:
    """What was measured."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    told_to_wait: Counter[str] = field(default_factory=Counter)
    synced_at: list[float] = field(default_factory=list)
    pushed: int = 0

    def note(self, what: str, began: float) -> None:
        self.seconds.setdefault(what, []).append(time.monotonic() - began)


def main() -> None:
    """Run the hour, print the table; the exit status says whether the bar was met."""
    seed = int(os.environ.get("SEED", "8"))
    with tempfile.TemporaryDirectory() as folder, postgres() as url:
        server = RunningServer(Path(folder) / "data", url, workers=2)
        try:
            phones = prepare(server)
            server.start()
            figures = asyncio.run(morning(server.port, phones, Random(seed)))
        finally:
            server.kill()
            server.engine.database.engine.dispose()
    sys.exit(0 if report(figures, seed) else 1)


def prepare(server: RunningServer) -> list[Phone]:
    """People, each with a trip and a signed-in phone."""
    world = server.people()

    def some(write: Transaction, numbers: range) -> list[Phone]:
        phones = []
        for number in numbers:
            user = write.create("user", {"username": f"t{number}", "display_name": f"T {number}", "role": "technician"})
            device = write.create("device", {"user_id": user["id"], "name": "phone"})
            stop = {"division_code": "330110", "arrive_on": "2026-11-09", "leave_on": "2026-11-13"}
            trip = {"technician_id": user["id"], "purpose": "Pumps", "home_division": "310000", "stops": [stop]}
            made = write.create("trip", trip)
            phones.append(Phone(device["id"], made["id"], tokens.begin(write, device["id"], is_proved=False)))
        return phones

    assert world.people
    parts = [range(start, min(start + 50, DEVICES)) for start in range(0, DEVICES, 50)]
    return [phone for part in parts for phone in server.engine.write(SYSTEM, lambda write, of=part: some(write, of))]


async def morning(port: int, phones: list[Phone], random: Random) -> Figures:
    """The hour from 08:00."""
    figures = Figures()
    began = time.monotonic()
    await asyncio.gather(*(live(port, phone, Random(random.random()), figures, began) for phone in phones))
    return figures


async def live(port: int, phone: Phone, random: Random, figures: Figures, began: float) -> None:
    times = [random.uniform(0, FIRST_MINUTE)]
    times += sorted(FIRST_MINUTE + random.uniform(0, REST) for _ in range(WAKES))
    for wake, at in enumerate(times):
        await asyncio.sleep(max(0, began + at - time.monotonic()))
        due = time.monotonic()
        if wake == 0:
            shown = {"refresh_token": phone.refresh_token}
            answer = await call(port, phone, "refresh", "/api/auth/refresh", random, figures, shown)
            phone.token = answer.get("access_token", "")
        await sync(port, phone, random, figures)
        figures.synced_at.append(time.monotonic() - due)
        if wake and random.random() < PHOTO_SHARE:
            await send_photo(port, phone, random, figures)


async def sync(port: int, phone: Phone, random: Random, figures: Figures) -> None:
    changes = [receipt(phone, random) for _ in range(random.randint(1, 10))]
    body = {"device_id": phone.id, "epoch": "", "changes": changes}
    answer = await call(port, phone, "push", "/api/sync/push", random, figures, body)
    for verdict in answer.get("verdicts", []):
        if verdict["status"] != "applied":
            figures.errors[f"verdict {verdict['status']} {verdict.get('code', '')}"] += 1
        figures.pushed += 1
    more = True
    while more:
        query = f"?cursor={phone.cursor}" if phone.cursor else ""
        page = await call(port, phone, "pull", f"/api/sync/pull{query}", random, figures)
        phone.cursor, more = page.get("cursor", ""), page.get("more", False)
    held = [{"entity": "receipt", "id": change["record_id"], "version": 1} for change in changes]
    answer = await call(port, phone, "manifest", "/api/sync/manifest", random, figures, {"records": held})
    if answer.get("missing_records"):
        figures.errors["missing after an acknowledgement"] += 1


def receipt(phone: Phone, random: Random) -> dict[str, Any]:
    fields = {"trip_id": phone.trip_id, "category": "meal", "amount_minor": random.randint(900, 9000)}
    fields |= {"issued_on": "2026-11-10", "seller_name": "Noodle shop", "note": "x" * 200}
    change = {"change_id": new_id(), "entity": "receipt", "record_id": new_id(), "op": "create", "fields": fields}
    return change | {"made_at": "2026-11-24T08:00:00Z"}


@cache
def _jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "#888").save(data, "JPEG")
    return data.getvalue()


async def send_photo(port: int, phone: Phone, random: Random, figures: Figures) -> None:
    data = _jpeg() + random.randbytes(PHOTO)
    sha256 = base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()
    about = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": f"sha256 {sha256}"}
    begun = await call(port, phone, "begin photo", "/api/attachments/uploads", random, figures, b"", about)
    part = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    where = begun.get("location", "")
    await call(port, phone, "photo", where, random, figures, data, part, method="PATCH")


async def call(
    port: int,
    phone: Phone,
    what: str,
    path: str,
    random: Random,
    figures: Figures,
    body: Any = None,
    headers: dict[str, str] | None = None,
    method: str = "",
) -> dict[str, Any]:
    """One call, again after each "come again". Gives the JSON of the answer."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    asked = {"Host": "127.0.0.1", "Connection": "close", "Content-Type": "application/json"} | (headers or {})
    asked |= {"Content-Length": str(len(data)), "Fieldclaim-Protocol": "1"}
    asked |= {"Authorization": f"Bearer {phone.token}"} if phone.token else {}
    first = f"{method or ('GET' if body is None else 'POST')} {path} HTTP/1.1\r\n"
    request = (first + "".join(f"{name}: {value}\r\n" for name, value in asked.items()) + "\r\n").encode() + data
    for _ in range(60):
        began = time.monotonic()
        try:
            status, names, answer = await exchange(port, request)
        except OSError as error:
            figures.errors[f"{what}: {type(error).__name__}"] += 1
            return {}
        if status in (429, 503) and names.get("retry-after", "").isdecimal():
            figures.told_to_wait[what] += 1
            await asyncio.sleep(int(names["retry-after"]) * random.uniform(1, 1.5))
            continue
        figures.note(what, began)
        if status >= 400:
            figures.errors[f"{what}: {status} {answer[:80]!r}"] += 1
            return {}
        return dict(json.loads(answer)) if answer else {"location": names.get("location", "")}
    figures.errors[f"{what}: told to wait 60 times"] += 1
    return {}


async def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        head, _, rest = (await asyncio.wait_for(reader.read(-1), 60)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    lines = head.decode("latin-1").split("\r\n")
    if len(lines) < 2:
        raise ConnectionResetError
    names = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), names, rest


def report(figures: Figures, seed: int) -> bool:
    """Print the table. Gives whether the bar was met."""
    print(f"{DEVICES} phones, 2 workers, PostgreSQL, {machine()}, seed {seed}")
    print(f"minute 1 as it is, minutes 2 to 60 in {REST:.0f} s; {figures.pushed} changes pushed")
    print(f"{'call':12} {'count':>7} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'told to wait':>13}")
    for what, seconds in figures.seconds.items():
        cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else seconds * 99
        row = " ".join(f"{cuts[place] * 1000:8.0f}" for place in (49, 94, 98))
        print(f"{what:12} {len(seconds):7} {row} {figures.told_to_wait[what]:13}")
    whole = statistics.quantiles(figures.synced_at, n=100)
    print(
        f"from waking to synced: p50 {whole[49]:.1f} s, p95 {whole[94]:.1f} s, at most {max(figures.synced_at):.1f} s"
    )
    print(f"errors: {dict(figures.errors) or 'none'}")
    p95 = statistics.quantiles(figures.seconds["push"], n=100)[94] * 1000
    return p95 <= MOST_P95_MS and not figures.errors


if __name__ == "__main__":
    main()
