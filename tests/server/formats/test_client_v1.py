"""The client of protocol 1, as it was recorded, still syncs: against today's tables and after all migrations."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from flask import Flask

from server import schema
from server.services import Services
from tests.server.api import Device
from tests.server.attachments.files import PART, UPLOADS
from tests.server.formats.client_v1 import RECORD, company
from tests.server.test_migrations import move

Held = dict[str, dict[str, Any]]
WRITTEN = {"attachment", "receipt", "tool_purchase", "service_report", "survey", "claim", "claim_line", "work_order"}


@pytest.fixture
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("is_migrated", [False, True])
def test_the_recorded_client_still_syncs(
    app: Flask, services: Services, recorded: dict[str, Any], is_migrated: bool
) -> None:
    ids = recorded["ids"]
    company(services, ids)
    if is_migrated:
        move(services.engine.database, "0001")
        move(services.engine.database, "head")
    device = Device(app, ids["device"])
    signed_in = device.log_in("anna")
    assert {"access_token", "refresh_token", "user", "company"} <= set(signed_in.json)
    for push in recorded["pushes"][:2]:
        send(device, push)
    upload(device, recorded["upload"])
    again = send(device, recorded["pushes"][0], expect=False)
    assert {verdict["status"] for verdict in again} == {"duplicate"}
    send(device, recorded["pushes"][2])
    assert device.refresh().status_code == 200
    held = pull_all(device)
    assert held[ids["receipt"]]["note"] == "three nights"
    assert held[ids["attachment"]]["status"] == "stored"
    assert held[ids["claim"]]["status"] == "submitted"
    assert ids["spare"] not in held
    assert ids["tool"] not in held
    form = {"records": [{"entity": "receipt", "id": ids["receipt"], "version": 2}], "attachments": [recorded["sha256"]]}
    manifest = device.ask("POST", "/api/sync/manifest", json=form).json
    assert (manifest["missing_records"], manifest["missing_attachments"]) == ([], [])


@pytest.mark.parametrize(("revision", "starts_anew"), [("0032", False), ("0001", True)])
def test_an_update_of_the_server_comes_between_two_syncs_of_the_recorded_client(
    app: Flask, services: Services, recorded: dict[str, Any], revision: str, starts_anew: bool
) -> None:
    """Its cursor, its outbox and its session are older than the server. An answer was lost on the day before."""
    ids = recorded["ids"]
    company(services, ids)
    device = Device(app, ids["device"])
    device.log_in("anna")
    send(device, recorded["pushes"][0])
    upload(device, recorded["upload"])
    held: Held = {}
    cursor = pull(device, held, "")
    send(device, recorded["pushes"][1])
    move(services.engine.database, revision)
    schema.upgrade(services.engine.database)
    assert {verdict["status"] for verdict in send(device, recorded["pushes"][1], expect=False)} == {"duplicate"}
    send(device, recorded["pushes"][2])
    answer = device.ask("GET", f"/api/sync/pull?cursor={cursor}")
    if starts_anew:
        assert (answer.status_code, answer.json["code"]) == (410, "cursor_unknown")
        held, cursor = {}, ""
    else:
        assert len(answer.json["changes"]) < len(held), "only what is new"
    pull(device, held, cursor)
    assert held == pull_all(device)
    assert held[ids["receipt"]]["note"] == "three nights"
    assert held[ids["work_order"]]["status"] == "accepted"
    assert held[ids["claim"]]["status"] == "submitted"
    assert {ids["spare"], ids["tool"]}.isdisjoint(held)


def test_the_record_holds_every_kind_and_every_way_to_change_it(recorded: dict[str, Any]) -> None:
    sent = [change for push in recorded["pushes"] for change in push["changes"]]
    assert {change["entity"] for change in sent} == WRITTEN
    assert {change["op"] for change in sent} == {"create", "update", "delete"}


def send(device: Device, push: dict[str, Any], *, expect: bool = True) -> list[dict[str, Any]]:
    """One recorded push, in the recorded client's words."""
    answer = device.ask(
        "POST",
        "/api/sync/push",
        json={"device_id": device.id, "epoch": "", "changes": push["changes"]},
        headers={"Fieldclaim-Protocol": "1"},
    )
    assert answer.status_code == 200
    assert {"epoch", "durable_seq", "server_time", "verdicts"} <= set(answer.json)
    verdicts: list[dict[str, Any]] = answer.json["verdicts"]
    if expect:
        assert all(verdict["status"] in ("applied", "merged") for verdict in verdicts), verdicts
    return verdicts


def upload(device: Device, recorded: dict[str, Any]) -> None:
    """The recorded photo by tus, in two parts."""
    data = base64.b64decode(recorded["bytes"])
    place = device.ask("POST", UPLOADS, headers=recorded["headers"]).headers["Location"]
    for start, end in ((0, 100), (100, len(data))):
        headers = PART | recorded["part_headers"] | {"Upload-Offset": str(start)}
        assert device.ask("PATCH", place, headers=headers, data=data[start:end]).status_code == 204
    assert device.ask("HEAD", place, headers=recorded["part_headers"]).headers["Upload-Offset"] == str(len(data))


def pull_all(device: Device) -> Held:
    """What the recorded client would hold after its first sync."""
    held: Held = {}
    pull(device, held, "")
    return held


def pull(device: Device, held: Held, cursor: str) -> str:
    """Bring what the recorded client holds up to date, as it does: it reads these names and no others."""
    more = True
    while more:
        page = device.ask("GET", "/api/sync/pull" + (f"?cursor={cursor}" if cursor else "")).json
        for item in page["changes"]:
            if item["op"] == "put":
                held[item["id"]] = item["record"]
            else:
                held.pop(item["id"], None)
        cursor, more = page["cursor"], page["more"]
    return cursor
