"""What the bank answers: each payment gets one outcome, whatever the file holds and however often it comes."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestApp, Upload

from server.notices.queries import address_of
from server.payments.results import MOST_BYTES
from sync.actor import SYSTEM
from sync.change import Record
from tests.server.claims.test_races import at_once
from tests.server.desk import Desk, form_of
from tests.server.payments.test_batches import refusal
from tests.server.world import World

HEADERS = "付款编号,金额,状态,银行流水号,失败原因"


@pytest.fixture
def batch(world: World) -> Record:
    """Sent to the bank: ¥300.00 for Anna, ¥50.00 for Bo."""
    lines = [*world.approved(30000), *world.approved(5000, owner=world.bo)]
    world.account(world.anna)
    world.account(world.bo, "62220001")
    return world.export(world.batch(*lines))


def upload(browser: TestApp, batch: Record, data: bytes) -> Any:
    form = form_of(browser.get(f"/payments/batches/{batch['id']}"), "/result")
    form["file"] = Upload("answer.csv", data, "text/csv")
    return form.submit()


def verdicts(page: Any) -> list[str]:
    return [row["data-verdict"] for row in page.html.select("[data-testid=result] tbody tr")]


def states(world: World, batch: Record) -> list[tuple[str, str]]:
    lines = [world.now("claim_line", line_id) for line_id in batch["line_ids"]]
    return [(line["status"], line["payment_reference"]) for line in lines]


def rows(batch: Record, *answers: tuple[str, str, str]) -> list[dict[str, Any]]:
    asked = {payment["reference"]: payment["amount_minor"] for payment in batch["payments"]}
    return [
        {
            "reference": reference,
            "amount_minor": asked[reference],
            "outcome": outcome,
            "bank_reference": told,
            "reason": told,
        }
        for reference, outcome, told in answers
    ]


def test_a_result_file_pays_what_the_bank_paid_and_frees_the_rest(desk: Desk, world: World, batch: Record) -> None:
    one, two = (payment["reference"] for payment in batch["payments"])
    text = f'对公付款结果\r\n{HEADERS}\r\n{one},"300.00",成功,TX-1,\r\n{two},¥50.00,退汇,,户名不符\r\n'
    browser = desk("pia")
    page = upload(browser, batch, text.encode("gb18030"))
    assert verdicts(page) == ["pays", "fails"]
    assert states(world, batch) == [("approved", ""), ("approved", "")]
    done = form_of(page, "/result/record").submit().follow()
    assert "Recorded: 1 paid, 1 not paid" in done
    assert "户名不符" in done
    assert states(world, batch) == [("paid", "TX-1"), ("approved", "")]
    settled = world.now("payment_batch", batch["id"])
    assert (settled["status"], [item["outcome"] for item in settled["payments"]]) == ("settled", ["paid", "failed"])
    again = upload(browser, batch, text.encode("utf-8-sig"))
    assert verdicts(again) == ["done", "done"]
    assert "Nothing in this file changes anything" in again
    bos = world.now("claim_line", batch["line_ids"][1])
    assert world.batch(bos)["control_total_minor"] == 5000
    assert (
        refusal(lambda: world.batch(world.now("claim_line", batch["line_ids"][0]))).code == "payment_line_not_approved"
    )


def test_each_row_that_does_not_fit_is_named_and_left_out(desk: Desk, world: World, batch: Record) -> None:
    other = world.export(world.batch(*world.approved(7000)))
    one, two = (payment["reference"] for payment in batch["payments"])
    body = [
        f"{one},300.01,成功,TX-1",
        f"{two},50,成功,TX-2",
        f"{two},50.00,成功,TX-2",
        "PB-1999-0001-001,300.00,成功,TX-3",
        f"{other['payments'][0]['reference']},70.00,成功,TX-4",
        f"{one},=1+1,成功,TX-5",
        "=HYPERLINK(1),300.00,成功,TX-6",
        f"{one}",
        "",
    ]
    page = upload(desk("pia"), batch, "\n".join([HEADERS, *body]).encode())
    expected = ["repeated", "pays", "repeated", "unknown", "wrong_batch", "formula", "formula", "repeated"]
    assert verdicts(page) == expected
    form_of(page, "/result/record").submit()
    assert states(world, batch) == [("approved", ""), ("paid", "TX-2")]
    for cells, verdict in (
        (",成功,", "bad_amount"),
        ("300.01,成功,", "wrong_amount"),
        ("300.00,处理中,", "bad_outcome"),
    ):
        assert verdicts(upload(desk_again(page), batch, f"{HEADERS}\n{one},{cells}".encode())) == [verdict]
    contrary = f"{HEADERS}\n{two},50.00,失败,,退回".encode()
    assert verdicts(upload(desk_again(page), batch, contrary)) == ["contradicts"]


def desk_again(page: Any) -> TestApp:
    return page.test_app


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "were not found"),
        (b"\xff\xfe\xff", "no text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no text in UTF-8"),
        ("a,b\n1,2".encode("utf-16"), "were not found"),
        (b"x" * (MOST_BYTES + 1), "at most 512 KiB"),
        ((HEADERS + "\nx,1,x" * 2500).encode(), "at most 512 KiB"),
        ((HEADERS + '\n"' + "x" * 200_000).encode(), "no text in UTF-8"),
    ],
)
def test_a_file_that_is_no_answer_is_told_from_one(
    desk: Desk, world: World, batch: Record, data: bytes, told: str
) -> None:
    assert told in upload(desk("pia"), batch, data).follow()
    assert states(world, batch) == [("approved", ""), ("approved", "")]


def test_only_what_was_shown_is_carried_out(desk: Desk, world: World, batch: Record) -> None:
    one, two = (payment["reference"] for payment in batch["payments"])
    text = f"{HEADERS}\n{one},300.00,成功,TX-1,\n{two},50.00,成功,TX-2,"
    page = upload(desk("pia"), batch, text.encode())
    world.create(world.payer, "payment_result", batch_id=batch["id"], rows=rows(batch, (one, "failed", "Closed")))
    shown = form_of(page, "/result/record").submit()
    assert "Something has changed since the preview" in shown
    assert verdicts(shown) == ["contradicts", "pays"]
    assert states(world, batch) == [("approved", ""), ("approved", "")]


def test_a_payment_is_answered_by_hand_and_a_partly_paid_batch_is_not_cancelled(
    desk: Desk, world: World, batch: Record
) -> None:
    browser = desk("pia")
    address = f"/payments/batches/{batch['id']}"
    form = form_of(browser.get(address), "/answer")
    form["note"] = "TX-9"
    assert "Recorded as paid" in form.submit("step", value="paid").follow()
    assert states(world, batch)[0] == ("paid", "TX-9")
    form = form_of(browser.get(address), "/cancel")
    form["reason"] = "Never mind"
    assert "Record the others as not paid" in form.submit().follow()
    assert "Say why" in form_of(browser.get(address), "/answer").submit("step", value="failed").follow()
    form = form_of(browser.get(address), "/answer")
    form["note"] = "Account closed"
    page = form.submit("step", value="failed").follow()
    assert "Account closed" in page
    assert "Settled" in page


def test_an_answer_counts_once_and_never_by_the_approver(world: World, batch: Record) -> None:
    answer = rows(batch, (batch["payments"][0]["reference"], "paid", "TX-1"))
    fields = {"batch_id": batch["id"], "rows": answer}
    assert refusal(lambda: world.create(world.finance, "payment_result", **fields)).code == "payer_is_approver"
    wrong = [answer[0] | {"amount_minor": 1}]
    for bad in (wrong, answer * 2, []):
        refused = refusal(
            lambda given=bad: world.create(world.payer, "payment_result", batch_id=batch["id"], rows=given)
        )
        assert refused.code == "result_changed"
    outcomes = at_once(lambda _: world.create(world.payer, "payment_result", **fields), 6)
    assert outcomes == ["done"] + ["result_changed"] * 5
    paid = world.now("claim_line", batch["line_ids"][0])
    assert (paid["status"], paid["payment_reference"], bool(paid["paid_at"])) == ("paid", "TX-1", True)


def test_managers_are_told_of_money_that_can_be_paid_again(world: World, batch: Record) -> None:
    manager = world.manager
    anna, bo = batch["payments"]
    failed = rows(batch, (anna["reference"], "failed", "Account closed"))
    world.create(world.payer, "payment_result", batch_id=batch["id"], rows=failed)
    world.update(world.payer, "payment_batch", batch, status="cancelled", reason="The bank took no file")
    notices = world.engine.write(SYSTEM, lambda write: write.find("notice", kind="payment_released"))
    about = {"number": batch["number"], "currency": "CNY", "name": "Pia"}
    assert [(notice["person_id"], notice["params"]) for notice in notices] == [
        (manager.id, about | {"total": anna["amount_minor"], "reason": "Account closed"}),
        (manager.id, about | {"total": bo["amount_minor"], "reason": "The bank took no file"}),
    ]
    assert address_of(notices[0], "manager") == f"/payments/batches/{batch['id']}"
    draft = world.batch(*(world.now("claim_line", line_id) for line_id in batch["line_ids"]))
    world.update(world.payer, "payment_batch", draft, status="cancelled")
    assert len(world.engine.write(SYSTEM, lambda write: write.find("notice", kind="payment_released"))) == 2
