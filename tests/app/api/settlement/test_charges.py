"""The doors of bills, wallets, quotations and lots that no journey walks through."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.unit import Exchange
from kernel import ids
from settlement.metering.tariffs import Shape, Tariff
from tests.conftest import NOON, As
from tests.marketplace import make
from tests.marketplace.auctions import hammer
from tests.settlement.metering import gauges

Client = Any
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


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"/api{path}", json=body, headers={"Idempotency-Key": ids.secret(12)})


YUAN = {"minor": 100_000, "currency": "CNY"}


@ON_SQLITE
def test_a_milestone_is_billed_by_its_seller(write: Write, as_: As) -> None:
    parts = [{"share_bp": 10_000, "criterion": "验收", "fen": 500}]
    it = write(
        lambda session: gauges.meter(session, basis="milestones", unit="fen", milestones=parts).id
    )

    made = post(
        as_("per_developer_editor"), "/bills/milestones", meter_id=it, number=1, evidence="报告"
    )

    assert (made.status_code, made.json["kind"], made.json["state"]) == (
        201,
        "final",
        "buyer_confirm",
    )
    assert made.json["lines"][0]["note"] == "验收 — 报告"


@ON_SQLITE
def test_a_report_is_billed_audited_and_adjusted(write: Write, as_: As) -> None:
    share = Tariff(shape=Shape.SHARE, share_bp=1_000)

    def opened(session: Session) -> str:
        it = gauges.meter(session, share, basis="report", unit="fen")
        it.began_on -= timedelta(days=40)
        return it.id

    it = write(opened)
    said = {"meter_id": it, "period": "2026-06"}

    billed = post(as_("per_buyer_signer"), "/bills/reports", base=YUAN, note="六月", **said)
    audited = post(
        as_("per_exchange_auditor"),
        "/bills/audits",
        base={"minor": 150_000, "currency": "CNY"},
        reason="审计",
        **said,
    )
    less = post(
        as_("per_developer_editor"), "/bills/adjustments", amount_fen=-5, reason="让利", **said
    )

    assert (billed.status_code, billed.json["amount"]["minor"]) == (201, 10_000)
    assert (audited.status_code, audited.json["amount_fen"]) == (201, 5_000)
    assert (less.status_code, less.json["amount_fen"]) == (201, -5)


@ON_SQLITE
def test_a_credit_is_set_and_seen(as_: As) -> None:
    officer = as_("per_exchange_settler")

    answer = post(officer, "/wallets/org_buyer/credit", limit=YUAN, reason="核定")

    assert answer.status_code == 200
    assert answer.json["credit_limit"]["minor"] == 100_000
    assert as_("per_developer_editor").get("/api/wallets/org_buyer").status_code == 404


@ON_SQLITE
def test_uses_are_listed_by_what_was_asked(write: Write, as_: As) -> None:
    def used(session: Session) -> None:
        gauges.meter(session)
        at = NOON + timedelta(seconds=1)
        gauges.told(session, ("e1", 2), at=at)
        gauges.told(session, ("e2", 2), at=at, failure="503")

    write(used)

    found = as_("per_buyer_editor").get("/api/usage?failed=true").json["items"]

    assert [(each["event_id"], each["failure"]) for each in found] == [("e2", "503")]


@ON_SQLITE
def test_a_price_is_asked_offered_and_agreed(write: Write, as_: As) -> None:
    product = write(lambda session: make.listed(session, price_plan={"kind": "negotiated"}).id)
    buyer, seller = as_("per_buyer_editor"), as_("per_developer_editor")

    asked = post(buyer, "/quotations", product_id=product, quantity=1, amount=YUAN)
    path = f"/quotations/{asked.json['id']}"
    offered = post(seller, f"{path}/offer", amount=YUAN, note="定价")
    agreed = post(buyer, f"{path}/accept")

    assert (asked.status_code, offered.json["state"]) == (201, "offered")
    assert len(offered.json["offers"]) == 2
    assert agreed.json["agreed_price_id"].startswith("agp_")
    assert as_("per_other_editor").get(f"/api{path}").status_code == 404
    assert len(buyer.get("/api/quotations").json["items"]) == 1


@ON_SQLITE
def test_lots_are_open_to_all_and_cancelled_by_their_seller(write: Write, as_: As) -> None:
    lot = write(lambda session: hammer.lot(session, opened=False).id)

    shown = as_("per_other_editor").get(f"/api/lots/{lot}")
    listed = as_("per_other_editor").get("/api/lots?state=scheduled")
    cancelled = post(as_("per_developer_editor"), f"/lots/{lot}/cancel", reason="调整")

    assert (shown.json["bids"], shown.json["entered"]) == ([], False)
    assert [each["id"] for each in listed.json["items"]] == [lot]
    assert cancelled.json["state"] == "cancelled"
