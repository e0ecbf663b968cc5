"""Errors as problem documents (RFC 9457) with a stable code: for the API and for everything under /api."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, json, request
from werkzeug.exceptions import HTTPException

PROTOCOL = "1"
PREVIOUS_PROTOCOL = "0"


class Problem(Exception):
    """An answer that says no. `wipe` tells a phone that it no longer may keep the company's data."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        wipe: bool = False,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.errors = errors
        self.params = params
        self.headers = dict(headers or {})
        self.wipe = wipe

    def response(self) -> Response:
        """The problem document. It names no file, no query and no line of ours."""
        body: dict[str, Any] = {
            "type": f"urn:fieldclaim:problem:{self.code}",
            "title": _title(self.status),
            "status": self.status,
            "code": self.code,
        }
        body |= {"errors": self.errors} if self.errors else {}
        body |= {"params": self.params} if self.params else {}
        body |= {"wipe": True} if self.wipe else {}
        answer = Response(json.dumps(body), self.status, mimetype="application/problem+json")
        answer.headers.update(self.headers)
        return answer


def _title(status: int) -> str:
    # Note: 460 is the upload protocol's own status, which HTTP does not name.
    return "Checksum Mismatch" if status == 460 else HTTPStatus(status).phrase


_CODES = {
    400: "bad_request",
    401: "token_missing",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_fields",
    429: "too_many_attempts",
    503: "unavailable",
    507: "storage_full",
}


def from_http(error: HTTPException) -> Problem:
    """The problem for an error that the framework raised."""
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    messages = getattr(error, "data", {}).get("messages") if hasattr(error, "data") else None
    errors = _field_codes(messages) if isinstance(messages, dict) else None
    return Problem(status, _CODES.get(status, "server_error"), errors=errors, headers=kept)


def is_api() -> bool:
    """Whether a program asks, not a page."""
    return request.path.startswith("/api/")


def unexpected(error: Exception) -> Response:
    """The outermost edge: logged with its trace, told without it."""
    current_app.logger.exception("unexpected error", exc_info=error)
    return Problem(500, "server_error").response()


def _field_codes(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    """Codes by field out of marshmallow's messages, which come by the place they were read from."""
    codes: dict[str, list[str]] = {}
    for place in messages.values():
        for name, inner in place.items() if isinstance(place, dict) else ():
            codes[str(name)[:64]] = sorted({str(code)[:80] for code in _leaves(inner)})
    return codes


def _leaves(messages: Any) -> list[Any]:
    if isinstance(messages, dict):
        return [leaf for inner in messages.values() for leaf in _leaves(inner)]
    if isinstance(messages, list):
        return [leaf for inner in messages for leaf in _leaves(inner)]
    return [messages]
