"""Passkeys: made, shown, refused for every reason there is, named, removed, copied and reset."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from server.accounts import challenges, passkey_answers
from server.accounts.relying_party import RelyingParty, obstacle, relying_party
from server.config import BadSetting, Config, from_environment
from server.i18n import say
from sync.actor import SYSTEM
from sync.errors import Refused
from sync.transaction import Transaction
from tests.server.accounts.authenticator import PRESENT, Authenticator, decoded, encoded
from tests.server.accounts.test_second_factor import Clock, NewPerson, Person, clock, config, person
from tests.server.accounts.test_step_up import send, set_up_own, with_field
from tests.server.api import Device
from tests.server.desk import form_of
from tests.server.world import World

__all__ = ["clock", "config", "person"]
ACCOUNT = "/account/second-factor"
PARTY = RelyingParty("localhost", "http://localhost:8000")


def orders(who: Person, address: str, page: Any, status: int = 200) -> Any:
    """What the page's script is told when its button is pressed."""
    token = page.forms[0]["csrf_token"].value
    return who.browser.post(address, headers={"X-CSRFToken": token}, status=status).json


def submit(page: Any, address: str, answer: str, field: str = "passkey", status: int = 303) -> Any:
    """The form that the script sends."""
    form = next(form for form in page.forms.values() if form.action.endswith(address) and field in form.fields)
    form[field] = answer
    return form.submit(status=status)


def enrol(who: Person, key: Authenticator, page: Any = None) -> list[str]:
    """Set up at the first sign-in by a passkey alone. Gives the recovery codes."""
    page = page or who.second_step()
    made = submit(page, "/login/set-up", key.make(orders(who, "/login/passkey", page)), status=200)
    return [item.text for item in made.html.select(".recovery code")]


def sign_in(who: Person, key: Authenticator, page: Any = None, status: int = 303, **said: Any) -> Any:
    page = page or who.second_step()
    return submit(page, "/login/code", key.show(orders(who, "/login/passkey", page), **said), status=status)


def add(who: Person, key: Authenticator, name: str = "Blue key") -> Any:
    page = who.browser.get("/account/passkeys/new")
    answer = key.make(orders(who, "/account/passkeys/make", page))
    form = form_of(page, "/account/passkeys")
    form["name"], form["passkey"] = name, answer
    return form.submit(status=303).follow()


def mine(world: World, name: str = "fei") -> list[dict[str, Any]]:
    return world.engine.write(SYSTEM, lambda write: write.find("passkey", user_id=world.people[name].id))


def test_finance_signs_in_with_a_passkey_alone_and_steps_up_with_it(
    app: Flask, person: NewPerson, clock: Clock, world: World
) -> None:
    fei, key = person(), Authenticator()
    codes = enrol(fei, key, fei.password())
    assert len(set(codes)) == 10
    fei.browser.get("/finance/")
    other = person()
    assert sign_in(other, key, other.password()).headers["Location"] == "/finance/"
    assert fei.browser.get("/finance/")
    third = person()
    assert third.show(codes[0]).headers["Location"] == "/finance/", "recovery codes are there, too"
    phone = Device(app)
    answer = phone.log_in("fei")
    assert (answer.status_code, answer.json["code"]) == (401, "passkey_at_desk")
    assert phone.log_in("fei", code=codes[1]).status_code == 200, "a recovery code is good on a phone as well"

    clock.move(6 * 60)
    account = {"number": "6222020200112233", "bank_name": "ICBC", "holder": "Anna", "user_id": world.anna.id}
    page = send(other, f"/admin/users/{world.anna.id}")
    assert page.status_int == 403
    page = send(other, "/payments/account", **account)
    assert (page.status_int, "proof_passkey" in page) == (403, True)
    answer = key.show(orders(other, "/account/passkeys/show", page))
    form = with_field(page, "proof_passkey")
    assert form["number"].value == account["number"], "nothing that was typed is lost"
    form["proof_passkey"] = answer
    assert form.submit().status_int != 403
    clock.move(6 * 60)
    page = send(other, "/payments/account", **account)
    refused = submit(page, "/payments/account", answer, "proof_passkey", status=401)
    assert "sent already" in refused, "what was shown for one step is worth nothing for the next"


