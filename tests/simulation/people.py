"""What people do on their phones. Each act reads what the phone shows, and leaves changes in its outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from sync.change import Record
from tests.server.world import HANGZHOU_SELLER, SHENZHEN_SELLER, digital_number, qr_text
from tests.simulation.device import Device

Act = Callable[[Device, Random], None]
_SELLERS = {
    "33": ("Lakeside Hotel", HANGZHOU_SELLER, (30.27, 119.98)),
    "44": ("Nanshan Inn", SHENZHEN_SELLER, (22.53, 113.93)),
}
"""By province: who sells there, and where that is."""
_STEPS = ("planned", "accepted", "travelling", "on_site", "done")
_WAITS_FOR_ANOTHER = ("record_unknown", "parent_unknown", "parent_deleted", "record_deleted", "depends_on_rejected")


def capture(device: Device, chance: Random) -> None:
    """A photo and a receipt of the trip; now and then from somewhere else."""
    trip = _one(chance, _mine(device, "trip"))
    if trip is not None:
        fields = {"category": chance.choice(("lodging", "meal")), "amount_minor": chance.randrange(100, 90_000)}
        _capture(device, chance, trip, fields)


def _capture(device: Device, chance: Random, trip: Record, fields: dict[str, Any]) -> str:
    region = trip["stops"][0]["division_code"][:2] if chance.random() < 0.85 else "44"
    seller, tax_id, (lat, lon) = _SELLERS[region]
    number, day = digital_number(region), trip["stops"][0]["arrive_on"]
    sha256 = hashlib.sha256(number.encode()).hexdigest()
    fields |= {"trip_id": trip["id"], "issued_on": day, "note": _mark(chance), "attachments": [sha256]}
    if not device.is_old:
        fields |= {"seller_name": seller, "seller_tax_id": tax_id, "fapiao_number": number}
        fields |= {"qr_text": qr_text(number, fields["amount_minor"], day)}
        fields |= {"capture_position": {"lat": lat, "lon": lon, "accuracy_m": 12.5}}
    device.client.create("attachment", {"sha256": sha256, "media_type": "image/jpeg", "size": 1000})
    return device.client.create("receipt", fields)


def edit_receipt(device: Device, chance: Random) -> None:
    """A second look at a receipt, perhaps one that was never sent."""
    receipt = _one(chance, _known(device, "receipt"))
    if receipt is None:
        return
    edits: list[dict[str, Any]] = [
        {"amount_minor": chance.randrange(100, 90_000)},
        {"typed_division": chance.choice(("330100", "440300", None))},
        {"typed_division": chance.choice(("330100", "440300", None)), "category": "meal"},
        {"seller_name": f"Seller {chance.randrange(9)}"},
    ]
    device.client.update("receipt", receipt["id"], chance.choice(edits))


def delete_receipt(device: Device, chance: Random) -> None:
    """A receipt that was captured twice."""
    receipt = _one(chance, device.client.records("receipt"))
    if receipt is not None:
        device.client.delete("receipt", receipt["id"])


def report(device: Device, chance: Random) -> None:
    """A service report, begun or filed."""
    filed = {item.get("trip_id") for item in _known(device, "service_report")}
    trips = [item for item in _mine(device, "trip") if item["id"] not in filed]
    trip, order = _one(chance, trips), _one(chance, _mine(device, "work_order"))
    if trip is None or order is None:
        return
    fields = {"work_order_id": order["id"], "trip_id": trip["id"], "fault_cause": _mark(chance)}
    if chance.random() < 0.6:
        fields |= {"remedy": "Seal replaced", "parts_replaced": [{"name": "Seal", "quantity": 1, "serial": ""}]}
        fields |= {"customer_opinion": "Satisfied", "status": "filed"}
    device.client.create("service_report", fields)


def edit_report(device: Device, chance: Random) -> None:
    """A few words more."""
    found = _one(chance, _known(device, "service_report"))
    if found is None:
        return
    fields = {chance.choice(("remedy", "customer_opinion")): f"Word {chance.randrange(99)}"}
    if chance.random() < 0.4:
        fields |= {"parts_replaced": [], "remedy": "Cleaned", "customer_opinion": "Good", "status": "filed"}
    device.client.update("service_report", found["id"], fields)


def survey(device: Device, chance: Random) -> None:
    """The customer's word."""
    order = _one(chance, _mine(device, "work_order"))
    if order is not None:
        scores = {name: chance.randrange(1, 6) for name in ("attitude", "punctuality", "skill", "result")}
        device.client.create("survey", {"work_order_id": order["id"], "scores": scores, "comment": _mark(chance)})


def advance_order(device: Device, chance: Random) -> None:
    """A work order goes its next step; a hasty person takes one that is not allowed."""
    order = _one(chance, _mine(device, "work_order"))
    if order is None:
        return
    status = device.store.seen("work_order", order["id"]).get("status")
    if status in _STEPS[:-1]:
        step = 1 if chance.random() < 0.85 else 2
        device.client.update("work_order", order["id"], {"status": _STEPS[min(_STEPS.index(status) + step, 4)]})


def buy_tool(device: Device, chance: Random) -> None:
    """A tool bought on the road, on a receipt of its own."""
    trip = _one(chance, _mine(device, "trip"))
    if trip is None:
        return
    price, quantity = chance.randrange(1000, 50_000), chance.randrange(1, 4)
    receipt_id = _capture(device, chance, trip, {"category": "tool", "amount_minor": price * quantity})
    tool = {"trip_id": trip["id"], "receipt_id": receipt_id, "name": "Torque wrench", "model": _mark(chance)}
    device.client.create("tool_purchase", tool | {"quantity": quantity, "unit_price_minor": price})


