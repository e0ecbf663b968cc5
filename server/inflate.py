"""Requests whose body is compressed: inflated under a limit, before anything reads them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from server.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_INFLATED = 1024 * 1024
MAX_DEFLATED = 1024 * 1024


class TooLarge(Exception):
    """The body is larger than its limit once inflated."""


class InflateRequests:
    """WSGI middleware for `Content-Encoding: gzip`. A bomb or a broken stream is refused, never unpacked whole."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if encoding in ("", "identity"):
            return self.app(environ, start_response)
        if encoding != "gzip":
            return _refuse(Problem(415, "encoding_unknown"), environ, start_response)
        try:
            body = inflate(environ["wsgi.input"].read(_length(environ)))
        except TooLarge:
            limit = {"limit_bytes": MAX_INFLATED}
            return _refuse(Problem(413, "push_too_large", params=limit), environ, start_response)
        except zlib.error:
            return _refuse(Problem(400, "body_broken"), environ, start_response)
        environ.pop("HTTP_CONTENT_ENCODING")
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return self.app(environ, start_response)


def inflate(data: bytes, limit: int = MAX_INFLATED) -> bytes:
    """Gzip to bytes. Raises TooLarge past the limit, zlib.error where the stream is broken or cut off."""
    stream = zlib.decompressobj(wbits=31)
    body = stream.decompress(data, limit + 1)
    if len(body) > limit:
        raise TooLarge
    if not stream.eof:
        raise zlib.error("the stream ends early")
    return body


def _length(environ: WSGIEnvironment) -> int:
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isdecimal() else 0
    if size > MAX_DEFLATED:
        raise TooLarge
    return size


def _refuse(problem: Problem, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return problem.response()(environ, start_response)
