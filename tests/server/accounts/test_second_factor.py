"""A second factor at the desks: set up, asked for, good once, lost and reset."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner
from flask import Flask
from flask import session as form_session
from sqlalchemy import select
from webtest import TestApp

from server.accounts import second_factor, second_step
from server.accounts.sealing import seal, unseal
from server.accounts.second_step import Shown, begin
from server.accounts.second_step_pages import way_on
from server.backup import backup, restore
from server.cli import main
from server.config import BadSetting, Config, from_environment
from server.problems import Problem
from server.services import Services, build
from sync.actor import SYSTEM
from sync.errors import Refused
from sync.tables import journal
from sync.transaction import Transaction
from tests.server.api import PASSWORD, Device, give_password
from tests.server.desk import form_of
from tests.server.world import World


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, second_factor=frozenset(("finance", "manager")))


@dataclass
class Clock:
    """The server's time, which a test moves on: a code is good once, and the next comes half a minute later."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float = 30) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(services: Services) -> Clock:
    services.engine.clock = Clock(datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC))
    return services.engine.clock


@dataclass
class Person:
    """Somebody with a browser and an authenticator app."""

    browser: TestApp
    name: str
    clock: Clock
    secret: str = ""

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.clock.now, counter_offset=steps)

    def password(self, password: str = PASSWORD) -> Any:
        form = self.browser.get("/login").forms[1]
        form["username"], form["password"] = self.name, password
        return form.submit(status=303).follow()

    def second_step(self) -> Any:
        """The page that follows a right password. The form is left out: it looks at one for a fifth of a second."""
        app = self.browser.app
        services: Services = app.extensions["fieldclaim"]
        with services.engine.database.read() as connection:
            user = Transaction(services.engine, connection, SYSTEM).find("user", username=self.name)[0]
        with app.test_request_context():
            way = way_on(begin(user, ""))
            cookie = app.session_interface.get_signing_serializer(app).dumps(dict(form_session))
        return self.browser.get(way, headers={"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"})

    def enrol(self) -> list[str]:
        """Set up at the sign-in, and note the recovery codes."""
        return self.confirm(self.second_step())

    def confirm(self, page: Any) -> list[str]:
        self.secret = page.html.find("output").text.replace(" ", "")
        form = form_of(page, "/login/set-up")
        form["code"] = self.code()
        answer = form.submit(status=200)
        return [item.text for item in answer.html.select(".recovery code")]

    def show(self, code: str, page: Any = None, status: int = 303) -> Any:
        form = form_of(page or self.second_step(), "/login/code")
        form["code"] = code
        return form.submit(status=status)


NewPerson = Callable[..., Person]


@pytest.fixture
def person(app: Flask, world: World, clock: Clock) -> NewPerson:
    def make(name: str = "fei", role: str = "finance", language: str = "en") -> Person:
        if name not in world.people:
            give_password(app.extensions["fieldclaim"], world.person(name, role))
            user = world.now("user", world.person(name, role).id)
            world.update(world.people[name], "user", user, language=language)
        extra = {"HTTP_ACCEPT_LANGUAGE": language, "HTTP_USER_AGENT": "browser"}
        return Person(TestApp(app, extra_environ=extra), name, clock)

    return make


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Set up your second factor", "Your recovery codes", "Second step", "used already", "left: 9.")),
        ("zh-Hans", ("设置双重验证", "您的恢复码", "第二步验证", "已用过", "剩余恢复码：9 个")),
    ],
)
def test_finance_sets_up_a_second_factor_and_signs_in_with_it(
    person: NewPerson, clock: Clock, language: str, words: tuple[str, ...]
) -> None:
    fei = person(language=language)
    page = fei.password()
    assert words[0] in page
    assert "<svg" in page
    assert fei.browser.get("/finance/", status=302).headers["Location"].startswith("/login")
    form = form_of(page, "/login/set-up")
    form["code"] = "000000"
    page = form.submit(status=401)
    assert words[3] in page
    codes = fei.confirm(page)
    assert len(set(codes)) == 10
    fei.browser.get("/finance/")

    other = person(language=language)
    other.secret = fei.secret
    page = other.password()
    assert words[2] in page
    refused = other.show(fei.code(), page, status=401)
    assert words[3] in refused, "the code that confirmed is used"
    clock.move()
    code = fei.code()
    assert other.show(f"{code[:3]} {code[3:]}", refused).headers["Location"] == "/finance/"
    third = person(language=language)
    page = third.password()
    assert words[3] in third.show(code, page, status=401), "a code is good once"
    assert third.show(codes[3].lower().replace("-", " "), page).status_int == 303
    assert words[4] in third.browser.get("/account/second-factor")
    fourth = person(language=language)
    assert words[3] in fourth.show(codes[3], status=401)
    assert fourth.browser.get("/finance/", status=302)


