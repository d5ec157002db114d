import base64
from typing import Any

import pytest

from app.unit import Exchange
from tests.app.api import till
from tests.conftest import As
from tests.settlement import money


def test_a_transfer_with_the_code_funds_the_payment(application: Exchange, as_: As) -> None:
    payment = till.asked(application, as_)

    made = till.imported(as_("per_exchange_settler"), till.statement(payment))

    funded = as_("per_buyer_editor").get(f"/api/payments/{payment['id']}").json
    auditor = as_("per_exchange_auditor")
    (line,) = auditor.get(f"/api/bank-statements/{made['id']}/lines").json["items"]
    assert (funded["state"], funded["due"]["minor"]) == ("funded", 0)
    assert (line["note"], line["suspense"]["minor"]) == (None, 0)
    assert line["counterparty_account"] == "****1234"
    assert auditor.get("/api/bank-statements").json["items"] == [made]
    assert auditor.get(f"/api/bank-statements/{made['id']}").json == made


def test_a_file_of_bytes_is_taken_in_the_banks_encoding(application: Exchange, as_: As) -> None:
    body = till.statement(till.asked(application, as_))
    content = base64.b64encode(body.pop("text").encode("gb18030")).decode()

    made = till.imported(as_("per_exchange_settler"), {**body, "content_base64": content})

    assert made["closing"] == {"minor": 12_800_001, "currency": "CNY"}


def test_the_same_key_gives_the_same_answer_and_another_key_a_refusal(
    application: Exchange, as_: As
) -> None:
    settler, key = as_("per_exchange_settler"), till.keyed()
    body = till.statement(till.asked(application, as_))
    first = settler.post("/api/bank-statements", json=body, headers=key)

    again = settler.post("/api/bank-statements", json=body, headers=key)
    other = settler.post("/api/bank-statements", json=body, headers=till.keyed())
    without = settler.post("/api/bank-statements", json=body)

    assert (again.status_code, again.json) == (201, first.json)
    assert other.status_code == 409
    assert other.json["type"] == "/problems/statement-already-imported"
    assert without.status_code == 400


def test_what_is_wrong_in_a_file_is_told_line_by_line(application: Exchange, as_: As) -> None:
    body = till.statement(till.asked(application, as_))
    body["text"] += "T2,2026-02-30,1.00,,a,1,x\r\nT3,2026-07-01,,,a,1,x\r\n"

    answer = as_("per_exchange_settler").post(
        "/api/bank-statements", json=body, headers=till.keyed()
    )

    assert answer.status_code == 422
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["DATE", "AMOUNT"]
    assert as_("per_exchange_auditor").get("/api/bank-statements").json["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"account": "1"},
        {"account": "1", "text": "x", "content_base64": "eA=="},
        {"account": "1", "content_base64": "?"},
        {"account": "1", "content_base64": "é"},
        {"account": "1", "text": "x", "bank": "x"},
    ],
)
def test_what_is_no_request_is_refused(as_: As, body: dict[str, str]) -> None:
    answer = as_("per_exchange_settler").post(
        "/api/bank-statements", json=body, headers=till.keyed()
    )

    assert answer.status_code == 422


def test_only_settlement_officers_import_and_overseers_look(application: Exchange, as_: As) -> None:
    body = till.statement(till.asked(application, as_))

    imported = as_("per_exchange_auditor").post(
        "/api/bank-statements", json=body, headers=till.keyed()
    )

    assert imported.status_code == 403
    for door in ("", "/unexplained"):
        assert as_("per_buyer_editor").get(f"/api/bank-statements{door}").status_code == 403


def _alien(application: Exchange, as_: As, fen: int = money.STORY.minor) -> tuple[Any, Any]:
    """Let a third party pay; return the payment and the line that waits."""
    payment = till.asked(application, as_)
    movement = ("T1", fen, "演示·旁人公司", payment["reference"])
    body = {"account": payment["account"], "text": money.csv_of([movement])}
    till.imported(as_("per_exchange_settler"), body)
    (line,) = as_("per_exchange_checker").get("/api/bank-statements/suspense").json["items"]
    return payment, line


