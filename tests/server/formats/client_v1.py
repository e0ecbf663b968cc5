"""Recording what the client of protocol 1 sends: `python -m tests.server.formats.client_v1` wrote client_v1.json, once.

The record is a promise: phones in the field hold outboxes of this form. It is never written anew for a new version of
the server; a later version of the client gets a record of its own beside it.
"""

from __future__ import annotations

import base64
import io
import json
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from server.app import create_app
from server.config import from_environment
from server.schema import upgrade
from server.services import Services
from sync.change import new_id
from tests.server.api import Device, give_password
from tests.server.attachments.files import TUS, opening, sha256_of
from tests.server.world import World

RECORD = Path(__file__).with_name("client_v1.json")


def company(services: Services, ids: dict[str, str]) -> None:
    """What the phone finds on the server: made by today's code, under the ids that the record names."""
    world = World(services.engine)
    people = {"anna": "technician", "dan": "dispatcher"}
    for name, role in people.items():
        world.person(name, role)
    give_password(services, world.anna)
    create = world.engine.write
    named = {"name": "Qiantang Pumps"}
    create(world.dispatcher, lambda write: write.create("customer", named, ids["customer"]))
    site = {"customer_id": ids["customer"], "name": "Pump house", "division_code": "330110"}
    create(world.dispatcher, lambda write: write.create("site", site, ids["site"]))
    job = {"customer_id": ids["customer"], "site_id": ids["site"], "technician_id": world.anna.id}
    order = job | {"number": "WO-7", "problem": "Leaks"}
    create(world.dispatcher, lambda write: write.create("work_order", order, ids["work_order"]))
    stop = {"division_code": "330110", "site_id": ids["site"], "arrive_on": "2026-11-09", "leave_on": "2026-11-13"}
    trip = {"technician_id": world.anna.id, "purpose": "Pump repair", "home_division": "310000", "stops": [stop]}
    trip |= {"work_order_ids": [ids["work_order"]]}
    create(world.dispatcher, lambda write: write.create("trip", trip, ids["trip"]))


def changes(ids: dict[str, str], sha256: str, size: int) -> list[list[dict[str, Any]]]:
    """Three pushes: what a trip brings, what is altered, what is deleted and handed in."""
    photo = {"sha256": sha256, "media_type": "image/jpeg", "size": size, "role": "original"}
    receipt = {"trip_id": ids["trip"], "category": "lodging", "amount_minor": 32800, "currency": "CNY"}
    receipt |= {"issued_on": "2026-11-10", "seller_name": "Lakeside Hotel", "seller_tax_id": "91330100799655058B"}
    receipt |= {"fapiao_number": "26332000000000000707", "note": "two nights", "attachments": [sha256]}
    receipt |= {"captured_at": "2026-11-10T08:00:00Z", "capture_position": {"lat": 30.2, "lon": 120.1, "accuracy_m": 9}}
    tool = {"trip_id": ids["trip"], "receipt_id": ids["receipt"], "name": "Torque wrench", "model": "TW", "quantity": 1}
    tool |= {"unit_price_minor": 26800, "currency": "CNY", "serial_numbers": ["TW-1"]}
    report = {"work_order_id": ids["work_order"], "trip_id": ids["trip"], "fault_cause": "Worn", "remedy": "New seal"}
    report |= {"parts_replaced": [{"name": "Seal", "quantity": 1, "serial": ""}], "customer_opinion": "Satisfied"}
    scores = {"attitude": 5, "punctuality": 4, "skill": 5, "result": 5}
    survey = {"work_order_id": ids["work_order"], "scores": scores, "comment": ""}
    line = {"claim_id": ids["claim"], "receipt_id": ids["receipt"], "amount_minor": 32800, "note": ""}
    first = [
        made("attachment", ids["attachment"], photo),
        made("receipt", ids["receipt"], receipt),
        made("receipt", ids["spare"], receipt | {"fapiao_number": "", "attachments": [], "note": "by mistake"}),
        made("tool_purchase", ids["tool"], tool | {"receipt_id": ids["spare"]}),
        made("service_report", ids["report"], report | {"status": "draft"}),
        made("survey", ids["survey"], survey),
        made("claim", ids["claim"], {"trip_id": ids["trip"], "note": ""}),
        made("claim_line", ids["line"], line),
    ]
    second = [
        altered("work_order", ids["work_order"], {"status": "accepted"}, {"status": "planned"}, 1),
        altered("receipt", ids["receipt"], {"note": "three nights"}, {"note": "two nights"}, 1),
        altered("tool_purchase", ids["tool"], {"quantity": 2}, {"quantity": 1}, 1),
        altered("service_report", ids["report"], {"status": "filed"}, {"status": "draft"}, 1),
        altered("claim_line", ids["line"], {"note": "hotel"}, {"note": ""}, 1),
        altered("claim", ids["claim"], {"note": "Hangzhou"}, {"note": ""}, 1),
    ]
    third = [
        gone("tool_purchase", ids["tool"], 2),
        gone("receipt", ids["spare"], 1),
        altered("claim", ids["claim"], {"status": "submitted"}, {"status": "draft"}, 2),
    ]
    return [first, second, third]


def made(entity: str, record_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    return change(entity, record_id, "create", fields, {}, None)


def altered(entity: str, record_id: str, fields: Any, base: Any, version: int) -> dict[str, Any]:
    return change(entity, record_id, "update", fields, base, version)


def gone(entity: str, record_id: str, version: int) -> dict[str, Any]:
    return change(entity, record_id, "delete", {}, {}, version)


def change(entity: str, record_id: str, op: str, fields: Any, base: Any, version: int | None) -> dict[str, Any]:
    named = {"change_id": new_id(), "entity": entity, "record_id": record_id, "op": op, "fields": fields}
    return named | {"base": base, "base_version": version, "made_at": "2026-11-24T08:00:00.000Z"}


def record() -> None:
    """Send all of it to a server of today, and keep what was sent and what each answer must say."""
    names = ("customer", "site", "work_order", "trip", "attachment", "receipt", "spare", "tool", "report", "survey")
    ids = {name: new_id() for name in (*names, "claim", "line", "device")}
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "#888").save(data, "JPEG")
    photo = data.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(from_environment({"FIELDCLAIM_DATA": folder}))
        services = app.extensions["fieldclaim"]
        upgrade(services.engine.database)
        company(services, ids)
        device = Device(app, ids["device"])
        assert device.log_in("anna").status_code == 200
        pushes = []
        for batch in changes(ids, sha256_of(photo), len(photo)):
            verdicts = device.push(*batch).json["verdicts"]
            assert {verdict["status"] for verdict in verdicts} <= {"applied", "merged"}, verdicts
            pushes.append({"changes": batch, "verdicts": [verdict["status"] for verdict in verdicts]})
    upload = {"headers": opening(photo), "part_headers": TUS, "bytes": base64.b64encode(photo).decode()}
    kept = {"protocol": "1", "ids": ids, "pushes": pushes, "upload": upload, "sha256": sha256_of(photo)}
    RECORD.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
