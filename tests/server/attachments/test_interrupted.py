"""Nothing is stored half and nothing is believed stored that is not: cuts, kills, a full disk, two at once."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from server.attachments.uploads import MAX_UNFINISHED
from server.services import Services
from tests.server.api import Device, signed_in
from tests.server.attachments.files import (
    PART,
    TUS,
    UPLOADS,
    begin,
    log,
    offset_of,
    opening,
    picture,
    send,
    sha256_of,
    upload,
)
from tests.server.world import World


@pytest.fixture
def phone(app: Flask, world: World) -> Device:
    return signed_in(app, world.anna, "anna")


def upload_id(address: str) -> str:
    return address.rpartition("/")[2]


def test_a_server_killed_after_the_last_byte_finishes_when_the_phone_asks_again(
    phone: Device, services: Services, world: World
) -> None:
    data = picture()
    record_id = log(phone, data)
    address = begin(phone, data)
    services.files.part(upload_id(address)).write_bytes(data)
    assert offset_of(phone, address) == len(data)
    assert world.now("attachment", record_id)["status"] == "stored"
    assert services.files.is_whole(sha256_of(data))


def test_a_server_killed_between_keeping_the_file_and_its_row_asks_for_the_bytes_again(
    phone: Device, services: Services, world: World
) -> None:
    data = picture()
    record_id = log(phone, data)
    address = begin(phone, data)
    part = services.files.part(upload_id(address))
    part.write_bytes(data)
    services.files.keep(part, sha256_of(data))
    assert offset_of(phone, address) == 0
    assert world.now("attachment", record_id)["status"] == "pending"
    assert send(phone, address, data).status_code == 204
    assert world.now("attachment", record_id)["status"] == "stored"


def test_giving_up_while_bytes_arrive_waits_for_them(phone: Device, services: Services) -> None:
    address = begin(phone, picture())
    with services.files.part(upload_id(address)).open("r+b") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        assert phone.ask("DELETE", address, headers=TUS).status_code == 423
        assert send(phone, address, b"x").status_code == 423
    assert phone.ask("DELETE", address, headers=TUS).status_code == 204
    assert phone.ask("HEAD", address, headers=TUS).status_code == 404


def test_an_upload_that_runs_past_its_hour_is_not_removed_under_its_feet(phone: Device, services: Services) -> None:
    address = begin(phone, picture())
    with services.files.part(upload_id(address)).open("r+b") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        services.engine.clock = lambda: datetime.now(UTC) + timedelta(hours=25)
        phone.refresh()
        begin(phone, picture())
        assert services.files.part(upload_id(address)).exists()
    begin(phone, picture())
    assert not services.files.part(upload_id(address)).exists()


def test_a_part_that_belongs_to_nothing_is_swept_away(phone: Device, services: Services) -> None:
    stray = services.files.part("left-by-a-crash")
    stray.write_bytes(b"x")
    long_ago = time.time() - 48 * 3600
    os.utime(stray, (long_ago, long_ago))
    begin(phone, picture())
    assert not stray.exists()


def test_a_repeated_last_part_is_answered_as_the_first_time(phone: Device) -> None:
    data = picture()
    address = begin(phone, data)
    send(phone, address, data)
    assert send(phone, address, b"", len(data)).headers["Upload-Offset"] == str(len(data))
    assert send(phone, address, data).status_code == 409
    assert offset_of(phone, address) == len(data)


def test_more_bytes_than_announced_are_refused_and_none_of_them_kept(phone: Device, services: Services) -> None:
    data = picture()
    address = begin(phone, data)
    send(phone, address, data[:10])
    assert send(phone, address, data[10:] + b"more", 10).status_code == 413
    assert offset_of(phone, address) == 10
    assert send(phone, address, data[10:], 10).status_code == 204
    assert services.files.is_whole(sha256_of(data))


def test_a_full_disk_is_said_and_what_was_there_stays(phone: Device, services: Services) -> None:
    data = picture()
    address = begin(phone, data)
    send(phone, address, data[:10])
    part = services.files.part(upload_id(address))
    part.unlink()
    part.symlink_to("/dev/full")
    answer = send(phone, address, data)
    part.unlink()
    assert (answer.status_code, answer.json["code"]) == (507, "storage_full")
    assert offset_of(phone, address) == 0


def test_content_sent_twice_lies_on_the_disk_once(app: Flask, phone: Device, services: Services, world: World) -> None:
    data = picture()
    mine, mine_again = log(phone, data), log(phone, data)
    upload(phone, data)
    upload(phone, data)
    other = signed_in(app, world.bo, "bo")
    theirs = log(other, data)
    assert world.now("attachment", theirs)["status"] == "pending"
    upload(other, data)
    assert [world.now("attachment", each)["status"] for each in (mine, mine_again, theirs)] == ["stored"] * 3
    assert list(services.files.names()) == [sha256_of(data)]
    assert list(services.files.parts.iterdir()) == []


def test_a_damaged_file_is_mended_by_sending_it_again(phone: Device, services: Services) -> None:
    data = picture()
    sha256 = upload(phone, data)
    services.files.path(sha256).write_bytes(b"rotten")
    assert not services.files.is_whole(sha256)
    upload(phone, data)
    assert services.files.is_whole(sha256)


def test_at_the_limit_the_oldest_upload_that_nobody_sends_gives_way(phone: Device, services: Services) -> None:
    oldest, second = (begin(phone, picture(8)) for _ in range(2))
    for _ in range(MAX_UNFINISHED - 2):
        begin(phone, picture(8))
    with services.files.part(upload_id(oldest)).open("r+b") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        begin(phone, picture(8))
    assert offset_of(phone, oldest) == 0
    assert phone.ask("HEAD", second, headers=TUS).status_code == 404
    assert len(list(services.files.parts.iterdir())) == MAX_UNFINISHED


def test_a_person_who_sends_too_many_at_once_is_told(phone: Device, services: Services) -> None:
    with ExitStack() as held:
        for _ in range(MAX_UNFINISHED):
            part = held.enter_context(services.files.part(upload_id(begin(phone, picture(8)))).open("r+b"))
            fcntl.flock(part, fcntl.LOCK_EX)
        answer = phone.ask("POST", UPLOADS, headers=opening(picture(8)))
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_uploads")
    assert answer.headers["Tus-Resumable"] == "1.0.0"


def test_who_has_no_papers_to_send_sends_none(app: Flask, world: World) -> None:
    people = {"wen": (world.warehouse, 201), "fei": (world.finance, 201), "bo": (world.bo, 201)}
    people |= {"dan": (world.dispatcher, 403), "ming": (world.manager, 403), "ada": (world.person("ada", "admin"), 403)}
    for name, (person, status) in people.items():
        device = signed_in(app, person, name)
        assert device.ask("POST", UPLOADS, headers=opening(picture(8))).status_code == status, name
    assert Device(app).client.post(UPLOADS, headers=opening(picture(8))).status_code == 401


def test_the_server_says_what_it_can_do_to_anybody(app: Flask) -> None:
    answer = Device(app).client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
    assert answer.headers["Tus-Max-Size"] == str(25 * 1024 * 1024)


def test_a_proxy_that_knows_no_patch_can_be_got_through(phone: Device, services: Services) -> None:
    data = picture()
    address = begin(phone, data)
    headers = PART | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert phone.ask("POST", address, headers=headers, data=data).status_code == 204
    assert services.files.is_whole(sha256_of(data))
    assert phone.ask("POST", address, headers=PART, data=data).status_code == 405


@pytest.mark.parametrize("path", ["%00", "..%2f..%2fsecret_key", "é", "0" * 64, "a" * 500])
def test_an_address_that_is_none_is_not_found(phone: Device, path: str) -> None:
    assert phone.ask("GET", f"/api/attachments/{path}").status_code == 404
    assert phone.ask("HEAD", f"/api/attachments/uploads/{path}", headers=TUS).status_code == 404
    headers = PART | {"Upload-Offset": "0"}
    assert phone.ask("PATCH", f"/api/attachments/uploads/{path}", headers=headers, data=b"x").status_code == 404
