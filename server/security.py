"""What every answer says, whoever gave it: what the browser must not do, and which protocol the API speaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from server.problems import PROTOCOL

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "script-src 'self' 'wasm-unsafe-eval'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_USUAL = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}
_BY_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
_NEVER_KEPT = ("text/html", "application/json", "application/problem+json")


class UsualHeaders:
    """WSGI middleware that adds the headers; an answer that needs a stricter one has set its own."""

    def __init__(self, app: WSGIApplication, *, is_secure: bool) -> None:
        self.app = app
        headers = _USUAL | (_BY_HTTPS if is_secure else {})
        self.usual = [(name.lower(), (name, value)) for name, value in headers.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_api = environ.get("PATH_INFO", "").startswith("/api/")

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.lower(): value for name, value in headers}
            more = [header for name, header in self.usual if name not in given]
            if "cache-control" not in given and given.get("content-type", "").partition(";")[0] in _NEVER_KEPT:
                more.append(("Cache-Control", "no-store"))
            if is_api:
                more.append(("Fieldclaim-Protocol", PROTOCOL))
            return start_response(status, headers + more, *error)

        return self.app(environ, start)
