"""Notices by web push: sealed as the standards say, only to phones that asked, and into no network of ours."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import select, update

from server.config import Config
from server.notices import outbox
from server.notices import push_service as push_service_module
from server.notices.outbox import notice_push
from server.notices.push_key import own_key
from server.notices.push_service import BadEndpoint, check_endpoint, is_public, post
from server.notices.pusher import send_waiting
from server.notices.subscriptions import push_subscriptions
from server.notices.web_push import CURVE, as_bytes, as_text, authorization, encrypted, public_bytes
from server.services import Services
from sync.actor import SYSTEM
from tests.server.api import Device, signed_in
from tests.server.notices.push_service import PushService, Receiver, claims_of, push_service
from tests.server.notices.test_mail import asks, later, wants
from tests.server.world import World


@pytest.fixture
def push() -> Iterator[PushService]:
    with push_service() as service:
        yield service


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, push_loopback=True, push_contact="mailto:it@example.com")


def turn_on(device: Device, push: PushService, name: str = "anna") -> None:
    assert device.ask("GET", "/api/push/key").status_code == 200
    given = push.phone.given | {"endpoint": push.endpoint(name)}
    assert device.ask("POST", "/api/push/subscription", json=given).status_code == 204


def reached(services: Services) -> list[str]:
    with services.engine.database.read() as connection:
        return sorted(connection.scalars(select(push_subscriptions.c.endpoint)))


def stand(services: Services) -> list[tuple[str, int]]:
    with services.engine.database.read() as connection:
        rows = connection.execute(select(notice_push.c.state, notice_push.c.attempts).order_by(notice_push.c.next_at))
        return [(row.state, row.attempts) for row in rows]


# The standards


def test_a_payload_is_sealed_as_in_the_example_of_rfc_8291() -> None:
    private = int.from_bytes(as_bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    phone = Receiver(
        ec.derive_private_key(int.from_bytes(as_bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"), CURVE),
        as_bytes("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    assert phone.given["p256dh"] == (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        as_bytes(phone.given["p256dh"]),
        phone.auth,
        sender=ec.derive_private_key(private, CURVE),
        salt=as_bytes("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert as_text(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert phone.open(body) == b"When I grow up, I want to be a watermelon"


def test_the_sender_signs_as_in_the_example_of_rfc_8292() -> None:
    example = (
        "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3"
        "NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErt"
        "mysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2"
        "EmClBPs"
    )
    said = {"aud": "https://push.example.net", "exp": 1453523768, "sub": "mailto:push@example.com"}
    assert claims_of(example, verify_exp=False) == said
    now = datetime.fromtimestamp(said["exp"], UTC) - timedelta(hours=12)  # type: ignore[arg-type]
    key = ec.generate_private_key(CURVE)
    ours = authorization(key, "https://push.example.net/p/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", str(said["sub"]), now)
    assert claims_of(ours, verify_exp=False) == said
    assert ours.endswith(as_text(public_bytes(key)))


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/x",
        "https://push.example.com:8443/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://me:secret@push.example.com/x",
        "https://push.example.com/x\r\nX: y",
        "https://push.example.com/" + "x" * 1000,
        "https://push.example.com:x/",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_is_no_address_of_a_push_service_is_refused(endpoint: str) -> None:
    with pytest.raises(BadEndpoint):
        check_endpoint(endpoint, allows_loopback=False)


def test_a_name_that_leads_into_our_own_network_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "192.88.99.1",
    ]
    inside += [
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "ff02::1",
        "fec0::1",
    ]
    assert [address for address in inside if is_public(address)] == []
    assert is_public("203.0.114.1")
    assert is_public("2606:4700::1111")
    # Note: one good address among the bad ones makes none of them good.
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("203.0.114.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BadEndpoint):
        post("https://push.example.com/x", b"", {}, allows_loopback=False)


def test_a_name_with_many_dead_addresses_is_given_up_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        port = full.getsockname()[1]
        for _ in range(4):  # nobody takes them: whoever comes after them waits
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))] * 40
        asked, look_up = iter([found]), socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda *name, **how: next(asked, None) or look_up(*name, **how))
        monkeypatch.setattr(push_service_module, "_TIMEOUT_SECONDS", 0.05)
        monkeypatch.setattr(push_service_module, "_DEADLINE_SECONDS", 0.2)
        tried: list[Any] = []
        connect = socket.socket.connect
        monkeypatch.setattr(socket.socket, "connect", lambda self, to: (tried.append(to), connect(self, to)))
        with pytest.raises(OSError, match="timed out"):
            post(f"http://127.0.0.1:{port}/x", b"", {}, allows_loopback=True)
    assert 0 < len(tried) < len(found)


# The whole way


@pytest.mark.parametrize(("language", "title"), [("en", "A comment on your claim"), ("zh-Hans", "报销单有新留言")])
def test_a_phone_that_asked_for_it_is_told_a_title_and_nothing_else(
    app: Flask, world: World, services: Services, push: PushService, language: str, title: str
) -> None:
    world.update(world.anna, "user", world.now("user", world.anna.id), language=language)
    device = signed_in(app, world.anna, "anna")
    asks(world, "Before anybody asked for it")
    turn_on(device, push)
    asks(world, "¥300 for which hotel?")
    notice = services.engine.write(SYSTEM, lambda write: write.find("notice", person_id=world.anna.id))[-1]
    assert (send_waiting(services), send_waiting(services)) == (1, 0)
    assert push.messages == [{"title": title, "notice": notice["id"], "lang": language}]
    ((headers, body),) = push.came
    assert (headers["Content-Encoding"], headers["Topic"]) == ("aes128gcm", notice["id"].replace("-", ""))
    assert len(body) == 16 + 4 + 1 + 65 + 256 + 16
    key = device.ask("GET", "/api/push/key").json
    assert key
    assert headers["Authorization"].endswith(f"k={key['key']}")
    assert claims_of(headers["Authorization"])["sub"] == "mailto:it@example.com"
    assert stand(services) == [("sent", 1)]


def test_choices_and_quiet_hours_count_and_what_was_read_is_not_sent(
    app: Flask, world: World, services: Services, push: PushService
) -> None:
    turn_on(signed_in(app, world.anna, "anna"), push)
    services.engine.clock = lambda: datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    chosen = wants(world, world.anna, "", quiet_from="22:00", quiet_until="07:00")
    asks(world)
    assert send_waiting(services) == 0
    later(services, hours=7, minutes=30)
    assert send_waiting(services) == 1
    asks(world)
    notice = services.engine.write(SYSTEM, lambda write: write.find("notice", person_id=world.anna.id))[-1]
    world.update(world.anna, "notice", notice, is_read=True)
    asks(world)
    world.update(world.anna, "notice_choice", chosen, push_kinds=["claim_paid"])
    asks(world)
    assert send_waiting(services) == 0
    assert sorted(stand(services)) == [("dropped", 1), ("dropped", 1), ("sent", 1)]


def test_a_busy_service_is_asked_again_and_a_phone_that_is_gone_is_forgotten(
    app: Flask, world: World, services: Services, push: PushService
) -> None:
    turn_on(signed_in(app, world.anna, "anna"), push)
    asks(world)
    push.status, push.retry_after = 503, "600"
    assert send_waiting(services) == 0
    later(services, minutes=9)
    assert (send_waiting(services), len(push.came)) == (0, 1)
    push.status, push.retry_after = 307, ""
    later(services, minutes=2)
    assert send_waiting(services) == 0
    assert stand(services) == [("failed", 2)]
    assert reached(services) == [push.endpoint()]
    asks(world)
    push.status = 410
    assert send_waiting(services) == 0
    assert reached(services) == []
    asks(world)
    assert len(stand(services)) == 2


def test_a_letter_that_nobody_thought_of_holds_up_no_other_and_is_given_up(
    app: Flask, world: World, services: Services, push: PushService
) -> None:
    phone = signed_in(app, world.anna, "anna")
    turn_on(phone, push)
    asks(world)
    with services.engine.database.write() as connection:
        connection.execute(update(push_subscriptions).values(receiver="AAAA"))  # no point of the curve
    for tried in range(outbox.MOST_ATTEMPTS):
        assert stand(services) == [("waiting", tried)]
        assert (send_waiting(services), send_waiting(services)) == (0, 0), "it waits before it is tried again"
        later(services, days=1)
    assert stand(services) == [("failed", outbox.MOST_ATTEMPTS)]
    phone.log_in("anna")
    turn_on(phone, push)
    asks(world)
    assert send_waiting(services) == 1


def test_a_letter_that_ends_whoever_sends_it_is_given_up(
    app: Flask, world: World, services: Services, push: PushService
) -> None:
    turn_on(signed_in(app, world.anna, "anna"), push)
    asks(world)
    with services.engine.database.write() as connection:
        connection.execute(update(notice_push).values(attempts=outbox.MOST_ATTEMPTS))
    assert send_waiting(services) == 0
    assert (push.came, stand(services)[0][0]) == ([], "failed")


def test_who_signs_out_or_is_shut_out_is_reached_no_more(
    app: Flask, world: World, services: Services, push: PushService
) -> None:
    first, second, third = signed_in(app, world.anna, "anna"), Device(app), Device(app)
    second.log_in("anna")
    third.log_in("anna")
    other = signed_in(app, world.bo, "bo")
    turn_on(first, push, "first")
    turn_on(second, push, "second")
    turn_on(other, push, "other")
    asks(world)
    first.client.post("/api/auth/logout", json={"refresh_token": first.refresh_token})
    assert reached(services) == [push.endpoint("other"), push.endpoint("second")]
    assert send_waiting(services) == 1
    world.update(world.anna, "device", world.now("device", second.id), status="revoked")
    assert reached(services) == [push.endpoint("other")]
    turn_on(other, push, "another")
    assert reached(services) == [push.endpoint("another")]
    turn_on(third, push, "another")
    assert len(reached(services)) == 1
    assert third.ask("DELETE", "/api/push/subscription").status_code == 204
    assert reached(services) == []
    turn_on(other, push)
    bo = world.now("user", world.bo.id)
    services.engine.write(SYSTEM, lambda write: write.update("user", bo, {"status": "disabled"}))
    assert reached(services) == []


def test_what_is_no_subscription_is_refused(app: Flask, world: World, services: Services, push: PushService) -> None:
    device = signed_in(app, world.anna, "anna")
    good: dict[str, Any] = push.phone.given | {"endpoint": push.endpoint()}
    off_the_curve = as_text(b"\4" + b"\1" * 64)
    wrong = [
        {"endpoint": "https://10.0.0.1/x"},
        {"p256dh": off_the_curve},
        {"p256dh": "?"},
        {"auth": "c2hvcnQ"},
        {"auth": 1},
    ]
    for each in wrong:
        assert device.ask("POST", "/api/push/subscription", json=good | each).status_code == 422, each
    assert Device(app).ask("GET", "/api/push/key").status_code == 401
    assert reached(services) == []


def test_the_servers_key_is_made_once_and_a_new_secret_makes_another(
    app: Flask, world: World, services: Services, push: PushService
) -> None:
    first = public_bytes(own_key(services))
    assert public_bytes(own_key(services)) == first
    turn_on(signed_in(app, world.anna, "anna"), push)
    moved = replace(services, config=replace(services.config, secret_key="n" * 40))
    assert public_bytes(own_key(moved)) != first
    assert reached(services) == []
