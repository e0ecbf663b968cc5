"""Files to send, and a phone's way of sending them in parts."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

from PIL import Image
from werkzeug.test import TestResponse

from sync.change import new_id
from tests.server.api import Device

UPLOADS = "/api/attachments/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}


def picture(side: int = 64, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture that no other test has."""
    data = io.BytesIO()
    Image.effect_noise((side, side), 80).convert("RGB").save(data, kind, **options)
    return data.getvalue()


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def metadata(**pairs: str) -> str:
    """The header by which an upload says what it is."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def opening(data: bytes, media_type: str = "image/jpeg") -> dict[str, str]:
    """The headers that begin an upload."""
    about = metadata(sha256=sha256_of(data), media_type=media_type)
    return TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": about}


def begin(phone: Device, data: bytes, media_type: str = "image/jpeg") -> str:
    """Begin an upload. Gives its address."""
    answer = phone.ask("POST", UPLOADS, headers=opening(data, media_type))
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(phone: Device, address: str, data: bytes, offset: int = 0, **headers: str) -> TestResponse:
    return phone.ask("PATCH", address, headers=PART | {"Upload-Offset": str(offset)} | headers, data=data)


def offset_of(phone: Device, address: str) -> int:
    answer = phone.ask("HEAD", address, headers=TUS)
    assert answer.status_code == 200, answer.status
    return int(answer.headers["Upload-Offset"])


def upload(phone: Device, data: bytes, media_type: str = "image/jpeg") -> str:
    """Send a file whole. Gives its hash."""
    answer = send(phone, begin(phone, data, media_type), data)
    assert answer.status_code == 204, answer.text
    return sha256_of(data)


def log(phone: Device, data: bytes, media_type: str = "image/jpeg") -> str:
    """Push the record of a file. Gives the record's id."""
    record_id = new_id()
    fields = {"sha256": sha256_of(data), "media_type": media_type, "size": max(1, len(data)), "role": "original"}
    change = {"change_id": new_id(), "entity": "attachment", "record_id": record_id, "op": "create"}
    answer = phone.push(change | {"fields": fields, "made_at": "2026-11-24T08:00:00Z"})
    assert answer.json, answer.text
    assert answer.json["verdicts"][0]["status"] == "applied", answer.json
    return record_id