def wrong(key: Authenticator, attribute: str, value: Any) -> Authenticator:
    setattr(key, attribute, value)
    return key


WRONG: dict[str, tuple[str, Callable[[Authenticator], Authenticator], dict[str, Any]]] = {
    "another origin": ("passkey_elsewhere", lambda key: wrong(key, "origin", "http://localhost.example.com:8000"), {}),
    "another port": ("passkey_elsewhere", lambda key: wrong(key, "origin", "http://localhost:8001"), {}),
    "a frame elsewhere": ("passkey_elsewhere", lambda key: key, {"crossOrigin": True}),
    "another domain": ("passkey_wrong", lambda key: wrong(key, "domain", "example.com"), {}),
    "another ceremony": ("passkey_wrong", lambda key: key, {"type": "webauthn.other"}),
    "a challenge of one's own": ("passkey_expired", lambda key: key, {"challenge": encoded(b"0" * 32)}),
    "nobody checked": ("passkey_unverified", lambda key: wrong(key, "flags", PRESENT), {}),
    "nobody there": ("passkey_wrong", lambda key: wrong(key, "flags", 0), {}),
    "another key": ("passkey_wrong", lambda key: wrong(key, "key", Authenticator().key), {}),
    "not of this account": ("passkey_unknown", lambda key: Authenticator(), {}),
}


def judged(world: World, judge: Callable[[Transaction, dict[str, Any]], str]) -> str:
    """What is said of an answer to a challenge that was just made."""

    def work(write: Transaction) -> str:
        return judge(write, {"challenge": encoded(challenges.make(write, "step"))})

    return world.engine.write(SYSTEM, work)


@pytest.mark.parametrize("name", ["shown", "made"])
def test_what_is_wrong_with_a_passkey_is_refused_and_nothing_is_noted(
    person: NewPerson, clock: Clock, world: World, name: str
) -> None:
    person()
    user_id, key = world.people["fei"].id, Authenticator()

    def make(write: Transaction, options: dict[str, Any]) -> str:
        return passkey_answers.register(write, user_id, "Key", key.make(options), "step", PARTY)

    assert judged(world, make) == ""
    for why, (code, spoil, said) in WRONG.items():
        spoilt = spoil(replace(key) if name == "shown" else Authenticator())

        def show(write: Transaction, options: dict[str, Any], one: Authenticator = spoilt, said: Any = said) -> str:
            if name == "shown":
                return passkey_answers.use(write, user_id, one.show(options, **said), "step", PARTY)
            return passkey_answers.register(write, user_id, "Key", one.make(options, **said), "step", PARTY)

        if name == "shown" or why not in ("another key", "not of this account"):
            assert judged(world, show) == code, why
    assert len(mine(world)) == 1
    right = judged(world, lambda write, options: passkey_answers.use(write, user_id, key.show(options), "step", PARTY))
    assert right == "", "what was refused has not moved the counter"


def test_a_challenge_is_good_once_for_its_session_and_for_five_minutes(
    person: NewPerson, clock: Clock, world: World
) -> None:
    fei, key, thief = person(), Authenticator(), person()
    enrol(fei, key)
    words = say("error.passkey_expired", "en")
    page = fei.password()
    options = orders(fei, "/login/passkey", page)
    answer = key.show(options)
    clock.move(1)
    assert words in submit(thief.password(), "/login/code", answer, status=401), "of another browser"
    orders(fei, "/login/passkey", page)
    assert words in submit(page, "/login/code", answer, status=401), "a newer one was made"
    answer = key.show(orders(fei, "/login/passkey", page))
    clock.move(5 * 60)
    assert words in submit(page, "/login/code", answer, status=401), "too late"
    late = fei.password()
    answer = key.show(orders(fei, "/login/passkey", late))
    submit(late, "/login/code", answer)
    assert fei.browser.get("/login/code", status=302)


def test_one_persons_passkey_opens_nothing_of_another(person: NewPerson, clock: Clock) -> None:
    fei, ming = person(), person("ming", "manager")
    his, hers = Authenticator(), Authenticator()
    enrol(fei, hers)
    enrol(ming, his)
    assert say("error.passkey_unknown", "en") in sign_in(person(), his, status=401)
    taken = Authenticator(credential_id=hers.credential_id)
    pia = person("pia")
    page = pia.password()
    refused = submit(page, "/login/set-up", taken.make(orders(pia, "/login/passkey", page)), status=401)
    assert say("error.passkey_taken", "en") in refused


