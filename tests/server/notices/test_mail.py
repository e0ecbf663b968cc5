"""Notices by e-mail: to whom, in which words, at which hour, and what becomes of those that cannot be delivered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.config import BadSetting, Config, from_environment
from server.notices.choices import choose, kinds_for, quiet_ends
from server.notices.mailer import send_waiting
from server.notices.outbox import notice_mail
from server.services import Services
from sync.actor import Actor
from sync.change import Record
from sync.errors import Refused
from tests.server.desk import Desk, form_of
from tests.server.notices.mail_server import MailServer, mail_server
from tests.server.world import World
from tests.vectors import vectors

ADDRESS = "https://claims.example.com"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def config(config: Config, mail: MailServer) -> Config:
    """The server's settings, with a mail server."""
    told = {"FIELDCLAIM_SMTP_URL": f"smtp://127.0.0.1:{mail.port}", "FIELDCLAIM_MAIL_FROM": "no-reply@example.com"}
    found = from_environment({"FIELDCLAIM_DATA": str(config.data), "FIELDCLAIM_ADDRESS": f"{ADDRESS}/"} | told)
    return replace(config, mail=found.mail)


def wants(world: World, person: Actor, address: str, *kinds: str, **fields: str) -> Record:
    chosen = {"mail_address": address, "mail_kinds": list(kinds)} | fields
    return world.engine.write(person, lambda write: choose(write, chosen))


def asks(world: World, text: str = "Which hotel?") -> Record:
    """Finance writes on a claim of Anna's."""
    trip = world.trip()
    claim: Record = world.claim(trip, world.receipt(trip))
    world.create(world.finance, "comment", claim_id=claim["id"], text=text)
    return claim


def stand(services: Services) -> list[tuple[str, int]]:
    with services.engine.database.read() as connection:
        query = select(notice_mail.c.state, notice_mail.c.attempts).order_by(notice_mail.c.notice_id)
        return [(row.state, row.attempts) for row in connection.execute(query)]


def later(services: Services, **pause: float) -> None:
    now = services.engine.clock() + timedelta(**pause)
    services.engine.clock = lambda: now


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("en", "Fieldclaim: A comment on your claim", "Fei wrote on your claim: Which hotel?"),
        ("zh-Hans", "Fieldclaim: 报销单有新留言", "Fei 在您的报销单上留言：Which hotel?"),
    ],
)
def test_a_chosen_notice_comes_by_mail_in_the_persons_language(
    world: World, services: Services, mail: MailServer, language: str, subject: str, words: str
) -> None:
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    wants(world, world.anna, "anna@example.com", "commented")
    claim = asks(world, "Which hotel?\r\nBcc: all@example.com\n.\n")
    assert (send_waiting(services), send_waiting(services)) == (1, 0)
    (message,) = mail.taken
    assert (message["Subject"], message["To"], message["From"]) == (subject, "anna@example.com", "no-reply@example.com")
    assert message["Bcc"] is None
    body = message.get_content()
    assert words in body
    assert f"{ADDRESS}/app/#/claim/{claim['id']}" in body
    assert f"{ADDRESS}/notices/choices" in body
    assert stand(services) == [("sent", 1)]


def test_nothing_is_sent_that_nobody_wants_any_more(world: World, services: Services, mail: MailServer) -> None:
    asks(world)
    assert stand(services) == []
    wants(world, world.anna, "anna@example.com", "claim_paid")
    asks(world)
    assert stand(services) == []
    wants(world, world.anna, "anna@example.com", "commented")
    asks(world)
    notice = services.engine.write(world.anna, lambda write: write.find("notice", person_id=world.anna.id))[-1]
    world.update(world.anna, "notice", notice, is_read=True)
    asks(world)
    wants(world, world.anna, "", *())
    assert (send_waiting(services), mail.taken) == (0, [])
    assert stand(services) == [("dropped", 1), ("dropped", 1)]


def test_a_broken_address_holds_up_nobody_and_a_busy_one_is_tried_again(
    world: World, services: Services, mail: MailServer
) -> None:
    wants(world, world.anna, "broken@example.com", "commented")
    wants(world, world.manager, "busy@example.com", "mentioned")
    wants(world, world.warehouse, "wen@example.com", "mentioned")
    asks(world, "@ming @wen see this")
    assert send_waiting(services) == 1
    assert [message["To"] for message in mail.taken] == ["wen@example.com"]
    assert sorted(stand(services)) == [("failed", 1), ("sent", 1), ("waiting", 1)]
    assert send_waiting(services) == 0
    later(services, minutes=2)
    assert send_waiting(services) == 0
    assert ("waiting", 2) in stand(services)
    mail.refuses.clear()
    later(services, minutes=1)
    assert send_waiting(services) == 0
    later(services, minutes=2)
    assert send_waiting(services) == 1
    assert mail.taken[-1]["To"] == "busy@example.com"