def test_a_third_partys_money_waits_until_two_people_have_matched_it(
    application: Exchange, as_: As
) -> None:
    payment, line = _alien(application, as_)
    checker, settler = as_("per_exchange_checker"), as_("per_exchange_settler")

    answer = checker.post(
        f"/api/bank-statements/lines/{line['id']}/match",
        json={"payment_id": payment["id"], "reason": "集团代付"},
        headers=till.keyed(),
    )
    approved = settler.post(
        f"/api/clearings/{answer.json['id']}/approve", json={}, headers=till.keyed()
    )

    assert (line["note"], line["note_label"]) == ("PAYER_DIFFERS", "付款户名与买方不一致")
    assert line["suspense"]["minor"] == line["left"]["minor"] == money.STORY.minor
    (suggested,) = line["suggestions"]
    assert (suggested["payment_id"], suggested["rung"]) == (payment["id"], "reference")
    assert suggested["alien"] is True
    assert (answer.status_code, answer.json["state"]) == (201, "proposed")
    assert (approved.status_code, approved.json["state"]) == (200, "done")
    assert checker.get("/api/bank-statements/unexplained").json["items"] == []
    assert checker.get(f"/api/clearings/{answer.json['id']}").json["state"] == "done"
    (kept,) = checker.get("/api/clearings?state=done").json["items"]
    assert kept["amount"]["minor"] == money.STORY.minor


def test_how_old_is_what_waits_is_told(application: Exchange, as_: As) -> None:
    _alien(application, as_, 500)

    ages = as_("per_exchange_auditor").get("/api/bank-statements/suspense/ages").json["items"]

    assert sum(one["count"] for one in ages) == 1
    assert sum(one["total"]["minor"] for one in ages) == 500


def test_a_file_is_tried_before_it_is_imported(application: Exchange, as_: As) -> None:
    payment = till.asked(application, as_)
    settler = as_("per_exchange_settler")

    told = settler.post("/api/bank-statements/preview", json=till.statement(payment))
    refused = as_("per_buyer_editor").post(
        "/api/bank-statements/preview", json=till.statement(payment)
    )

    assert told.status_code == 200, told.json
    (line,) = told.json["lines"]
    assert (line["kind"], line["target"], line["note"]) == ("payment", [payment["id"]], None)
    assert told.json["closing"]["minor"] == money.STORY.minor
    assert refused.status_code == 403
    assert settler.get("/api/bank-statements").json["items"] == []


def test_what_waits_is_divided_sent_back_or_called_a_fee(application: Exchange, as_: As) -> None:
    payment, line = _alien(application, as_, 1_000)
    checker = as_("per_exchange_checker")

    given = checker.post(
        "/api/clearings/give",
        json={
            "line_id": line["id"],
            "shares": [{"payment_id": payment["id"], "amount": {"minor": 400, "currency": "CNY"}}],
            "reason": "x",
        },
        headers=till.keyed(),
    )
    back = checker.post(
        "/api/clearings/send-back",
        json={"line_id": line["id"], "reason": "第三方"},
        headers=till.keyed(),
    )
    fee = checker.post(
        "/api/clearings/call-fee",
        json={"line_id": line["id"], "reason": "x"},
        headers=till.keyed(),
    )
    voucher = checker.post(
        "/api/clearings/reimburse",
        json={"line_id": line["id"], "batch_id": "vba_1", "voucher_ids": ["v"], "reason": "x"},
        headers=till.keyed(),
    )

    assert (given.status_code, given.json["amount"]["minor"]) == (201, 400)
    assert (back.json["state"], back.json["amount"]["minor"]) == ("done", 600)
    assert (fee.status_code, voucher.status_code) == (409, 409)