def test_a_counter_that_goes_back_suspends_the_passkey(person: NewPerson, clock: Clock, world: World) -> None:
    language = "zh-Hans"
    fei, key = person(language=language), Authenticator(count=5)
    codes = enrol(fei, key)
    copy = replace(key)
    sign_in(fei, key)
    words = say("error.passkey_suspended", language)
    assert words in sign_in(person(language=language), copy, status=401), "the copy counts from where it was taken"
    assert words in sign_in(fei, key, status=401), "nobody knows which is the true one"
    assert [passkey["status"] for passkey in mine(world)] == ["suspended"]
    fei.show(codes[0])
    assert "已停用" in fei.browser.get(ACCOUNT)
    silent, ming = Authenticator(), person("ming", "manager")
    enrol(ming, silent)
    for _ in range(2):
        silent.count = -1
        sign_in(ming, silent)


def test_passkeys_are_added_named_and_removed_but_not_the_last(person: NewPerson, clock: Clock, world: World) -> None:
    fei, first, second = person(), Authenticator(), Authenticator()
    enrol(fei, first)
    page = add(fei, second)
    assert ("The passkey is added" in page, "Blue key" in page) == (True, True)
    assert say("error.passkey_taken", "en") in add(fei, second)
    known = {passkey["name"]: passkey["id"] for passkey in mine(world)}
    form = form_of(page, f"{known['Blue key']}/name")
    form["name"] = "Green key"
    assert "Green key" in form.submit(status=303).follow()
    clock.move(6 * 60)
    page = form_of(page, f"{known['Blue key']}/remove").submit(status=403)
    answer = first.show(orders(fei, "/account/passkeys/show", page))
    assert "is removed" in submit(page, "/remove", answer, "proof_passkey").follow()
    assert say("error.passkey_unknown", "en") in sign_in(person(), second, status=401)
    page = fei.browser.get(ACCOUNT)
    (other,) = (value for name, value in known.items() if name != "Blue key")
    assert say("error.passkey_last", "en") in form_of(page, f"{other}/remove").submit(status=303).follow()
    sign_in(person(), first)
    clock.move(6 * 60)
    assert fei.browser.get("/account/passkeys/new", status=403)
    assert orders(fei, "/account/passkeys/make", page, status=403)["code"] == "proof_needed"
    with pytest.raises(Refused):
        world.update(world.people["fei"], "passkey", world.now("passkey", other), status="removed")
    with pytest.raises(Refused):
        world.update(world.people["fei"], "passkey", world.now("passkey", known["Blue key"]), status="active")
    with pytest.raises(Refused):
        world.create(world.people["fei"], "passkey", user_id=world.people["fei"].id, name="Mine")


def test_who_has_an_app_adds_a_passkey_and_who_has_a_passkey_an_app(
    person: NewPerson, clock: Clock, world: World
) -> None:
    fei, key = person(), Authenticator()
    fei.enrol()
    add(fei, key)
    clock.move()
    sign_in(person(), key)
    fei.show(fei.code())
    (passkey,) = mine(world)
    assert "is removed" in form_of(fei.browser.get(ACCOUNT), f"{passkey['id']}/remove").submit(status=303).follow()
    ming, his = person("ming", "manager"), Authenticator()
    enrol(ming, his)
    page = ming.browser.get(ACCOUNT)
    codes = submit(page, "/codes", his.show(orders(ming, "/account/passkeys/show", page)), status=200)
    assert len(codes.html.select(".recovery code")) == 10
    answer = his.show(orders(ming, "/account/passkeys/show", page))
    page = submit(page, "/second-factor/set-up", answer).follow()
    assert "data-passkey" not in page, "the app is what was asked for"
    ming.confirm(page)
    clock.move()
    ming.show(ming.code())
    sign_in(person("ming", "manager"), his)


