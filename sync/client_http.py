"""How the client reaches a server: one request, one answer. Simulations and load tests put their own in its place."""

from __future__ import annotations

import gzip
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Protocol


class ServerSaysNo(Exception):
    """The server refused the whole call. `code` is stable; `wipe` asks the device to forget the company's data."""

    def __init__(self, status: int, code: str, wipe: bool = False) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.wipe = wipe


class Unreachable(Exception):
    """No answer, or none of ours: nothing is known of what the server did."""


@dataclass(frozen=True)
class Request:
    """A call as it goes out. A body is JSON, packed with gzip."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Answer:
    """An answer as it came in, whoever gave it. The names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Carries a request to the server."""

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status. Raises Unreachable where none came, or not the whole of it."""
        ...


class Http:
    """The transport of real life."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout

    def send(self, request: Request) -> Answer:
        """Send it by urllib, and wait for the answer."""
        asked = urllib.request.Request(  # noqa: S310 (the integrator's own address)
            request.url, request.body, dict(request.headers), method=request.method
        )
        try:
            with urllib.request.urlopen(asked, timeout=self.timeout) as answer:  # noqa: S310
                return _whole(answer.status, answer)
        except urllib.error.HTTPError as error:
            return _whole(error.code, error)
        except (OSError, HTTPException) as error:
            raise Unreachable(str(error)) from error


class Patient:
    """Another transport, waited with: where a server is busy and says when to come again, this comes again then.

    Each wait is a little longer than asked, by chance, so that devices that were sent away together do not come back
    together. After `patience` seconds in all the answer is given as it is.
    """

    def __init__(
        self, inner: Transport, patience: float = 60, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.inner = inner
        self.patience = patience
        self.sleep = sleep

    def send(self, request: Request) -> Answer:
        """The first answer that is not "come again", or the last one where patience has run out."""
        left = self.patience
        while True:
            answer = self.inner.send(request)
            wait = _wish(answer) * random.uniform(1, 1.5)  # noqa: S311 (no secret)
            if not 0 < wait <= left:
                return answer
            left -= wait
            self.sleep(wait)


def _wish(answer: Answer) -> int:
    """After how many seconds the server wants to be asked again; 0 where it does not."""
    wish = answer.headers.get("retry-after", "") if answer.status in (429, 503) else ""
    return int(wish) if wish.isdecimal() else 0


def packed(url: str, token: str, body: Any) -> Request:
    """The request for a call of the protocol: a POST where it has a body."""
    headers = {"Fieldclaim-Protocol": "1", "Accept-Encoding": "gzip"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    if body is None:
        return Request("GET", url, headers, None)
    headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return Request("POST", url, headers, gzip.compress(json.dumps(body).encode(), 6, mtime=0))


def read(answer: Answer) -> Any:
    """The JSON of an answer of ours. Raises ServerSaysNo, or Unreachable where it is not ours or was cut off."""
    if "fieldclaim-protocol" not in answer.headers:
        raise Unreachable("not a Fieldclaim server")
    try:
        is_packed = answer.headers.get("content-encoding") == "gzip"
        found = json.loads(gzip.decompress(answer.body) if is_packed else answer.body)
    except (ValueError, EOFError, OSError) as error:
        raise Unreachable("the answer was cut off") from error
    if answer.status >= 400:
        raise ServerSaysNo(answer.status, str(found.get("code", "")), found.get("wipe") is True)
    return found


def _whole(status: int, answer: Any) -> Answer:
    try:
        return Answer(status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())
    except (OSError, HTTPException) as error:
        raise Unreachable("the answer was cut off") from error
