"""Web push as its standards say: a payload that only the phone opens (RFC 8291), and who sends it (RFC 8292)."""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
AUTH_BYTES = 16
_RECORD_BYTES = 4096
_TOKEN_LASTS = timedelta(hours=12)  # RFC 8292, 2: at most 24 hours
_END = b"\x02"


def encrypted(
    payload: bytes,
    receiver: bytes,
    auth: bytes,
    *,
    size: int = 0,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes = b"",
) -> bytes:
    """The body to send to a phone (`aes128gcm`, one record), padded to `size`, so that its length tells nothing.

    `receiver` and `auth` are what the phone gave. Sender's key and salt are made anew for each, except in tests.
    """
    sender, salt = sender or ec.generate_private_key(CURVE), salt or os.urandom(16)
    ours = public_bytes(sender)
    shared = sender.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, receiver))
    secret = _derived(shared, auth, b"WebPush: info\0" + receiver + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    record = (payload + _END).ljust(size, b"\0")
    header = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, record, None)


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now: datetime) -> str:
    """The header that tells a push service which server sends, and whom to ask about it."""
    url = urlsplit(endpoint)
    claims = {"aud": f"{url.scheme}://{url.netloc}", "exp": int((now + _TOKEN_LASTS).timestamp())}
    token = jwt.encode(claims | ({"sub": contact} if contact else {}), key, "ES256")
    return f"vapid t={token}, k={as_text(public_bytes(key))}"


def is_receiver(text: str) -> bool:
    """Whether a text is a phone's public key: a point on the curve, not compressed."""
    try:
        data = as_bytes(text)
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, data)
    except ValueError:
        return False
    return len(data) == 65


def is_auth(text: str) -> bool:
    """Whether a text is a phone's secret."""
    try:
        return len(as_bytes(text)) == AUTH_BYTES
    except ValueError:
        return False


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half of a key, as it travels."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def as_text(data: bytes) -> str:
    """Bytes as push writes them: base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def as_bytes(text: str) -> bytes:
    """The bytes of such a text. Raises ValueError."""
    plain = text.rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
