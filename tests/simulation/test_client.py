"""The client alone: a crash at any step, an edit of what was never sent, a change that no call can carry."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from sync.client import ServerSaysNo, Store, SyncClient, Unreachable
from tests.simulation.device import Crash, Device
from tests.simulation.plan import Plan
from tests.simulation.run import cheap_passwords
from tests.simulation.world import Parts, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A company before its first day."""
    with cheap_passwords():
        world = World(Plan(1, 1, ()), tmp_path, Parts(), None)
        world.open()
        yield world
        world.close()


@pytest.fixture
def phone(world: World) -> Device:
    """Anna's phone, signed in and synced."""
    phone = world.devices["anna"]
    phone.log_in()
    phone.client.sync()
    return phone


def a_receipt(phone: Device, **fields: object) -> str:
    trip = next(trip for trip in phone.client.records("trip") if trip["status"] == "planned")
    good = {"trip_id": trip["id"], "category": "meal", "amount_minor": 100, "issued_on": "2024-03-05"}
    return phone.client.create("receipt", good | fields)


def test_what_was_never_sent_can_be_edited_and_deleted(phone: Device) -> None:
    kept, dropped = a_receipt(phone), a_receipt(phone)
    for amount in (200, 300):
        phone.client.update("receipt", kept, {"amount_minor": amount})
    phone.client.sync()
    phone.client.update("receipt", kept, {"amount_minor": 400})
    phone.client.push()
    phone.client.update("receipt", kept, {"amount_minor": 500})
    phone.client.delete("receipt", dropped)
    phone.client.sync()
    assert phone.client.outbox() == []
    assert [(item["id"], item["amount_minor"]) for item in phone.client.records("receipt")] == [(kept, 500)]


def test_a_crash_at_any_step_of_a_sync_with_a_restored_server_loses_nothing(world: World, phone: Device) -> None:
    world.server.back_up()
    kept = [a_receipt(phone)]
    phone.client.sync()
    assert world.server.restore()
    step = crashes = 0
    while crashes == step:
        if step % 16 == 0:
            kept.append(a_receipt(phone))
        step += 1
        phone.store.left = step
        try:
            if not phone.store.fact("access_token"):
                phone.log_in()
            phone.client.sync()
        except Crash:
            crashes += 1
            phone.restart()
        except ServerSaysNo:
            # Note: the restored server knows no session: the next try signs in.
            crashes += 1
            phone.store.left = 0
            phone.store.keep(access_token="")
    phone.store.left = 0
    phone.client.sync()
    assert step > 20, "a sync has more steps than that"
    assert [item["id"] for item in phone.client.records("receipt")] == sorted(kept)
    assert phone.client.outbox() == []


def test_what_was_sent_before_the_first_pull_survives_a_restored_server(world: World, phone: Device) -> None:
    trip = phone.client.records("trip")[0]["id"]
    world.server.back_up()
    fresh = world._add_device("new", "anna")
    fresh.log_in()
    fields = {"trip_id": trip, "category": "meal", "amount_minor": 100, "issued_on": "2024-03-05"}
    receipt = fresh.client.create("receipt", fields)
    assert [verdict["status"] for verdict in fresh.client.push()] == ["applied"]
    assert world.server.restore()
    fresh.log_in()
    fresh.client.sync()
    assert [item["id"] for item in fresh.client.records("receipt")] == [receipt]


def test_a_refused_change_holds_what_builds_on_it_and_nothing_else(phone: Device) -> None:
    bad = a_receipt(phone, category="bribe")
    phone.client.update("receipt", bad, {"amount_minor": 200})
    good = a_receipt(phone)
    for _ in range(2):
        phone.client.sync()
    assert [(item["record_id"], item["state"]) for item in phone.client.outbox()] == [
        (bad, "rejected"),
        (bad, "waiting"),
    ]
    assert [item["id"] for item in phone.client.records("receipt")] == [good]
    phone.client.repair(phone.client.outbox()[0]["change_id"], {"category": "meal"})
    phone.client.sync()
    assert phone.client.outbox() == []
    assert {item["id"]: item["amount_minor"] for item in phone.client.records("receipt")} == {bad: 200, good: 100}


def test_a_conflict_is_repaired_on_top_of_the_servers_record_or_given_up(world: World, phone: Device) -> None:
    receipt = a_receipt(phone)
    phone.client.sync()
    world._add_device("anna/2", "anna", source=phone)
    for other in (world.devices["anna/2"], phone):
        other.client.update("receipt", receipt, {"amount_minor": 700 if other is phone else 600})
        other.client.sync()
    (conflict,) = phone.client.outbox()
    assert (conflict["state"], conflict["verdict"]["record"]["amount_minor"]) == ("conflict", 600)
    phone.client.repair(conflict["change_id"])
    phone.client.sync()
    assert phone.client.records("receipt")[0]["amount_minor"] == 700
    phone.client.update("receipt", receipt, {"category": "bribe"})
    phone.client.sync()
    phone.client.discard(phone.client.outbox()[0]["change_id"])
    assert phone.client.outbox() == []
    with pytest.raises(KeyError):
        phone.client.repair("unknown")


def test_a_change_too_large_for_any_call_is_refused_alone(phone: Device) -> None:
    a_receipt(phone, note="x" * 1_200_000)
    good = [a_receipt(phone, note="y" * 900) for _ in range(5)]
    phone.client.sync()
    assert [item["verdict"]["code"] for item in phone.client.outbox()] == ["push_too_large"]
    assert [item["id"] for item in phone.client.records("receipt")] == sorted(good)


def test_a_phone_that_was_shut_out_goes_on_under_a_new_name(world: World, phone: Device) -> None:
    a_receipt(phone)
    before = phone.client.device_id
    phone.client.become_another_device()
    assert phone.client.device_id != before
    phone.log_in()
    phone.client.sync()
    assert phone.client.outbox() == []


def test_a_store_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    old = Store(tmp_path / "phone.db")
    old.execute("ALTER TABLE change DROP COLUMN epoch")
    old.execute("INSERT INTO change (change_id, body, state, seq) VALUES ('a', '{\"fields\": {}}', 'done', 3)")
    old.close()
    store = Store(tmp_path / "phone.db")
    page = {"changes": [], "cursor": "c", "epoch": "e", "durable_seq": 9, "more": False}
    assert store.take_page(page), "what it had sent goes out once more"
    store.close()


def test_an_answer_that_ends_too_soon_says_nothing(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def half_an_answer() -> None:
        line, _ = listener.accept()
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\nFieldclaim-Protocol: 1\r\nContent-Length: 100\r\n\r\n{")
        line.close()

    Thread(target=half_an_answer).start()
    client = SyncClient(f"http://127.0.0.1:{listener.getsockname()[1]}", tmp_path / "phone.db", timeout=5)
    with pytest.raises(Unreachable):
        client.sync()
    listener.close()