def test_a_clock_that_is_half_a_minute_off_is_borne_and_more_is_not(
    app: Flask, person: NewPerson, clock: Clock, world: World, config: Config
) -> None:
    fei = person()
    fei.enrol()
    clock.move(300)

    def accepts(code: str) -> bool:
        user_id, key = world.people["fei"].id, config.secret_key
        return world.engine.write(SYSTEM, lambda write: second_factor.accepts(write, user_id, code, key))

    steps = (-2, 2, -1, 1, 0, -1, 1)
    assert [accepts(fei.code(step)) for step in steps] == [False, False, True, True, False, False, False]
    for text in ("", "12345", "1234567", "１２３４５６", "äöüßéè", "x" * 5000, "\ud800" * 6, "0\x000000"):
        assert not accepts(text)


def test_wrong_codes_count_together_and_a_right_password_does_not_forget_them(person: NewPerson, clock: Clock) -> None:
    fei = person()
    fei.enrol()
    clock.move()
    page = fei.password()
    for _ in range(10):
        fei.show("000000", page, status=401)
    assert "Too many attempts" in fei.show(fei.code(), page, status=429)
    fei.browser.extra_environ["REMOTE_ADDR"] = "192.0.2.7"
    fei.show(fei.code(), fei.password(), status=429)
    clock.move(15 * 60 + 1)
    fei.show(fei.code())


def test_of_two_who_show_the_same_code_at_once_one_comes_in(
    app: Flask, person: NewPerson, clock: Clock, world: World
) -> None:
    fei = person()
    recovery = fei.enrol()[0]
    clock.move()
    user_id = world.people["fei"].id

    def show(code: str) -> bool:
        with app.test_request_context():
            try:
                second_step.prove(user_id, Shown(code), "192.0.2.1")
            except Problem:
                return False
            return True

    for code in (fei.code(), recovery):
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(show, [code] * 4)) == [False, False, False, True]


def test_a_password_alone_opens_nothing_on_any_way(app: Flask, person: NewPerson, world: World) -> None:
    fei, dan = person(), person("dan", "dispatcher")
    answer = Device(app).log_in("fei")
    assert (answer.status_code, answer.json["code"]) == (403, "second_factor_needed")
    phone = Device(app)
    assert phone.log_in("dan").status_code == 200
    form = dan.browser.get("/login").forms[1]
    form["username"], form["password"] = "dan", PASSWORD
    form.submit(status=303)
    assert dan.browser.get("/dispatch/")
    world.update(world.person("ada", "admin"), "user", world.now("user", world.people["dan"].id), role="finance")
    assert dan.browser.get("/finance/", status=302).headers["Location"].startswith("/login")
    assert phone.ask("GET", "/api/sync/pull").json["code"] == "second_factor_needed"
    assert phone.refresh().json["code"] == "second_factor_needed"
    fei.browser.get("/login/code", status=302)
    fei.browser.get("/login/set-up", status=302)


def test_a_second_step_that_waits_too_long_or_for_an_old_password_begins_anew(
    person: NewPerson, clock: Clock, services: Services
) -> None:
    fei = person()
    page = fei.password()
    clock.move(11 * 60)
    form = form_of(page, "/login/set-up")
    form["code"] = "123456"
    assert form.submit(status=302).headers["Location"] == "/login"
    early, late = person(), person()
    first = early.password()
    late.enrol()
    early.secret = first.html.find("output").text.replace(" ", "")
    form = form_of(first, "/login/set-up")
    form["code"] = early.code()
    assert form.submit(status=302).headers["Location"] == "/login", "who was shown a key earlier cannot replace"


def test_a_person_makes_new_recovery_codes_and_changes_the_phone(person: NewPerson, clock: Clock) -> None:
    fei = person()
    old = fei.enrol()
    page = fei.browser.get("/account/second-factor")
    form = form_of(page, "/codes")
    form["code"] = "999999"
    assert "The code is wrong" in form.submit(status=303).follow()
    clock.move()
    form = form_of(page, "/codes")
    form["code"] = fei.code()
    new = [item.text for item in form.submit(status=200).html.select(".recovery code")]
    assert len(new) == 10
    assert not set(new) & set(old)
    form = form_of(page, "/second-factor/set-up")
    form["code"] = old[0]
    assert "The code is wrong" in form.submit(status=303).follow()
    elsewhere = person()
    elsewhere.secret, before = fei.secret, fei.secret
    clock.move()
    elsewhere.show(fei.code())
    form = form_of(page, "/second-factor/set-up")
    form["code"] = new[0]
    assert len(fei.confirm(form.submit(status=303).follow())) == 10
    assert fei.secret != before
    assert "Recovery codes left: 10" in fei.browser.get("/account/second-factor")
    assert elsewhere.browser.get("/finance/", status=302), "sessions of the old factor end"
    clock.move()
    elsewhere.show(elsewhere.code(), status=401)
    elsewhere.show(fei.code())


