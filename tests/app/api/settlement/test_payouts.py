import csv
import io

from app.unit import Exchange
from tests.app.api import till
from tests.conftest import As
from tests.settlement import money


def test_the_merchants_share_is_paid_when_the_bank_says_so(application: Exchange, as_: As) -> None:
    till.verified(as_, "org_developer", "演示·枫香科技")
    till.settled(application, as_)
    payout = till.sent(as_, "merchant", "org_developer")
    settler = as_("per_exchange_settler")

    file = settler.get(f"/api/payouts/files/{payout['file']['id']}")
    (row,) = csv.DictReader(io.StringIO(file.text))
    debit = ("P1", -payout["amount"]["minor"], row["收款户名"], row["附言"])
    text = money.csv_of([debit], number="2", opening=money.STORY.minor, on="2026-07-02")
    till.imported(settler, {"account": money.CUSTODY, "text": text})

    paid = as_("per_developer_editor").get(f"/api/payouts/{payout['id']}").json
    assert file.content_type == "text/csv; charset=utf-8"
    assert (row["金额"], row["收款账号"]) == ("62080.01", "6217000012345678")
    assert (paid["state"], paid["paid_on"]) == ("paid", "2026-07-02")
    assert paid["account_masked"] == "****5678"
    assert (paid["maker"], paid["checker"]) == ("per_exchange_settler", "per_exchange_checker")


def test_what_was_earned_is_told_to_whom_it_belongs(application: Exchange, as_: As) -> None:
    till.settled(application, as_)

    own = as_("per_operator_signer").get("/api/payouts/earned").json["items"]
    everything = as_("per_exchange_auditor").get("/api/payouts/earned").json["items"]

    assert own == [
        {
            "payable": "operator",
            "party_id": "org_operator",
            "amount": {"minor": 2_483_200, "currency": "CNY"},
        }
    ]
    assert [item["payable"] for item in everything] == ["merchant", "operator", "fiscal"]


def test_part_of_it_can_be_asked_for_and_let_fail(application: Exchange, as_: As) -> None:
    till.verified(as_, "org_developer", "演示·枫香科技")
    till.settled(application, as_)
    settler = as_("per_exchange_settler")
    body = {
        "payable": "merchant",
        "party_id": "org_developer",
        "amount": {"minor": 10_000, "currency": "CNY"},
    }

    made = settler.post("/api/payouts", json=body, headers=till.keyed())
    failed = settler.post(
        f"/api/payouts/{made.json['id']}/cancel", json={"reason": "误操作"}, headers=till.keyed()
    )

    assert (made.status_code, failed.json["state"]) == (201, "cancelled")
    (listed,) = settler.get("/api/payouts?state=cancelled").json["items"]
    assert listed["id"] == made.json["id"]
    assert settler.get("/api/payouts?state=paid").json["items"] == []


def test_without_a_verified_account_or_a_key_nothing_is_asked_for(as_: As) -> None:
    settler = as_("per_exchange_settler")
    body = {"payable": "merchant", "party_id": "org_developer"}

    unverified = settler.post("/api/payouts", json=body, headers=till.keyed())
    unkeyed = settler.post("/api/payouts", json=body)
    unknown = settler.post("/api/payouts", json={**body, "to": "x"}, headers=till.keyed())

    assert (unverified.status_code, unkeyed.status_code, unknown.status_code) == (409, 400, 422)
    assert unverified.json["type"] == "/problems/no-verified-account"


def test_files_and_others_payouts_are_hidden(application: Exchange, as_: As) -> None:
    till.verified(as_, "org_developer", "演示·枫香科技")
    till.settled(application, as_)
    payout = till.sent(as_, "merchant", "org_developer")
    other = as_("per_other_editor")

    assert other.get(f"/api/payouts/{payout['id']}").status_code == 404
    assert other.get("/api/payouts/pot_none").status_code == 404
    assert other.get("/api/payouts").json["items"] == []
    assert other.get(f"/api/payouts/files/{payout['file']['id']}").status_code == 403
    assert as_("per_exchange_settler").get("/api/payouts/files/none").status_code == 404
