"""What must hold once all is quiet: the promises, each checked against the server's own records."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sync import journal as journals
from sync.actor import Actor
from sync.audit import verify
from sync.canonical import canonical, same
from sync.change import Record, is_id
from sync.transaction import Transaction
from tests.simulation.device import Device
from tests.simulation.oracle import Oracle, Watch, change_ids, pull
from tests.simulation.people import is_mark

_REFUSED = ("conflict", "rejected")


def check(oracle: Oracle, devices: list[Device]) -> None:
    """Every promise, once all is quiet."""
    _check_journal(oracle)
    _check_changes(oracle, devices)
    _check_marks(oracle)
    for device in devices:
        actor = oracle.actor(device.person)
        if actor and not device.is_out:
            _check_device(oracle, device, actor)
    for watch in oracle.watches:
        actor = oracle.actor_of(watch.actor.id)
        if actor and actor.scope == watch.actor.scope:
            _check_watch(oracle, watch)
    for username in sorted(set(oracle.people.values())):
        actor = oracle.actor(username)
        if actor:
            pulled, _ = pull(oracle.server.engine, actor, None, {}, limit=37)
            _same(oracle, "feed_differs", f"the feed of {username}", pulled, oracle.scope(actor))


def _check_journal(oracle: Oracle) -> None:
    with oracle.server.engine.database.read() as connection:
        found = verify(connection, oracle.server.engine.registry)
        rows = [dict(row._mapping) for row in journals.entries(connection)]
    if found:
        oracle.broken("journal_broken", str(found))
    oracle.counts["journal entries"] += len(rows)
    paid: Counter[str] = Counter()
    made: Counter[tuple[str, str]] = Counter()
    for row in rows:
        after, before = journals.values(row["after"]), journals.values(row["before"])
        if row["entity"] == "claim_line" and "status" in after:
            oracle.counts[f"lines that became {after['status']}"] += 1
        for fate in _fates(row["entity"], row["op"], after):
            oracle.counts[fate] += 1
        paid[row["record_id"]] += row["entity"] == "claim_line" and after.get("status") == "paid"
        made[row["entity"], row["record_id"]] += row["op"] == "create"
        saved = oracle.saved.get(row["change_id"])
        if saved is None:
            continue
        oracle.counts[f"accepted {row['entity']}"] += 1
        if row["op"] == "update":
            _check_seen(oracle, saved.body, before, after)
    for record, count in made.items():
        if count > 1:
            oracle.broken("made_twice", f"{' '.join(record)} was made again, perhaps after its delete")
    for record_id, count in paid.items():
        if count > 1:
            oracle.broken("paid_twice", record_id)
    if len({row["change_id"] for row in rows}) != len(rows):
        oracle.broken("applied_twice", "a change is in the journal twice")


def _fates(entity: str, op: str, after: Record) -> list[str]:
    """What a change did to a person, or to who may see a record."""
    if op != "update":
        return []
    if entity == "user":
        return [f"{name} changed to {after[name]}" for name in ("role", "status") if name in after]
    return [f"{entity} handed over"] if entity in ("trip", "work_order") and "technician_id" in after else []


def _check_seen(oracle: Oracle, change: dict[str, Any], before: Record, after: Record) -> None:
    """An update overwrote only what its person had seen."""
    defaults = oracle.server.engine.registry[change["entity"]].form.defaults
    for name in after.keys() & change["fields"].keys():
        base = change["base"].get(name)
        if not (same(base, before[name]) or (base is None and same(before[name], defaults.get(name)))):
            detail = f"{change['entity']}.{name}: saw {base!r}, overwrote {before[name]!r}"
            oracle.broken("overwritten_unseen", detail)


def _check_changes(oracle: Oracle, devices: list[Device]) -> None:
    here = oracle.server.change_ids()
    kept = {device.name: device.client.outbox() for device in devices}
    # Note: a phone whose person is shut out keeps all it has sent; it cannot know that the server was restored.
    held = {change_id for device in devices for change_id in change_ids(device)}
    active = {device.name for device in devices if not device.is_out and oracle.actor(device.person)}
    told = {change_id for name in active for change_id in _waits_for_a_person(kept[name])}
    for change_id, saved in oracle.saved.items():
        what = f"{saved.body['op']} {saved.body['entity']} {saved.body['record_id']} ({change_id})"
        if change_id in here or saved.given_up or saved.lost_with_its_phone:
            continue
        if not saved.holders and not saved.acknowledged:
            continue
        if change_id not in held:
            oracle.broken("lost", f"{what}, {'acknowledged' if saved.acknowledged else 'saved'}")
        elif saved.holders & active and change_id not in told:
            oracle.broken("stuck", f"{what} waits without a reason")


def _check_marks(oracle: Oracle) -> None:
    """Each thing that a person made exists once."""
    with oracle.server.engine.database.read() as connection:
        read_now = Transaction(oracle.server.engine, connection, Actor("nobody"))
        for entity in ("receipt", "claim", "service_report", "survey", "tool_purchase"):
            marks = Counter(value for item in read_now.find(entity) for value in item.values() if is_mark(value))
            for mark, count in marks.items():
                if count > 1:
                    oracle.broken("doubled", f"{entity} {mark} is there {count} times")


def _check_device(oracle: Oracle, device: Device, actor: Actor) -> None:
    rows = device.store.execute("SELECT entity, id, body FROM record").fetchall()
    shown = {(entity, record_id): canonical(json.loads(body)) for entity, record_id, body in rows}
    _same(oracle, "device_differs", device.name, shown, oracle.scope(actor))
    records = [json.loads(body) | {"entity": entity} for entity, _, body in rows]
    for missing in oracle.server.engine.missing(actor, records):
        oracle.broken("device_differs", f"{device.name} holds {missing} that the server says it lacks")


def _check_watch(oracle: Oracle, watch: Watch) -> None:
    records, _ = pull(oracle.server.engine, watch.actor, watch.cursor, watch.records)
    _same(oracle, "feed_differs", "a feed from an old cursor", records, oracle.scope(watch.actor))


def _same(
    oracle: Oracle, kind: str, who: str, shown: dict[tuple[str, str], str], right: dict[tuple[str, str], str]
) -> None:
    for key in sorted(shown.keys() | right.keys()):
        if shown.get(key) != right.get(key):
            oracle.broken(kind, f"{who}, {' '.join(key)}: {shown.get(key)} instead of {right.get(key)}")
            return


def _waits_for_a_person(outbox: list[dict[str, Any]]) -> set[str]:
    """Changes that were refused with a reason, those that wait for another record, and those that build on them."""
    stopped: set[str] = set()
    found: set[str] = set()
    for item in outbox:
        code = (item["verdict"] or {}).get("code")
        builds_on = {item["record_id"]} | {value for value in item["fields"].values() if is_id(value)}
        is_held = item["state"] == "waiting" and code is not None and item["verdict"]["status"] == "held"
        if (item["state"] in _REFUSED and code) or is_held or not stopped.isdisjoint(builds_on):
            stopped.add(item["record_id"])
            found.add(item["change_id"])
    return found