def claim(device: Device, chance: Random) -> None:
    """A claim over all receipts of a trip, handed in at once."""
    trip = _one(chance, _mine(device, "trip"))
    if trip is None:
        return
    receipts = [item for item in _known(device, "receipt") if item.get("trip_id") == trip["id"]]
    taken = {line["receipt_id"] for line in _known(device, "claim_line")}
    free = [item for item in receipts if item["id"] not in taken]
    if not free:
        return
    claim_id = device.client.create("claim", {"trip_id": trip["id"], "note": _mark(chance)})
    for receipt in free:
        line = {"claim_id": claim_id, "receipt_id": receipt["id"], "amount_minor": receipt["amount_minor"]}
        device.client.create("claim_line", line)
    device.client.update("claim", claim_id, {"status": "submitted"})


def hand_in_again(device: Device, chance: Random) -> None:
    """A claim whose lines were returned is repaired and handed in again."""
    returned = _one(chance, [item for item in device.client.records("claim") if item["status"] == "returned"])
    if returned is None:
        return
    for line in device.client.records("claim_line"):
        if line["claim_id"] == returned["id"] and line["status"] == "returned":
            device.client.update("claim_line", line["id"], {"note": f"Word {chance.randrange(99)}"})
    device.client.update("claim", returned["id"], {"status": "submitted"})


def stock_in(device: Device, chance: Random) -> None:
    """The warehouse's phone takes a unit in; it may not know that another counter took the last one."""
    purchase = _one(chance, device.client.records("tool_purchase"))
    if purchase is not None:
        unit = {"tool_purchase_id": purchase["id"], "serial_number": f"S{chance.randrange(40)}", "shelf": "A1"}
        device.client.create("tool_unit", unit)


def cancel_unit(device: Device, chance: Random) -> None:
    """A unit was taken in by mistake."""
    unit = _one(chance, device.client.records("tool_unit"))
    if unit is not None:
        device.client.update("tool_unit", unit["id"], {"status": "cancelled", "reason": "Not this one"})


def decide(device: Device, chance: Random) -> None:
    """Finance decides on the way home."""
    line = _one(chance, [item for item in device.client.records("claim_line") if item["status"] != "draft"])
    if line is not None:
        device.client.update("claim_line", line["id"], decision(chance, line["status"], "Seen on the phone"))


def decision(chance: Random, status: str, note: str) -> dict[str, Any]:
    """What somebody of finance writes on a line in that state; now and then a step that it does not allow."""
    ahead = {"approved": ("paid", "paid", "paid", "submitted"), "refused": ("submitted",)}
    step = chance.choice(ahead.get(status, ("approved", "approved", "approved", "refused", "returned")))
    match step:
        case "approved" | "refused":
            return {"status": step, "decision_note": note}
        case "returned":
            return {"status": step, "return_reason": note}
        case "paid":
            return {"status": step, "payment_reference": f"T{chance.randrange(10**6)}"}
    return {"status": step}


def repair(device: Device, chance: Random) -> None:
    """What the server refused is sent again on top of what is known now, or given up."""
    for item in device.client.outbox():
        code = (item["verdict"] or {}).get("code")
        is_stuck = item["state"] == "waiting" and code in _WAITS_FOR_ANOTHER and chance.random() < 0.3
        if item["state"] not in ("conflict", "rejected") and not is_stuck:
            continue
        match chance.choice(("give_up", "again", "again", "later")):
            case "give_up":
                device.client.discard(item["change_id"])
            case "again" if not is_stuck:
                device.client.repair(item["change_id"])


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        capture,
        edit_receipt,
        delete_receipt,
        report,
        edit_report,
        survey,
        advance_order,
        buy_tool,
        claim,
        hand_in_again,
        stock_in,
        cancel_unit,
        decide,
        repair,
    )
}


def wrong_clock(chance: Random) -> timedelta:
    """By how much a phone's clock is wrong: minutes, or up to ten years."""
    days = chance.choice((0.01, 1.0, 400.0, 3650.0))
    return timedelta(days=days * chance.uniform(-1, 1))


def _mine(device: Device, entity: str) -> list[Record]:
    return [item for item in device.client.records(entity) if item["status"] not in ("cancelled", "finished", "done")]


def _known(device: Device, entity: str) -> list[Record]:
    """The records of one kind as the person sees them: the server's, and those that wait."""
    ids = [item["id"] for item in device.client.records(entity)]
    waiting = [item for item in device.client.outbox() if item["entity"] == entity and item["op"] == "create"]
    ids += [item["record_id"] for item in waiting if item["state"] == "waiting" and item["record_id"] not in ids]
    return [device.store.seen(entity, record_id) | {"id": record_id} for record_id in ids]


def _one(chance: Random, found: list[Record]) -> Record | None:
    """One of the newest."""
    return chance.choice(found[-8:]) if found else None


def _mark(chance: Random) -> str:
    """What one thing that a person made can be told by: no other has it."""
    return f"mark {chance.getrandbits(64):016x}"


def is_mark(value: object) -> bool:
    """Whether a field holds such a mark."""
    return isinstance(value, str) and value.startswith("mark ")
