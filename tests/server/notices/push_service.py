"""A push service on a real socket, with the phone behind it: it checks who sends, and opens what comes (RFC 8291)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.notices.web_push import CURVE, as_bytes, as_text, public_bytes


@dataclass
class Receiver:
    """The keys that a phone's browser keeps to itself."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    auth: bytes = b"sixteen bytes..."

    @property
    def given(self) -> dict[str, str]:
        """What it gives away."""
        return {"p256dh": as_text(public_bytes(self.key)), "auth": as_text(self.auth)}

    def open(self, body: bytes) -> bytes:
        """What a message says."""
        salt, key_length = body[:16], body[20]
        sender, sealed = body[21 : 21 + key_length], body[21 + key_length :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        info = b"WebPush: info\0" + public_bytes(self.key) + sender
        secret = HKDF(SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
        record = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert record.endswith(b"\2")
        return record[:-1]


class PushService(ThreadingHTTPServer):
    """It listens on a free port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.phone = Receiver()
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status, self.retry_after = 201, ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def endpoint(self, name: str = "anna") -> str:
        return f"{self.address}/send/{name}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came, opened."""
        return [json.loads(self.phone.open(body)) for _, body in self.came]


class _Call(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        service = cast("PushService", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        claims = claims_of(self.headers["Authorization"], verify_exp=False)
        assert claims["aud"] == service.address
        service.came.append((dict(self.headers), body))
        self.send_response(service.status)
        if service.retry_after:
            self.send_header("Retry-After", service.retry_after)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def claims_of(authorization: str, **options: bool) -> dict[str, Any]:
    """What a sender says of itself, once its signature was found good (RFC 8292)."""
    kind, _, rest = authorization.partition(" ")
    assert kind == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, as_bytes(parts["k"]))
    audience = jwt.decode(parts["t"], options={"verify_signature": False})["aud"]
    assert urlsplit(audience).path == ""
    return jwt.decode(parts["t"], key, ["ES256"], audience=audience, options=cast("Any", options))


@contextmanager
def push_service() -> Iterator[PushService]:
    """One that runs."""
    with PushService() as service:
        threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True).start()
        yield service
        service.shutdown()
