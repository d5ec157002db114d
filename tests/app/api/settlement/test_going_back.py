"""The doors of what goes back: the wallet's money, a subscription's days, a bill's credit."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.unit import Exchange
from settlement.metering import subscriptions
from settlement.metering.subscriptions import Price
from tests.app.api import till
from tests.conftest import NOON, As, work_of
from tests.settlement import money
from tests.settlement.metering import gauges
from tests.settlement.refunding import test_bill_credits, test_terms

CNY = {"currency": "CNY"}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Write = Callable[[Callable[[Session], Any]], Any]


@pytest.fixture
def write(application: Exchange) -> Write:
    def happened(act: Callable[[Session], Any]) -> Any:
        with application.house.engines.writing() as session:
            found = act(session)
            session.commit()
            return found

    return happened


def people(session: Session) -> Any:
    """Return the cast at work in the served database, the buyer's account verified."""

    def work_as(person: str, at: Any = NOON) -> Any:
        return work_of(session, person, at=at)

    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    return work_as


def post(client: Any, path: str, **body: Any) -> Any:
    return client.post(f"/api{path}", json=body, headers=till.keyed())


@ON_SQLITE
def test_a_buyer_asks_for_what_is_in_its_wallet_and_an_officer_approves(
    write: Write, as_: As
) -> None:
    def filled(session: Session) -> None:
        people(session)
        gauges.filled(session, 50_000)

    write(filled)
    said = {"amount": {"minor": 20_000, **CNY}, "reason": "不再使用"}

    made = post(as_("per_buyer_signer"), "/wallets/returns", **said)
    wallet = as_("per_buyer_signer").get("/api/wallets/org_buyer").json
    approved = post(as_("per_exchange_settler"), f"/refunds/{made.json['id']}/approve")

    assert (made.status_code, made.json["kind"], made.json["state"]) == (
        201,
        "wallet",
        "requested",
    )
    assert (wallet["balance"]["minor"], wallet["free"]["minor"]) == (30_000, 30_000)
    assert approved.json["state"] == "approved", approved.json
    assert post(as_("per_developer_editor"), "/wallets/returns", **said).status_code == 403
    too_much = {**said, "amount": {"minor": 30_001, **CNY}}
    refused = post(as_("per_buyer_signer"), "/wallets/returns", **too_much)
    assert (refused.status_code, refused.json["refusals"][0]["code"]) == (409, "MORE_THAN_IS_FREE")


@ON_SQLITE
def test_a_subscription_is_ended_by_an_officer(write: Write, as_: As) -> None:
    def begun(session: Session) -> None:
        work_as = people(session)
        money.paid(work_as, amount=test_terms.YEAR)
        subscriptions.begin(
            work_as("system"), "ord_1", test_terms.SALE, price=Price(test_terms.YEAR),
            period="month", count=12,
        )  # fmt: skip

    write(begun)
    said = {"order_id": "ord_1", "on": "2026-06-30", "reason": "停服"}

    refused = post(as_("per_buyer_signer"), "/refunds/terms", **said)
    made = post(as_("per_exchange_settler"), "/refunds/terms", **said)

    assert refused.status_code == 403
    assert (made.status_code, made.json["order_id"]) == (201, "ord_1")
    assert made.json["amount"]["minor"] == test_terms.YEAR.minor


@ON_SQLITE
def test_a_bill_tells_what_was_refunded_of_it(write: Write, as_: As) -> None:
    def refunded(session: Session) -> str:
        people(session)
        bill = test_bill_credits.settled(session)
        test_bill_credits.refunded(session, 30)
        return bill.id

    bill_id = write(refunded)
    buyer = as_("per_buyer_signer")

    whole = buyer.get(f"/api/bills/{bill_id}").json
    (listed,) = buyer.get("/api/bills").json["items"]

    for told in (whole, listed):
        figures = [told[name]["minor"] for name in ("amount", "refunded", "net")]
        assert figures == [500_030, 30, 500_000]
    assert [one["amount"]["minor"] for one in whole["credits"]] == [30]
