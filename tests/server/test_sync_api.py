"""The sync calls under input that is broken or hostile: an answer with a code, never an error of the server's own."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from sync.change import new_id
from tests.server.api import Device, signed_in
from tests.server.world import World, base_of


@pytest.fixture
def phone(app: Flask, world: World) -> Device:
    return signed_in(app, world.anna, "anna")


def raw(phone: Device, data: bytes, **headers: str) -> Any:
    return phone.ask("POST", "/api/sync/push", data=data, headers={"Content-Type": "application/json"} | headers)


def body(phone: Device, *changes: Any) -> bytes:
    return json.dumps({"device_id": phone.id, "epoch": "", "changes": list(changes)}).encode()


def a_receipt(trip: dict[str, Any], **fields: Any) -> dict[str, Any]:
    good = {"trip_id": trip["id"], "category": "meal", "amount_minor": 100, "issued_on": "2026-11-10"}
    return {
        "change_id": new_id(),
        "entity": "receipt",
        "record_id": new_id(),
        "op": "create",
        "fields": {**good, **fields},
        "made_at": "2026-11-24T08:00:00Z",
    }


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "invalid_fields"),
        (b"{", 400, "bad_request"),
        (b"[]", 422, "invalid_fields"),
        (b"null", 422, "invalid_fields"),
        (b"[" * 100_000, 400, "bad_request"),
        (b'"\\ud800"', 422, "invalid_fields"),
        (b'{"device_id": ' + b"9" * 5000 + b"}", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b'{"device_id": "x", "changes": 7}', 422, "invalid_fields"),
        (b'{"device_id": "x", "changes": [], "more": 1}', 422, "invalid_fields"),
        (b'{"device_id": "x", "changes": []}', 403, "not_this_device"),
    ],
)
def test_a_broken_body_is_refused_with_a_code(phone: Device, data: bytes, status: int, code: str) -> None:
    answer = raw(phone, data)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert "Traceback" not in answer.text


def test_a_packed_push_is_unpacked_and_a_broken_one_refused(phone: Device) -> None:
    packed = gzip.compress(body(phone))
    assert raw(phone, packed, **{"Content-Encoding": "gzip"}).status_code == 200
    for broken in (packed[:-9], b"\x1f\x8b rubbish", b""):
        answer = raw(phone, broken, **{"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json["code"]) == (400, "body_broken")
    assert raw(phone, packed, **{"Content-Encoding": "br"}).json["code"] == "encoding_unknown"


def test_a_bomb_is_never_unpacked_whole(phone: Device) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = io.BytesIO()
    for _ in range(200):
        bomb.write(packer.compress(b" " * 1024 * 1024))
    bomb.write(packer.flush())
    answer = raw(phone, bomb.getvalue(), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["code"]) == (413, "push_too_large")
    assert answer.json["params"]["limit_bytes"] == 1024 * 1024


def test_a_push_that_is_too_large_or_too_long_names_the_limit(phone: Device) -> None:
    assert raw(phone, body(phone, "x" * 1_100_000)).json["code"] == "push_too_large"
    answer = raw(phone, body(phone, *[0] * 501))
    assert (answer.status_code, answer.json["params"]) == (413, {"limit_changes": 500})


HOSTILE: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "a number for a text": ({"seller_name": 7}, {"seller_name": ["bad_type"]}),
    "a text for a number": ({"amount_minor": "100"}, {"amount_minor": ["bad_type"]}),
    "a fraction of a cent": ({"amount_minor": 1.5}, {"amount_minor": ["bad_type"]}),
    "true for a number": ({"amount_minor": True}, {"amount_minor": ["bad_type"]}),
    "a huge amount": ({"amount_minor": 10**15}, {"amount_minor": ["out_of_range"]}),
    "an amount past every integer": ({"amount_minor": 10**40}, {"amount_minor": ["out_of_range"]}),
    "a date in the year 9999": ({"issued_on": "9999-01-01"}, {"issued_on": ["out_of_range"]}),
    "a day that does not exist": ({"issued_on": "2026-02-30"}, {"issued_on": ["bad_format"]}),
    "a long text": ({"note": "x" * 900_000}, {"note": ["too_long"]}),
    "an unknown field": ({"approved": True}, {"approved": ["unknown_field"]}),
    "an unknown category": ({"category": "bribe"}, {"category": ["not_a_choice"]}),
    "a position off the earth": (
        {"capture_position": {"lat": 91, "lon": 0, "accuracy_m": 1}},
        {"capture_position": ["out_of_range"]},
    ),
    "a position that is a list": ({"capture_position": [1, 2]}, {"capture_position": ["bad_type"]}),
    "a file that is no hash": ({"attachments": ["../../etc/passwd"]}, {"attachments": ["bad_format"]}),
    "files in an object": ({"attachments": {"0": "a"}}, {"attachments": ["bad_type"]}),
    "a missing trip": ({"trip_id": None}, {"trip_id": ["required"]}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_field_is_named_and_its_neighbours_apply(phone: Device, world: World, name: str) -> None:
    trip = world.trip()
    fields, errors = HOSTILE[name]
    answer = phone.push(a_receipt(trip), a_receipt(trip, **fields), a_receipt(trip))
    assert answer.status_code == 200
    verdicts = answer.json["verdicts"]
    assert [verdict["status"] for verdict in verdicts] == ["applied", "rejected", "applied"]
    assert verdicts[1]["errors"] == errors


@pytest.mark.parametrize(
    "text", ["🧾🚚", "\u202eabc", "'; DROP TABLE receipt; --", "<script>alert(1)</script>", "İ" * 200]
)
def test_every_text_is_kept_as_it_was_typed(phone: Device, world: World, text: str) -> None:
    change = a_receipt(world.trip(), seller_name=text)
    assert phone.push(change).json["verdicts"][0]["status"] == "applied"
    assert world.now("receipt", change["record_id"])["seller_name"] == text


@pytest.mark.parametrize(
    "field", ["technician_id", "identity", "evidence", "reading_status", "id", "version", "status", "decided_by"]
)
def test_a_field_of_the_server_cannot_be_sent(phone: Device, world: World, field: str) -> None:
    verdict = phone.push(a_receipt(world.trip(), **{field: "x"})).json["verdicts"][0]
    assert verdict["status"] == "rejected"
    assert verdict["errors"][field][0] in ("field_not_writable", "unknown_field", "not_a_choice", "bad_format")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=" + "a" * 2001])
def test_a_pull_with_a_wrong_question_is_refused(phone: Device, query: str) -> None:
    assert phone.ask("GET", f"/api/sync/pull?{query}").status_code == 422


@pytest.mark.parametrize("broken", ["\ud800", "a\x00b"])
def test_a_manifest_with_text_that_no_database_can_keep_is_refused(phone: Device, broken: str) -> None:
    answer = phone.ask("POST", "/api/sync/manifest", json={"records": [{"entity": "trip", "id": broken}]})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")


def test_the_manifest_names_what_the_server_lacks(phone: Device, world: World) -> None:
    change = a_receipt(world.trip())
    phone.push(change)
    unknown, sha256 = new_id(), "a" * 64
    records = [{"entity": "receipt", "id": change["record_id"], "version": 1}]
    records.append({"entity": "receipt", "id": unknown, "version": 1})
    answer = phone.ask("POST", "/api/sync/manifest", json={"records": records, "attachments": [sha256]}).json
    assert answer["missing_records"] == [{"entity": "receipt", "id": unknown}]
    assert answer["missing_attachments"] == [sha256]


def test_a_receipt_keeps_its_calendar_date_whatever_the_clock_says(phone: Device, world: World) -> None:
    change = a_receipt(world.trip(), issued_on="2026-11-10", captured_at="2026-11-10T00:30:00+08:00")
    change["made_at"] = "2026-11-09T16:30:00Z"
    phone.push(change)
    record = world.now("receipt", change["record_id"])
    assert (record["issued_on"], record["captured_at"]) == ("2026-11-10", "2026-11-10T00:30:00+08:00")


def test_every_answer_of_the_api_is_ours_and_every_page_is_guarded(app: Flask) -> None:
    for path in ("/api/nothing", "/api/sync/push", "/api/attachments/" + "a" * 64):
        answer = app.test_client().get(path)
        assert answer.headers["Fieldclaim-Protocol"] == "1"
        assert answer.json["code"]
    for path in ("/login", "/nothing", "/healthz", "/app/nothing.js"):
        answer = app.test_client().get(path)
        assert_guarded(answer)
        assert "Fieldclaim-Protocol" not in answer.headers


def test_an_answer_that_never_reached_the_application_is_guarded_too(app: Flask) -> None:
    answer = app.test_client().post("/api/sync/push", data=b"x", headers={"Content-Encoding": "br"})
    assert answer.status_code == 415
    assert answer.headers["Fieldclaim-Protocol"] == "1"
    assert_guarded(answer)


def assert_guarded(answer: TestResponse) -> None:
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.mimetype in ("text/html", "application/json", "application/problem+json"):
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["anna", "bo", "dan", "wen", "fei", "ming", "ada"])
def test_no_role_approves_a_blocked_line_by_the_api(app: Flask, world: World, who: str) -> None:
    trip = world.trip()
    claim = world.claim(trip, world.receipt(trip))
    roles = {"anna": "technician", "bo": "technician", "dan": "dispatcher", "wen": "warehouse"}
    roles |= {"fei": "finance", "ming": "manager", "ada": "admin"}
    phone = signed_in(app, world.person(who, roles[who]), who)
    line = world.lines(claim)[0]
    verdict = phone.push(base_of("claim_line", line, status="approved")).json["verdicts"][0]
    sees = who in ("anna", "fei", "ming")
    assert (verdict["status"], verdict["code"]) == ("rejected", "line_blocked" if sees else "not_yours")
    if sees:
        assert [finding["code"] for finding in verdict["params"]["findings"]] == ["report_not_filed"]
    assert world.lines(claim)[0] == line
