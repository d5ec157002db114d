"""A complaint, over HTTP: made with a file, passed on, answered, told, rated, counted."""

import base64
from typing import Any

import pytest

from app import demonstration
from app.unit import Exchange
from tests.conftest import As, work_of
from tests.journeys.speaking import ok, post
from tests.marketplace import make
from tests.settlement import money

Client = Any
NOW = make.AFTER_PUBLICITY


@pytest.fixture
def order_id(application: Exchange) -> str:
    """Have an order delivered."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOW)
        money.verified(lambda person, at=NOW: work_of(session, person, at=at), "org_buyer",
                       money.BUYER_NAME)  # fmt: skip
        made = make.delivered(session).id
        session.commit()
    return made


def test_a_complaint_is_told_from_its_filing_to_its_figures(as_: As, order_id: str) -> None:
    buyer, seller = as_("per_buyer_editor"), as_("per_developer_editor")
    officer, supervisor = as_("per_exchange_compliance"), as_("per_hub_supervisor")
    proof = base64.b64encode(b"%PDF-1.7 proof").decode()
    made = post(buyer, "/complaints", 201, about="merchant", subject_id="org_developer",
                category="unfair_practice", said="要求独家", hidden=True)  # fmt: skip
    where = f"/complaints/{made['id']}"
    shown = post(buyer, f"{where}/evidence", 201, said="邮件", name="a.pdf", content_base64=proof)
    assert seller.get(f"/api{where}").status_code == 404
    post(officer, f"{where}/pass-on", reason="有关联")
    post(supervisor, f"{where}/accept")
    theirs = ok(seller.get(f"/api{where}"))
    assert (theirs["complainant_id"], theirs["evidence"]) == (None, [])
    assert seller.post(f"/api{where}/evidence/{shown['id']}/open", json={}).status_code == 404
    post(seller, f"{where}/answer", answer="并无此要求")
    file = post(supervisor, f"{where}/evidence/{shown['id']}/open")
    taken = post(supervisor, f"{where}/take-over")
    told = post(supervisor, f"{where}/resolve", finding="upheld", outcome="责令停止")

    closed = post(buyer, f"{where}/rate", level="5")

    assert file["content_base64"] == proof
    assert (taken["state"], told["state"], closed["state"]) == ("handling", "resolved", "closed")
    assert closed["complainant_id"] == "org_buyer"
    figures = ok(supervisor.get("/api/complaints/figures"))
    assert figures["total"]["satisfied_bp"] == 10_000
    assert [each["code"] for each in figures["respondents"]] == ["org_developer"]
    assert len(ok(buyer.get("/api/complaints?category=unfair_practice"))["items"]) == 1


def test_a_complaint_about_an_order_becomes_a_dispute(as_: As, order_id: str) -> None:
    buyer, stranger = as_("per_buyer_editor"), as_("per_other_editor")
    about = {"about": "order", "subject_id": order_id, "category": "other", "said": "缺三个站点"}
    foreign = stranger.post("/api/complaints", json=about)
    made = post(buyer, "/complaints", 201, **about)
    again = buyer.post("/api/complaints", json=about)
    figures = buyer.get("/api/complaints/figures")
    claim = {"ground": "quality", "claim": "缺三个站点", "wanted": "price_reduction",
             "amount": {"minor": 5, "currency": "CNY"}}  # fmt: skip

    dispute = post(buyer, f"/complaints/{made['id']}/dispute", 201, **claim)

    assert (foreign.status_code, figures.status_code) == (404, 403)
    assert again.json["refusals"][0]["code"] == "COMPLAINED_ALREADY"
    assert (dispute["order_id"], dispute["state"]) == (order_id, "filed")
    closed = ok(buyer.get(f"/api/complaints/{made['id']}"))
    assert (closed["state"], closed["dispute_id"]) == ("closed", dispute["id"])
