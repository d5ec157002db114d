"""An agent sells for its principal, over HTTP: mandate, listing, order, settlement, revocation."""

from datetime import timedelta
from typing import Any

import pytest

from app import demonstration, worker
from app.unit import Exchange
from marketplace import orders, progress
from settlement import batches, fsck, ledger
from settlement.ledger import AccountRef
from tests.conftest import As, work_of
from tests.journeys.speaking import ok, post
from tests.marketplace import make

Client = Any
NOW = make.AFTER_PUBLICITY


@pytest.fixture
def order_id(application: Exchange) -> str:
    """Have an order placed."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOW)
        made = make.placed(session).id
        session.commit()
    return made


def _mandate(as_: As, *powers: str) -> str:
    principal, signer = as_("per_developer_editor"), as_("per_developer_signer")
    made = post(
        principal, "/mandates", 201, agent_id="org_other", industries=["M"],
        powers=powers or ["collect", "contract", "list"], commission_bp=1_000,
        valid_from=NOW.date().isoformat(),
        valid_to=(NOW.date() + timedelta(days=90)).isoformat(),
    )  # fmt: skip
    where = f"/mandates/{made['id']}"
    post(signer, f"{where}/sign-first")
    signed = post(as_("per_other_editor"), f"{where}/sign-second")
    assert (signed["state"], signed["is_whole"]) == ("signed", True)
    return where


def _settle(application: Exchange, order_id: str) -> None:
    """Have it paid, delivered, accepted, and settled."""
    with application.house.engines.writing() as session:
        order = orders.find(session, order_id)
        progress.mark_paid(work_of(session, "system", at=NOW), make.fund(session, order))
        make.deliver(session, order)
        make.take(session, order, "accept", "per_buyer_editor")
        session.commit()
    worker.drain(application.house)
    with application.house.engines.writing() as session:
        due = NOW + timedelta(days=60)
        batch = batches.compute(work_of(session, "per_exchange_settler", at=due))
        session.flush()
        batches.take(work_of(session, "per_exchange_checker", at=due), batch.id, "confirm")
        session.commit()


def test_an_agent_sells_and_is_paid_at_settlement(
    application: Exchange, as_: As, order_id: str
) -> None:
    agent, buyer = as_("per_other_editor"), as_("per_buyer_signer")
    where = _mandate(as_)
    told: dict[str, Any] = {"life": "order", "subject_id": order_id}
    odd = agent.post(f"/api{where}/acts", json={**told, "step": "confirm", "answers": {"x": 1}},
                     headers={"Idempotency-Key": "k"})  # fmt: skip
    post(agent, f"{where}/acts", **told, step="confirm", answers={"special_terms": "无"})
    post(buyer, f"/orders/{order_id}/sign")
    post(agent, f"{where}/acts", **told, step="sign")
    revoked = post(as_("per_developer_editor"), f"{where}/revoke", reason="改为自营")

    _settle(application, order_id)

    assert odd.status_code == 422
    assert revoked["state"] == "revoked"
    assert revoked["orders"] == [{"order_id": order_id, "commission_bp": 1_000, "collects": True}]
    with application.house.engines.reading() as session:
        earned = ledger.balance(session, AccountRef("2202.broker", "org_other")).minor
        kept = ledger.balance(session, AccountRef("2202.merchant", "org_developer")).minor
        assert earned * 9 == kept > 0
        assert fsck.check(session) == ()


def test_a_price_is_proposed_and_taken_back_once_by_who_proposed_it(
    application: Exchange, as_: As
) -> None:
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOW)
        product_id = make.listed(session).id
        session.commit()
    agent, principal = as_("per_other_editor"), as_("per_developer_editor")
    where = f"{_mandate(as_, 'price')}/products/{product_id}/price"
    plan = {"kind": "one_off", "price": {"minor": 1_200_000, "currency": "CNY"}}

    def back(client: Client, key: str, **said: str) -> Any:
        return client.post(f"/api{where}/withdraw", json={"reason": "填错了", **said},
                           headers={"Idempotency-Key": key})  # fmt: skip

    early = back(agent, "p0")
    proposed = post(agent, where, 201, price_plan=plan)
    strange, theirs = back(as_("per_buyer_editor"), "p1"), back(principal, "p2")
    keyless = agent.post(f"/api{where}/withdraw", json={"reason": "x"})
    empty = back(agent, "p3", reason="")
    taken, same, reused = back(agent, "p4"), back(agent, "p4"), back(agent, "p4", reason="y")
    twice = back(agent, "p5")

    assert [early.status_code, strange.status_code, theirs.status_code] == [409, 404, 403]
    assert [keyless.status_code, empty.status_code, reused.status_code] == [400, 422, 422]
    assert (taken.json["id"], taken.json["state"]) == (proposed["id"], "withdrawn")
    assert (same.status_code, same.json) == (200, taken.json)
    assert early.json["refusals"][0]["code"] == twice.json["refusals"][0]["code"] == "NOT_PROPOSED"
    post(agent, where, 201, price_plan=plan)


def test_what_is_revoked_bites_at_the_next_act(as_: As, order_id: str) -> None:
    agent, principal = as_("per_other_editor"), as_("per_developer_editor")
    where = _mandate(as_)
    said: dict[str, Any] = {
        **make.content(),
        "temporal_from": "2013-03-01",
        "temporal_to": "2017-02-28",
    }
    listed = post(agent, f"{where}/products", 201, **said)
    post(agent, f"{where}/products/{listed['id']}/revise", intro=said["intro"] + "（修订）")
    post(principal, f"{where}/revoke", reason="改为自营")

    refused = agent.post(f"/api{where}/acts", headers={"Idempotency-Key": "k2"}, json={
        "life": "product", "subject_id": listed["id"], "step": "submit"})  # fmt: skip

    assert listed["owner_id"] == "org_developer"
    assert refused.json["refusals"][0]["code"] == "MANDATE_NOT_LIVE"
    assert as_("per_buyer_editor").get(f"/api{where}").status_code == 404
    assert len(ok(agent.get("/api/mandates"))["items"]) == 1