def test_who_was_offered_a_set_up_before_a_passkey_came_replaces_nothing(
    person: NewPerson, clock: Clock, world: World
) -> None:
    early, fei, key = person(), person(), Authenticator()
    page = early.password()
    options = orders(early, "/login/passkey", page)
    enrol(fei, key)
    early.secret = page.html.find("output").text.replace(" ", "")
    form = form_of(page, "/login/set-up")
    form["code"] = early.code()
    assert form.submit(status=302).headers["Location"] == "/login"
    assert submit(page, "/login/set-up", Authenticator().make(options), status=302).headers["Location"] == "/login"
    assert len(mine(world)) == 1


def test_an_administrator_resets_passkeys_and_sees_them(person: NewPerson, clock: Clock, world: World) -> None:
    fei, ada, key = person(), person("ada", "admin"), Authenticator()
    enrol(fei, key)
    add(fei, Authenticator())
    set_up_own(ada)
    page = ada.browser.get(f"/admin/users/{world.people['fei'].id}")
    assert "Blue key" in page
    page = form_of(page, "/second-factor").submit(status=303).follow()
    assert "Blue key" not in page
    assert {passkey["status"] for passkey in mine(world)} == {"removed"}
    assert fei.browser.get("/finance/", status=302)
    assert "QR" in fei.password(), "a new second factor is set up"
    enrol(fei, Authenticator())
    pulled = world.engine.pull(world.anna, None, 500).items
    assert not [item for item in pulled if item.entity == "passkey"], "phones of the field hear nothing of it"


def test_what_is_no_passkey_at_all_is_refused(person: NewPerson, clock: Clock, world: World) -> None:
    fei, key = person(), Authenticator()
    enrol(fei, key)
    user_id = world.people["fei"].id
    good = json.loads(key.show({"challenge": encoded(b"1" * 32)}))
    made = json.loads(key.make({"challenge": encoded(b"1" * 32)}))
    said = decoded(made["response"]["clientDataJSON"])
    broken = ["", "{", "[]", "null", "[" * 15000, "x" * 30000, json.dumps({**good, "id": "\ud800", "rawId": "%"})]
    for part in ("clientDataJSON", "authenticatorData", "signature", "attestationObject"):
        for value in ("", "AAAA", "e30", 5, None, encoded(b"\xff" * 500), encoded(said), encoded(b"\x9f" * 2000)):
            broken += [json.dumps({**one, "response": one["response"] | {part: value}}) for one in (good, made)]

    def answers(text: str) -> set[str]:
        return world.engine.write(
            SYSTEM,
            lambda write: {
                passkey_answers.use(write, user_id, text, "step", PARTY),
                passkey_answers.register(write, user_id, "Key", text, "step", PARTY),
            },
        )

    for text in broken:
        assert answers(text) <= {"passkey_wrong", "passkey_expired"}, text[:200]


def test_an_address_that_passkeys_cannot_be_bound_to_is_told_and_the_app_stays(
    app: Flask, person: NewPerson, config: Config
) -> None:
    fei = person()
    fei.browser.extra_environ["HTTP_HOST"] = "127.0.0.1:8000"
    page = fei.password()
    assert "http://localhost:8000" in page
    assert "data-passkey" not in page
    fei.confirm(page)

    def at(address: str) -> RelyingParty | None:
        return relying_party(replace(config, address=address))

    assert at("") == RelyingParty("localhost", "http://localhost:8000")
    assert at("https://Claims.example.com:443/") == RelyingParty("claims.example.com", "https://claims.example.com")
    assert at("https://claims.example.com:8443") == RelyingParty(
        "claims.example.com", "https://claims.example.com:8443"
    )
    assert [at(bad) for bad in ("http://claims.example.com", "https://192.0.2.7", "https://[2001:db8::1]")] == [
        None
    ] * 3
    named = replace(config, address="https://claims.example.com")
    assert obstacle(named, "claims.example.com") == ""
    assert obstacle(named, "10.0.0.7:8000") == "passkey.elsewhere"
    assert obstacle(config, "10.0.0.7:8000") == "passkey.no_domain"
    assert obstacle(replace(config, address="https://10.0.0.7"), "10.0.0.7") == "passkey.no_domain"
    with pytest.raises(BadSetting):
        from_environment({"FIELDCLAIM_DATA": str(config.data), "FIELDCLAIM_ADDRESS": "claims.example.com"})
