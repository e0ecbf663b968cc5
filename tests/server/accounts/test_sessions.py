"""Signing in, staying in, and being out at once."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from flask import Flask

from server.accounts import credentials
from sync.actor import SYSTEM
from sync.change import new_id
from tests.server.api import PASSWORD, Device, give_password, signed_in
from tests.server.world import World


def test_a_person_signs_in_and_pulls_their_own_user(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    answer = phone.ask("GET", "/api/sync/pull")
    assert answer.headers["Fieldclaim-Protocol"] == "1"
    users = [item["record"]["username"] for item in answer.json["changes"] if item["entity"] == "user"]
    assert users == ["anna"]
    assert "password" not in answer.text


@pytest.mark.parametrize(("username", "password"), [("anna", "wrong horse 7"), ("nobody", PASSWORD), ("anna", "x")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    app: Flask, world: World, username: str, password: str
) -> None:
    signed_in(app, world.anna, "anna")
    answer = Device(app).log_in(username, password)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")
    assert answer.mimetype == "application/problem+json"


def test_a_name_that_does_not_exist_costs_the_same_work_as_a_wrong_password() -> None:
    assert not credentials.is_outdated(credentials._NOBODY)


@pytest.mark.parametrize("broken", [{"username": "an\ud800"}, {"device": {"id": new_id(), "name": "phone \udc00"}}])
def test_text_that_no_database_can_keep_is_refused(app: Flask, world: World, broken: dict[str, object]) -> None:
    signed_in(app, world.anna, "anna")
    form = {"username": "anna", "password": PASSWORD, "device": {"id": new_id(), "name": "phone"}} | broken
    answer = app.test_client().post("/api/auth/login", data=json.dumps(form), content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")


def test_after_ten_failures_even_the_right_password_must_wait(app: Flask, world: World) -> None:
    give_password(app.extensions["fieldclaim"], world.anna)
    phone = Device(app)
    for _ in range(10):
        assert phone.log_in("anna", "wrong horse 7").status_code == 401
    answer = phone.log_in("anna")
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_attempts")
    assert 0 < int(answer.headers["Retry-After"]) <= 901


def test_a_token_from_before_the_clock_was_set_back_is_renewed(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    key = app.config["JWT_SECRET_KEY"]
    claims = jwt.decode(phone.access, key, ["HS256"], audience="fieldclaim", options={"verify_exp": False})
    later = {name: claims[name] + 3 * 86_400 for name in ("iat", "nbf", "exp")}
    phone.access = jwt.encode(claims | later, key, "HS256")
    answer = phone.ask("GET", "/api/sync/pull")
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")
    assert phone.refresh().status_code == 200
    assert phone.ask("GET", "/api/sync/pull").status_code == 200


def test_a_lost_answer_to_a_refresh_can_be_asked_for_again(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    for _ in range(20):
        old = phone.refresh_token
        lost = phone.refresh(old).json["refresh_token"]
        assert phone.refresh(old).json["refresh_token"] == lost
        phone.refresh_token = lost
    assert phone.refresh().status_code == 200


def test_an_old_refresh_token_shown_again_shuts_the_device_out(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    stolen = phone.refresh_token
    assert phone.refresh().status_code == 200
    assert phone.refresh().status_code == 200
    assert phone.refresh(stolen).json["code"] == "refresh_reused"
    answer = phone.ask("GET", "/api/sync/pull")
    assert (answer.status_code, answer.json["code"], answer.json["wipe"]) == (401, "device_revoked", True)
    assert world.now("device", phone.id)["status"] == "revoked"


def test_a_disabled_user_is_out_at_the_next_request(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    admin = world.person("ada", "admin")
    world.update(admin, "user", world.now("user", world.anna.id), status="disabled")
    for answer in (phone.ask("GET", "/api/sync/pull"), phone.push(), phone.refresh()):
        assert (answer.status_code, answer.json["code"], answer.json["wipe"]) == (401, "user_disabled", True)
    assert phone.log_in("anna").json["code"] == "invalid_credentials"


def test_a_new_role_counts_from_the_next_request(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    cursor = phone.ask("GET", "/api/sync/pull").json["cursor"]
    world.update(world.person("ada", "admin"), "user", world.now("user", world.anna.id), role="warehouse")
    answer = phone.ask("GET", f"/api/sync/pull?cursor={cursor}")
    assert (answer.status_code, answer.json["code"]) == (410, "cursor_unknown")


def test_a_phone_of_one_person_is_not_another_persons(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    give_password(app.extensions["fieldclaim"], world.bo)
    assert phone.log_in("bo").json["code"] == "device_of_another_user"


def test_a_push_for_another_device_is_refused(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    body = {"device_id": new_id(), "epoch": "", "changes": []}
    assert phone.ask("POST", "/api/sync/push", json=body).json["code"] == "not_this_device"


def test_a_session_that_was_ended_cannot_go_on(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    token = phone.refresh_token
    assert phone.client.post("/api/auth/logout", json={"refresh_token": token}).status_code == 204
    assert phone.refresh(token).json["code"] == "refresh_invalid"


def forged(key: str = "k" * 40, algorithm: str = "HS256", **changed: object) -> str:
    now = datetime.now(UTC)
    claims = {"sub": new_id(), "type": "access", "iss": "fieldclaim", "aud": "fieldclaim", "iat": now, "jti": "1"}
    claims |= {"exp": now + timedelta(minutes=5), "device": new_id(), "fresh": False} | changed
    return jwt.encode(claims, key, algorithm=algorithm)


def unsigned() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"sub": new_id(), "type": "access", "iss": "fieldclaim", "aud": "fieldclaim", "device": new_id()}
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é",
        forged(key="another key, not the server's own!!"),
        forged(),
        forged(iss="another"),
        forged(aud="another"),
        forged(type="refresh"),
        forged(exp=datetime.now(UTC) - timedelta(minutes=1)),
        forged(key="k" * 64, algorithm="HS512"),
        unsigned(),
    ],
)
def test_a_forged_or_expired_token_opens_nothing(app: Flask, world: World, token: str) -> None:
    phone = Device(app, access=token)
    answer = phone.ask("GET", "/api/sync/pull")
    assert answer.status_code == 401
    assert answer.json["code"] in ("token_missing", "token_invalid", "token_expired")


def test_a_session_goes_by_the_servers_clock_and_outlives_its_being_set(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    engine, real = world.engine, datetime.now(UTC)
    engine.clock = lambda: real + timedelta(minutes=14)
    assert phone.ask("GET", "/api/sync/pull").status_code == 200
    engine.clock = lambda: real + timedelta(minutes=16)
    assert phone.ask("GET", "/api/sync/pull").json["code"] == "token_expired"
    assert phone.refresh().status_code == 200
    assert phone.ask("GET", "/api/sync/pull").status_code == 200
    of_tomorrow = forged(iat=real + timedelta(days=1), sub=world.anna.id, device=phone.id)
    assert Device(app, access=of_tomorrow).ask("GET", "/api/sync/pull").json["code"] == "token_expired"


def test_nobody_makes_themselves_an_administrator(app: Flask, world: World) -> None:
    phone = signed_in(app, world.anna, "anna")
    user = world.now("user", world.anna.id)
    change = {
        "change_id": new_id(),
        "entity": "user",
        "record_id": user["id"],
        "op": "update",
        "fields": {"role": "admin"},
        "base": {"role": "technician"},
        "base_version": user["version"],
        "made_at": "2026-11-24T08:00:00Z",
    }
    verdict = phone.push(change).json["verdicts"][0]
    assert (verdict["status"], verdict["errors"]) == ("rejected", {"role": ["field_not_writable"]})


def test_the_journal_knows_no_password(app: Flask, world: World) -> None:
    signed_in(app, world.anna, "anna")
    text = world.engine.write(
        SYSTEM, lambda write: str(write.connection.exec_driver_sql("SELECT * FROM sync_journal").all())
    )
    assert "argon2" not in text
    assert PASSWORD not in text