@pytest.mark.parametrize(("language", "word"), [("en", "is reset"), ("zh-Hans", "双重验证已重置")])
def test_an_administrator_resets_a_lost_second_factor(
    app: Flask, person: NewPerson, clock: Clock, world: World, language: str, word: str
) -> None:
    fei, ada = person(), person("ada", "admin", language)
    old = fei.enrol()
    form = ada.browser.get("/login").forms[1]
    form["username"], form["password"] = "ada", PASSWORD
    form.submit(status=303)
    page = ada.browser.get(f"/admin/users/{world.people['fei'].id}")
    assert word in form_of(page, "/second-factor").submit(status=303).follow()
    assert fei.browser.get("/finance/", status=302), "the session has ended"
    entries = _journal(world)
    mine = [entry for entry in entries if entry.entity == "second_factor"]
    assert [entry.actor for entry in mine] == ["system", world.people["ada"].id]
    text = json.dumps([str(entry._mapping) for entry in entries])
    assert not any(secret in text for secret in (fei.secret, *old))
    record = world.engine.write(world.people["ada"], lambda write: write.find("second_factor"))[0]
    with pytest.raises(Refused):
        world.update(world.people["ada"], "second_factor", record, status="active")
    assert len(fei.enrol()) == 10
    with pytest.raises(Refused):
        world.update(world.people["fei"], "second_factor", world.now("second_factor", record["id"]), status="reset")


def test_an_administrator_may_have_one_too_and_is_then_always_asked(
    app: Flask, person: NewPerson, clock: Clock, world: World
) -> None:
    ada = person("ada", "admin")
    form = ada.browser.get("/login").forms[1]
    form["username"], form["password"] = "ada", PASSWORD
    assert form.submit(status=303).headers["Location"] == "/admin/"
    page = ada.browser.get("/account/second-factor")
    ada.confirm(form_of(page, "/set-up").submit(status=303).follow())
    assert Device(app).log_in("ada").json["code"] == "code_needed"
    clock.move()
    assert ada.show(ada.code()).headers["Location"] == "/admin/"
    page = ada.browser.get(f"/admin/users/{world.people['ada'].id}")
    assert "Another administrator can reset your second factor" in page
    ada.browser.post(
        f"/admin/users/{world.people['ada'].id}/second-factor", {"csrf_token": page.forms[0]["csrf_token"].value}
    )
    assert "Set up on" in ada.browser.get("/account/second-factor")


def test_a_restored_server_keeps_second_factors_and_takes_no_used_code(
    app: Flask, services: Services, person: NewPerson, clock: Clock, world: World, tmp_path: Path, config: Config
) -> None:
    fei = person()
    recovery = fei.enrol()[0]
    backup(services, tmp_path / "backup.tgz")
    clock.move()
    code = fei.code()
    fei.show(code)
    settings = {"FIELDCLAIM_DATA": str(tmp_path / "restored"), "FIELDCLAIM_SECRET_KEY": config.secret_key}
    fresh = build(from_environment(settings))
    fresh.engine.clock = clock
    restore(fresh, tmp_path / "backup.tgz")

    def accepts(given: str) -> bool:
        user_id, key = world.people["fei"].id, config.secret_key
        return fresh.engine.write(SYSTEM, lambda write: second_factor.accepts(write, user_id, given, key))

    assert not accepts(code)
    assert not accepts(recovery), "nobody knows whether it was used since the backup"
    clock.move(61)
    assert accepts(fei.code())
    fresh.engine.database.engine.dispose()


def test_the_command_line_resets_where_no_administrator_can_come_in(
    app: Flask, person: NewPerson, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    fei = person()
    fei.enrol()
    monkeypatch.setenv("FIELDCLAIM_DATA", str(config.data))
    monkeypatch.setenv("FIELDCLAIM_DATABASE_URL", config.database_url)
    monkeypatch.setenv("FIELDCLAIM_SECRET_KEY", config.secret_key)
    asked = ["user", "reset-second-factor", "fei"]
    assert CliRunner().invoke(main, asked).exit_code == 0
    assert "has no second factor" in CliRunner().invoke(main, asked).output
    assert len(fei.enrol()) == 10


def test_a_sealed_secret_opens_by_the_same_key_for_the_same_person_only() -> None:
    sealed = seal("k" * 40, "fei", "JBSWY3DPEHPK3PXP")
    assert "JBSWY3DP" not in sealed
    assert unseal("k" * 40, "fei", sealed) == "JBSWY3DPEHPK3PXP"
    for key, owner, text in (("x" * 40, "fei", sealed), ("k" * 40, "pia", sealed), ("k" * 40, "fei", "?")):
        assert unseal(key, owner, text) is None


def test_the_setting_names_roles_of_the_desks(tmp_path: Path) -> None:
    def roles(text: str) -> frozenset[str]:
        return from_environment({"FIELDCLAIM_DATA": str(tmp_path), "FIELDCLAIM_SECOND_FACTOR": text}).second_factor

    assert from_environment({"FIELDCLAIM_DATA": str(tmp_path)}).second_factor == {"finance", "manager"}
    assert roles("finance, admin") == {"finance", "admin"}
    assert roles("none") == roles("") == frozenset()
    with pytest.raises(BadSetting, match="technician"):
        roles("technician")


def _journal(world: World) -> list[Any]:
    with world.engine.database.read() as connection:
        return list(connection.execute(select(journal).order_by(journal.c.seq)))
