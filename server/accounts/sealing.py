"""Secrets that must be read again: kept so that only this server's key opens them, each for the one it belongs to."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


def seal(server_key: str, owner: str, secret: str) -> str:
    """The secret as text that tells nothing, and that opens for this owner only."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(_derived(server_key, b"seal")).encrypt(nonce, secret.encode(), owner.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(server_key: str, owner: str, sealed: str) -> str | None:
    """The secret; None where the server's key has changed, or the text was another owner's or is damaged."""
    try:
        data = base64.urlsafe_b64decode(sealed)
        opened = AESGCM(_derived(server_key, b"seal")).decrypt(data[:_NONCE], data[_NONCE:], owner.encode())
    except (InvalidTag, ValueError, binascii.Error):
        return None
    return opened.decode()


def keyed_hash(server_key: str, owner: str, secret: str) -> str:
    """A hash that nobody without the server's key can try secrets against."""
    return hmac.new(_derived(server_key, b"hash"), f"{owner}:{secret}".encode(), sha256).hexdigest()


def _derived(server_key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"fieldclaim second factor: " + purpose).derive(server_key.encode())
