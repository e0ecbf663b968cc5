"""Uploads over real connections that are cut, fall silent, or whose server is killed."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Timer
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from requests import RequestException
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from server.attachments import tus
from server.services import Services
from sync import audit
from sync.change import new_id
from tests.e2e.running import RunningServer
from tests.server.api import Device, signed_in
from tests.server.attachments.files import PART, UPLOADS, begin, log, offset_of, picture, send, sha256_of
from tests.server.passwords import PASSWORD
from tests.server.test_backup import served
from tests.server.world import World

HALF = 200_000
KILLS = 4


@pytest.fixture
def phone(app: Flask, world: World) -> Device:
    return signed_in(app, world.anna, "anna")


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as where:
        yield where


def half_sent(address: str, upload: str, token: str, data: bytes) -> socket.socket:
    """A connection that has announced the whole file and sent the half of it."""
    where = urlsplit(address)
    headers = PART | {"Upload-Offset": "0", "Content-Length": str(len(data)), "Authorization": f"Bearer {token}"}
    head = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": where.netloc} | headers).items())
    connection = socket.create_connection((where.hostname or "", where.port or 0))
    connection.sendall(f"PATCH {upload} HTTP/1.1\r\n{head}\r\n".encode() + data[:HALF])
    return connection


def wait_for_offset(phone: Device, upload: str) -> int:
    """The offset once it has stopped growing and the upload can be gone on with."""
    for _ in range(100):
        time.sleep(0.05)
        offset = offset_of(phone, upload)
        if offset and send(phone, upload, b"", offset).status_code == 204:
            return offset
    raise AssertionError("the upload cannot be resumed")


@pytest.mark.parametrize("is_reset", [False, True])
def test_a_connection_cut_in_the_middle_leaves_what_arrived(
    address: str, phone: Device, world: World, services: Services, is_reset: bool
) -> None:
    data = picture(900)
    record_id, upload = log(phone, data), begin(phone, data)
    connection = half_sent(address, upload, phone.access, data)
    time.sleep(0.3)
    if is_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    offset = wait_for_offset(phone, upload)
    assert HALF - 64 * 1024 <= offset <= HALF
    assert world.now("attachment", record_id)["status"] == "pending"
    assert send(phone, upload, data[offset:], offset).status_code == 204
    assert world.now("attachment", record_id)["status"] == "stored"
    assert services.files.is_whole(sha256_of(data))


def test_a_phone_that_lost_the_network_without_a_word_can_resume(
    address: str, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus, "SILENCE_SECONDS", 1)
    data = picture(900)
    upload = begin(phone, data)
    with half_sent(address, upload, phone.access, data):
        time.sleep(0.3)
        busy = send(phone, upload, b"x", offset_of(phone, upload))
        assert (busy.status_code, busy.json["code"]) == (423, "upload_locked")
        offset = wait_for_offset(phone, upload)
        assert send(phone, upload, data[offset:], offset).status_code == 204


@pytest.fixture
def killable(empty_database_url: str, tmp_path: Path) -> Iterator[RunningServer]:
    server = RunningServer(tmp_path / "data", "" if empty_database_url.startswith("sqlite") else empty_database_url)
    yield server
    server.kill()
    server.engine.database.engine.dispose()


def test_a_server_killed_again_and_again_loses_nothing_and_stores_nothing_half(
    killable: RunningServer, tmp_path: Path
) -> None:
    killable.people()
    killable.start()
    device = {"id": new_id(), "name": "phone"}
    body = {"username": "anna", "password": PASSWORD, "device": device}
    answer = requests.post(f"{killable.address}/api/auth/login", json=body, timeout=10)
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    data = picture(1500)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    sha256 = sha256_of(data)
    about = {"sha256": sha256, "media_type": "image/jpeg"}
    anna = killable.people_known().people["anna"]
    killable.engine.write(anna, lambda write: write.create("attachment", about | {"size": len(data)}))
    client = TusClient(killable.address + UPLOADS, headers=token)
    upload = client.uploader(str(path), metadata=about, chunk_size=8_000)
    upload.upload_chunk()
    random, kills = Random(20261124), 0
    while killable.find("attachment")[0]["status"] != "stored":
        is_last = kills == KILLS
        timer = Timer(random.uniform(0.1, 0.5), killable.kill)
        if not is_last:
            timer.start()
        with suppress(TusCommunicationError, RequestException):
            client.uploader(str(path), url=upload.url, chunk_size=8_000).upload()
        if not is_last:
            timer.join()
            kills += 1
            killable.start()
        assert [name for name in killable.services.files.names() if not killable.services.files.is_whole(name)] == []
    assert kills >= KILLS // 2, "the upload was over before it could be interrupted"
    assert list(killable.services.files.names()) == [sha256]
    with killable.engine.database.read() as connection:
        assert audit.verify(connection, killable.engine.registry) is None
