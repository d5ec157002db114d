"""A dispute, over HTTP, from its filing to its ruling and the money back: hold, refund, books."""

import base64
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import demonstration, worker
from app.unit import Exchange
from kernel.actor import SYSTEM
from kernel.money import Money
from settlement import escrow, fsck, ledger
from settlement.dividing import frozen
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import As, work_of
from tests.journeys.speaking import ok, post
from tests.marketplace import make
from tests.settlement import money

Client = Any
PRICE = 1_000_000
NOW = make.AFTER_PUBLICITY


def held(application: Exchange, hold_id: str) -> int:
    with application.house.engines.reading() as session:
        return ledger.balance(session, AccountRef(frozen.ACCOUNT, hold_id)).minor


@pytest.fixture
def order_id(application: Exchange) -> str:
    """Have an order delivered, before its buyer's acceptance."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOW)
        money.verified(lambda person, at=NOW: work_of(session, person, at=at), "org_buyer",
                       money.BUYER_NAME)  # fmt: skip
        made = make.delivered(session).id
        session.commit()
    return made


def _pay_back(application: Exchange, refund_id: str) -> None:
    """Let the bank carry the refund out, as a file and the next statement tell."""

    def sent(session: Session) -> None:
        house = application.house.work(session, SYSTEM)
        refunds.send(house, refunds.find(session, refund_id), file_id="pof_1")

    def arrived(session: Session) -> None:
        house, cash = application.house.work(session, SYSTEM), AccountRef("1012.custody", "acc_1")
        refunds.succeeded(house, refund_id, source_id=refund_id, cash=cash, on=NOW.date())

    for act in (sent, arrived):
        with application.house.engines.writing() as session:
            act(session)
            session.commit()
        worker.drain(application.house)


def _ruled(as_: As, where: str) -> str:
    """Have it heard and ruled by two, and the ruling accepted; return the refund."""
    buyer, seller = as_("per_buyer_editor"), as_("per_developer_editor")
    officer, approver = as_("per_exchange_compliance"), as_("per_exchange_approver")
    post(officer, f"{where}/accept")
    post(seller, f"{where}/answer", answer="依约交付")
    post(officer, f"{where}/close-evidence")
    post(buyer, f"{where}/fail-mediation")
    post(officer, f"{where}/rule", remedy="refund", reason="数据确有缺漏", fee_refund=True)
    same = officer.post(f"/api{where}/confirm", json={}, headers={"Idempotency-Key": "k"})
    assert same.json["refusals"][0]["code"] == "FOUR_EYES"
    post(approver, f"{where}/confirm")
    post(buyer, f"{where}/accept-ruling")
    executing = post(seller, f"{where}/accept-ruling")
    assert executing["state"] == "executing"
    return str(executing["refund_id"])


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

    refund_id = _ruled(as_, where)
    post(as_("per_exchange_settler"), f"/refunds/{refund_id}/approve")
    _pay_back(application, refund_id)

    closed, order = ok(buyer.get(f"/api{where}")), ok(buyer.get(f"/api/orders/{order_id}"))
    assert (at_first, held(application, hold)) == (PRICE, 0)
    assert (file["content_base64"], file["name"]) == (proof, "a.pdf")
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