def test_a_mail_server_that_is_away_is_asked_again(world: World, services: Services, mail: MailServer) -> None:
    wants(world, world.anna, "anna@example.com", "commented")
    asks(world)
    found = services.config.mail
    assert found
    away = replace(services, config=replace(services.config, mail=replace(found, port=1)))
    assert send_waiting(away) == 0
    later(services, minutes=2)
    assert send_waiting(services) == 1


def test_quiet_hours_wait_for_the_morning(world: World, services: Services, mail: MailServer) -> None:
    services.engine.clock = lambda: datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    wants(world, world.anna, "anna@example.com", "commented", quiet_from="22:00", quiet_until="07:00")
    asks(world)
    assert send_waiting(services) == 0
    later(services, hours=7)
    assert send_waiting(services) == 0
    later(services, minutes=30)
    assert send_waiting(services) == 1


@pytest.mark.parametrize(
    ("begin", "end", "at", "until"),
    [
        ("22:00", "07:00", "23:30", "2026-11-26T07:00"),
        ("22:00", "07:00", "06:59", "2026-11-25T07:00"),
        ("22:00", "07:00", "07:00", None),
        ("12:00", "14:00", "12:00", "2026-11-25T14:00"),
        ("12:00", "14:00", "14:00", None),
        ("08:00", "08:00", "08:00", None),
        ("", "", "03:00", None),
    ],
)
def test_when_quiet_hours_end(begin: str, end: str, at: str, until: str | None) -> None:
    found = quiet_ends({"quiet_from": begin, "quiet_until": end}, datetime.fromisoformat(f"2026-11-25T{at}"))
    assert found == (datetime.fromisoformat(until) if until else None)


@vectors("notice_kinds")
def test_each_role_chooses_of_what_it_may_get(given: str, expected: list[str]) -> None:
    assert list(kinds_for(given)) == expected


def test_a_choice_that_cannot_be_is_refused(world: World) -> None:
    wrong: list[dict[str, Any]] = [
        {"mail_address": "anna@example.com\r\nBcc: all@example.com"},
        {"mail_address": "anna"},
        {"mail_address": "Anna <anna@example.com>"},
        {"mail_address": "a@b.cn,c@d.cn"},
        {"mail_kinds": ["commented"]},
        {"mail_address": "a@b.cn", "mail_kinds": ["everything"]},
        {"quiet_from": "25:00", "quiet_until": "07:00"},
        {"quiet_from": "22:00"},
        {"quiet_until": "07:00"},
    ]
    for fields in wrong:
        with pytest.raises(Refused, match="invalid_fields"):
            world.create(world.anna, "notice_choice", **fields)
    chosen = wants(world, world.anna, "anna@example.com", "commented")
    with pytest.raises(Refused, match="not_yours"):
        world.update(world.bo, "notice_choice", chosen, mail_address="bo@example.com")


@pytest.mark.parametrize("wrong", ["mail.example.com", "http://mail.example.com", "smtp://"])
def test_a_mail_server_that_cannot_be_is_told_at_the_start(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(BadSetting, match="SMTP_URL"):
        from_environment({"FIELDCLAIM_DATA": str(tmp_path), "FIELDCLAIM_SMTP_URL": wrong})
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        from_environment({"FIELDCLAIM_DATA": str(tmp_path), "FIELDCLAIM_SMTP_URL": "smtp://mail.example.com"})


@pytest.mark.parametrize(
    ("language", "kept", "missing"),
    [("en", "Your choice is kept.", "E-mail address"), ("zh-Hans", "通知设置已保存。", "电子邮箱")],
)
def test_everybody_chooses_on_a_page(desk: Desk, world: World, language: str, kept: str, missing: str) -> None:
    browser = desk("dan")
    if language != "en":
        browser.get("/dispatch/").forms[0].submit("language", value=language, status=303)
    form = form_of(browser.get("/notices").click(href="/notices/choices"), "/choices")
    assert len(form.fields["mail_kinds"]) == 1
    form["mail_kinds"] = True
    refused = form.submit().follow()
    assert missing in refused.html.select_one(".flash.refused").text
    form = form_of(refused, "/choices")
    form["mail_address"], form["mail_kinds"], form["quiet_from"], form["quiet_until"] = "f@b.cn", True, "22:00", "07:00"
    page = form.submit().follow()
    assert kept in page
    form = form_of(page, "/choices")
    assert (form["mail_address"].value, form["mail_kinds"].checked, form["quiet_from"].value) == (
        "f@b.cn",
        True,
        "22:00",
    )
    form["mail_kinds"] = False
    assert not form_of(form.submit().follow(), "/choices")["mail_kinds"].checked
