"""A network that breaks, between a browser and a server on this machine: seeded, one fault to a request."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

FAULTS = ("request lost", "request cut", "answer lost", "answer cut", "sliced", "late", "captive portal")
_PORTAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>Sign in to this Wi-Fi"
_TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>413</h1>"


@dataclass
class FaultProxy:
    """Listens on a port of its own. Its fields may be changed while it runs."""

    upstream: int
    seed: int
    share: float = 0.0
    """Of the requests below /api/, the part that meets a fault."""
    limit: int = 0
    """The longest body that is let through, in bytes; 0 for any."""
    rate: float = 0.0
    """Bytes in a second, each way; 0 for as fast as it goes."""
    latency: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    """What was asked for, in its order."""
    port: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self._free = {"up": 0.0, "down": 0.0}
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10)

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_later(0.05, self._loop.stop)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(asyncio.start_server(self._take, "127.0.0.1", 0))
        self.port = listener.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        listener.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._pass(reader, writer)
        writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int((re.search(rb"(?i)content-length: *(\d+)", head) or [b"", b"0"])[1])
        self.asked.append(head.split(b" ", 2)[1].decode())
        fault = self._choose(head)
        self.counts[fault] += 1
        if fault == "request lost":
            return
        if fault == "captive portal" or (self.limit and length > self.limit):
            await reader.readexactly(length)
            writer.write(_PORTAL if fault == "captive portal" else _TOO_LARGE)
            writer.write_eof()
            await writer.drain()
            await asyncio.sleep(0.05)
            return
        body = await reader.readexactly(length)
        await self._pace("up", len(head) + length)
        sent = self.random.randrange(length) if fault == "request cut" and length else length
        answer = await self._ask(head, body[:sent], is_cut=sent < length)
        await asyncio.sleep(self.latency + (self.random.uniform(0.2, 1) if fault == "late" else 0))
        if fault in ("answer lost", "request cut"):
            return
        await self._answer(
            writer, answer[: self.random.randrange(len(answer) or 1)] if fault == "answer cut" else answer, fault
        )

    def _choose(self, head: bytes) -> str:
        is_api = b" /api/" in head.split(b"\r\n", 1)[0]
        return self.random.choice(FAULTS) if is_api and self.random.random() < self.share else "none"

    async def _ask(self, head: bytes, body: bytes, is_cut: bool) -> bytes:
        """One request on a connection of its own. Gives the whole answer."""
        upstream, to = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            to.write(re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)[:-4] + b"\r\nConnection: close\r\n\r\n" + body)
            await to.drain()
            if is_cut:
                return b""
            return await upstream.read()
        finally:
            to.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes, fault: str) -> None:
        at = 0
        while at < len(answer):
            size = self.random.randint(7, 64) if fault == "sliced" and at < 2000 else 8192
            piece = answer[at : at + size]
            await self._pace("down", len(piece))
            writer.write(piece)
            await writer.drain()
            if size < 100:
                await asyncio.sleep(0)
            at += size
        if fault != "answer cut":
            writer.write_eof()
            await asyncio.sleep(0.01)

    async def _pace(self, way: str, size: int) -> None:
        if not self.rate:
            return
        now = time.monotonic()
        self._free[way] = max(now, self._free[way]) + size / self.rate
        await asyncio.sleep(self._free[way] - now)
