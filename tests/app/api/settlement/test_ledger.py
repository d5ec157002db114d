import pytest

from app.unit import Exchange
from tests.app.api import till
from tests.conftest import As
from tests.settlement import money


def test_the_books_balance_and_name_their_accounts(application: Exchange, as_: As) -> None:
    till.settled(application, as_)

    told = as_("per_exchange_auditor").get("/api/ledger/trial-balance").json

    rows = {row["code"]: row for row in told["rows"]}
    assert told["difference"] == 0
    assert rows["6001.commission"]["credit"] == 362_264
    assert rows["9002.turnover"]["credit"] == money.STORY.minor
    assert rows["2241.escrow"]["name"] == "订单托管款"


def test_a_merchant_reads_the_account_of_what_is_payable(application: Exchange, as_: As) -> None:
    till.settled(application, as_)
    door = "/api/ledger/accounts/2202.merchant?owner=org_developer"

    own = as_("per_developer_editor").get(door)

    assert own.status_code == 200, own.json
    assert own.json["balance"] == {"minor": 6_208_001, "currency": "CNY"}
    (movement,) = own.json["items"]
    assert (movement["side"], movement["event"]) == ("credit", "line.settled")
    assert movement["against"]["code"] == "2241.accepted"
    assert as_("per_buyer_editor").get(door).status_code == 404
    assert as_("per_exchange_auditor").get("/api/ledger/accounts/none").status_code == 404


def test_an_orders_money_is_explained_hop_by_hop(application: Exchange, as_: As) -> None:
    till.settled(application, as_)

    told = as_("per_exchange_auditor").get("/api/ledger/orders/ord_1").json

    shared = {item["code"]: item["amount"]["minor"] for item in told["shared"]}
    assert (told["paid_in"]["minor"], told["difference"]["minor"]) == (money.STORY.minor, 0)
    assert (told["in_escrow"]["minor"], told["waiting"]["minor"]) == (0, 0)
    assert shared["2241.fiscal"] == 3_724_800
    assert [hop["event"] for hop in told["hops"][:3]] == [
        "bank.matched", "line.accepted", "line.accepted",
    ]  # fmt: skip
    assert told["hops"][0]["debit"]["name"] == "待核销来款"


def test_the_bank_and_the_books_say_the_same(application: Exchange, as_: As) -> None:
    till.settled(application, as_)

    told = as_("per_exchange_auditor").get(f"/api/ledger/bank/{money.CUSTODY}").json

    assert told["closing"] == told["booked"] == {"minor": money.STORY.minor, "currency": "CNY"}
    assert (told["unexplained"]["minor"], told["difference"]["minor"]) == (0, 0)


@pytest.mark.parametrize("door", ["trial-balance", "orders/ord_1", f"bank/{money.CUSTODY}"])
def test_the_books_are_for_who_oversees(as_: As, door: str) -> None:
    assert as_("per_developer_editor").get(f"/api/ledger/{door}").status_code == 403
    assert as_("per_exchange_admin").get(f"/api/ledger/{door}").status_code == 403
