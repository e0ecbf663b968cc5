"""A restored server may have forgotten what it sent to the bank: it sends nothing before somebody has compared."""

from __future__ import annotations

from server.payments.reconciliation import RESTORED_AT
from sync.facts import write_fact
from tests.server.desk import Desk, form_of
from tests.server.payments.test_batches import refusal
from tests.server.world import World


def test_after_a_restore_nothing_is_sent_before_somebody_has_compared_with_the_bank(desk: Desk, world: World) -> None:
    world.account(world.anna)
    batch = world.batch(*world.approved(30000))
    with world.engine.database.write() as connection:
        write_fact(connection, RESTORED_AT, "2026-11-24T08:00:00.000Z")
    assert refusal(lambda: world.export(batch)).code == "payments_unreconciled"
    by_hand = world.approved(7000)[0]
    assert refusal(lambda: world.decide(by_hand, "paid")).code == "payments_unreconciled"
    browser = desk("pia")
    page = form_of(browser.get(f"/payments/batches/{batch['id']}"), "/export").submit().follow()
    assert "Compare with the bank" in page
    page = browser.get("/payments/")
    assert "restored from a backup (2026-11-24 16:00)" in page
    form = form_of(page, "/reconciled")
    form["last_number"], form["note"] = f"{batch['number'][:8]}0041", ""
    assert "Newest" not in form.submit().follow().html.find("p", {"class": "flash"}).text
    assert refusal(lambda: world.export(batch)).code == "payments_unreconciled"
    form["note"] = "The bank has 41; its lines are marked as paid"
    assert "Payments may go on" in form.submit().follow()
    assert world.export(batch)["status"] == "exported"
    assert world.batch(*world.approved(5000))["number"].endswith("-0042")
    refused = refusal(lambda: world.create(world.payer, "payment_reconciliation", note="Again"))
    assert refused.code == "nothing_to_reconcile"
