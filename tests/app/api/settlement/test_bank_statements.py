import base64

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


def test_a_third_partys_money_waits_until_another_person_matches_it(
    application: Exchange, as_: As
) -> None:
    payment = till.asked(application, as_)
    movement = ("T1", money.STORY.minor, "演示·旁人公司", payment["reference"])
    body = {"account": payment["account"], "text": money.csv_of([movement])}
    till.imported(as_("per_exchange_settler"), body)
    checker = as_("per_exchange_checker")
    (line,) = checker.get("/api/bank-statements/unexplained").json["items"]

    answer = checker.post(
        f"/api/bank-statements/lines/{line['id']}/match",
        json={"payment_id": payment["id"], "reason": "集团代付"},
        headers=till.keyed(),
    )

    assert (line["note"], line["note_label"]) == ("PAYER_DIFFERS", "付款户名与买方不一致")
    assert line["suspense"]["minor"] == money.STORY.minor
    assert answer.status_code == 201, answer.json
    assert answer.json["amount"]["minor"] == money.STORY.minor
    assert checker.get("/api/bank-statements/unexplained").json["items"] == []
