"""Signing in on a phone with a second factor: the password first, then a code that is good once."""

from __future__ import annotations

from flask import Flask

from tests.server.accounts.test_second_factor import Clock, NewPerson, clock, config, person
from tests.server.api import Device
from tests.server.world import World

__all__ = ["clock", "config", "person"]


def test_a_phone_asks_for_the_code_and_takes_each_once(app: Flask, person: NewPerson, clock: Clock) -> None:
    fei, phone = person(), Device(app)
    recovery = fei.enrol()
    clock.move()
    answer = phone.log_in("fei")
    assert (answer.status_code, answer.json["code"]) == (401, "code_needed")
    assert phone.log_in("fei", code="000000").json["code"] == "code_wrong"
    code = fei.code()
    assert phone.log_in("fei", code=code).status_code == 200
    assert phone.ask("GET", "/api/sync/pull").status_code == 200
    assert phone.refresh().status_code == 200
    assert Device(app).log_in("fei", code=code).json["code"] == "code_wrong"
    assert Device(app).log_in("fei", code=recovery[0].lower()).status_code == 200
    assert Device(app).log_in("fei", code=recovery[0]).json["code"] == "code_wrong"


def test_who_has_not_shown_the_right_password_learns_nothing_of_a_second_factor(
    app: Flask, person: NewPerson, clock: Clock
) -> None:
    fei = person()
    fei.enrol()
    clock.move()
    right = fei.code()
    tried = [{"username": name, "code": code} for name in ("fei", "nobody") for code in ("", "000000", right)]
    answers = [Device(app).log_in(**form, password="wrong") for form in tried]
    assert {(answer.status_code, answer.data) for answer in answers} == {(401, answers[0].data)}
    assert answers[0].json["code"] == "invalid_credentials"
    assert Device(app).log_in("fei", code=right).status_code == 200, "no code was used up without the password"


def test_wrong_codes_on_phones_and_at_the_desk_count_together(app: Flask, person: NewPerson, clock: Clock) -> None:
    fei = person()
    fei.enrol()
    clock.move()
    fei.browser.extra_environ["REMOTE_ADDR"] = "192.0.2.7"
    page = fei.second_step()
    for _ in range(5):
        assert Device(app).log_in("fei", code="000000").json["code"] == "code_wrong"
        fei.show("000000", page, status=401)
    elsewhere = Device(app, address="192.0.2.8")
    assert elsewhere.log_in("fei").json["code"] == "code_needed", "the right password forgets no wrong code"
    assert elsewhere.log_in("fei", code=fei.code()).json["code"] == "too_many_attempts"
    fei.browser.extra_environ["REMOTE_ADDR"] = "192.0.2.9"
    fei.show(fei.code(), page, status=429)
    clock.move(15 * 60 + 1)
    assert elsewhere.log_in("fei", code=fei.code()).status_code == 200


def test_what_moves_money_asks_a_phone_again_five_minutes_after_the_code(
    app: Flask, person: NewPerson, clock: Clock
) -> None:
    fei, phone = person(), Device(app)
    fei.enrol()
    clock.move()
    phone.log_in("fei", code=fei.code())
    guarded = {"entity": "payment_batch", "op": "create", "fields": {}}
    assert phone.push(guarded).status_code == 200
    clock.move(5 * 60 + 1)
    phone.refresh()
    answer = phone.push(guarded)
    assert (answer.status_code, answer.json["code"]) == (403, "proof_needed")


def test_a_phone_that_was_shut_out_uses_up_no_code(app: Flask, person: NewPerson, clock: Clock, world: World) -> None:
    fei, phone = person(), Device(app)
    fei.enrol()
    clock.move()
    phone.log_in("fei", code=fei.code())
    world.update(world.person("ada", "admin"), "device", world.now("device", phone.id), status="revoked")
    clock.move()
    code = fei.code()
    answer = phone.log_in("fei", code=code)
    assert (answer.json["code"], answer.json["wipe"]) == ("device_revoked", True)
    assert Device(app).log_in("fei", code=code).status_code == 200


def test_a_phone_of_another_person_uses_up_no_code(app: Flask, person: NewPerson, clock: Clock) -> None:
    fei, dan, phone = person(), person("dan", "dispatcher"), Device(app)
    fei.enrol()
    clock.move()
    assert phone.log_in(dan.name).status_code == 200
    code = fei.code()
    assert phone.log_in("fei", code=code).json["code"] == "device_of_another_user"
    assert Device(app).log_in("fei", code=code).status_code == 200
