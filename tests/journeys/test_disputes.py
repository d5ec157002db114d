"""A dispute, over HTTP, from its filing to its ruling and the money back: hold, refund, books."""

import base64
from typing import Any

import pytest

from app.unit import Exchange
from kernel.money import Money
from settlement import escrow, fsck, ledger
from settlement.dividing import frozen
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import As
from tests.journeys import disputing
from tests.journeys.paying import pay_back
from tests.journeys.speaking import ok, post
from tests.marketplace import make

Client = Any
PRICE = 1_000_000
NOW = make.AFTER_PUBLICITY


def held(application: Exchange, hold_id: str) -> int:
    with application.house.engines.reading() as session:
        return ledger.balance(session, AccountRef(frozen.ACCOUNT, hold_id)).minor


@pytest.fixture
def order_id(application: Exchange) -> str:
    """Have an order delivered, before its buyer's acceptance."""
    return disputing.ordered(application, make.delivered)


def test_a_dispute_is_told_from_its_filing_to_the_money_back(
    application: Exchange, as_: As, order_id: str
) -> None:
    buyer = as_("per_buyer_editor")
    claim = {"order_id": order_id, "ground": "quality", "claim": "缺三个站点",
             "wanted": "refund"}  # fmt: skip
    dispute = post(buyer, "/trade-disputes", 201, **claim)
    where, hold = f"/trade-disputes/{dispute['id']}", dispute["hold_id"]
    at_first = held(application, hold)
    proof = base64.b64encode(b"%PDF-1.7 proof").decode()
    shown = post(buyer, f"{where}/evidence", 201, said="样本", name="a.pdf", content_base64=proof)
    file = post(as_("per_exchange_compliance"), f"{where}/evidence/{shown['id']}/open")

    executing = disputing.ruled(as_, where, remedy="refund", fee_refund=True)
    pay_back(application, as_, executing["refund_id"])

    closed, order = ok(buyer.get(f"/api{where}")), ok(buyer.get(f"/api/orders/{order_id}"))
    assert (at_first, held(application, hold)) == (PRICE, 0)
    assert (file["content_base64"], file["name"]) == (proof, "a.pdf")
    assert executing["state"] == "executing"
    assert (closed["state"], order["state"]) == ("closed", "refunded")
    assert closed["awarded"] == {"minor": PRICE, "currency": "CNY"}
    with application.house.engines.reading() as session:
        assert refunds.standing(session, order_id).refunded == Money(PRICE)
        assert escrow.left(session, order_id) == Money(0)
        assert fsck.check(session) == ()


def test_what_is_disputed_is_neither_accepted_nor_anybody_elses(as_: As, order_id: str) -> None:
    buyer, stranger = as_("per_buyer_editor"), as_("per_other_editor")
    claim = {"order_id": order_id, "ground": "quality", "claim": "缺三个站点",
             "wanted": "price_reduction", "amount": {"minor": 5, "currency": "CNY"}}  # fmt: skip
    key = {"Idempotency-Key": "k1"}
    foreign = stranger.post("/api/trade-disputes", json=claim, headers=key)
    dispute = post(buyer, "/trade-disputes", 201, **claim)
    where = f"/api/trade-disputes/{dispute['id']}"

    accepted = buyer.post(f"/api/orders/{order_id}/accept", json={})
    bad = buyer.post(f"{where}/evidence", json={"said": "x", "content_base64": "%%"})

    assert foreign.status_code == 404
    assert accepted.json["refusals"][0]["code"] == "ILLEGAL_TRANSITION"
    assert bad.status_code == 422
    assert stranger.get(where).status_code == 404
    assert ok(stranger.get("/api/trade-disputes"))["items"] == []
    assert len(ok(buyer.get("/api/trade-disputes?open_only=true"))["items"]) == 1
