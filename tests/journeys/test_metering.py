"""What is charged by use, over HTTP: a postpaid month, a wallet that runs dry, a sealed auction."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import demonstration, worker
from app.unit import Exchange
from kernel.money import Money
from settlement import fsck, ledger, payments, turnover
from settlement.ledger import AccountRef, Row
from tests.conftest import As, work_of
from tests.journeys.speaking import ok, post
from tests.marketplace import make
from tests.marketplace.auctions import hammer

Client = Any
ORDER_DAY = "2026-07-14T02:00:00+00:00"
USED = "2026-07-14T02:30:00+00:00"
PER_CALL: Any = {"kind": "per_call", "unit": {"e6": 50_000_000, "currency": "CNY"}}


class Town:
    """The served exchange, its people, and its clock."""

    def __init__(self, application: Exchange, as_: As) -> None:
        self.house, self._as = application.house, as_
        self._clients: dict[str, Client] = {}

    def at(self, moment: str) -> None:
        with self.house.engines.writing() as session:
            demonstration.begin_at(session, datetime.fromisoformat(moment))
            session.commit()
        self.works()

    def works(self) -> None:
        worker.run_jobs(self.house)
        worker.drain(self.house)

    def __getitem__(self, person: str) -> Client:
        if person not in self._clients:
            self._clients[person] = self._as(person)
        return self._clients[person]

    def write(self, act: Callable[[Session], Any]) -> Any:
        with self.house.engines.writing() as session:
            found = act(session)
            session.commit()
        self.works()
        return found

    def now(self, session: Session) -> Any:
        return self.house.now(session)

    def pays(self, purpose: str, target: str) -> None:
        """Let the bank transfer arrive, for a bill or a wallet."""

        def arrive(session: Session) -> None:
            asked = payments.live_for(session, purpose, target)
            assert asked is not None
            line = f"bsl_{asked.id}"
            house = self.house.work(session, work_of(session, "system").actor)
            suspense = AccountRef("2241.suspense", line)
            row = Row(AccountRef("1012.custody", "acc_1"), suspense, asked.amount)
            on = house.now.date()
            ledger.post(house, "bank.received", line, [row], effective_on=on)
            rows = payments.rows(asked, suspense, asked.amount)
            ledger.post(
                house, "bank.matched", asked.id, rows, effective_on=on, order_id=asked.order_id
            )
            payments.receive(house, asked, asked.amount)

        self.write(arrive)

    def orders(self, plan: Any, pay_mode: str) -> tuple[str, str]:
        """Order a product by use, sign, and open its delivery; return order and line."""
        product = self.write(lambda session: make.listed(session, price_plan=plan).id)
        self.at(ORDER_DAY)
        use = {**make.use(), "period_from": "2026-07-20", "period_to": "2026-12-31"}
        wanted = [{"product_id": product, "quantity": 1}]
        buyer = self["per_buyer_editor"]
        placed = post(buyer, "/orders", 201, lines=wanted, use_scenario=use, pay_mode=pay_mode)
        path = f"/orders/{placed['id']}"
        post(self["per_developer_editor"], f"{path}/confirm")
        post(self["per_buyer_signer"], f"{path}/sign")
        signed = post(self["per_developer_signer"], f"{path}/sign")
        assert signed["state"] == "in_delivery"
        self.at("2026-07-14T02:40:00+00:00")
        return placed["id"], placed["lines"][0]["id"]

    def tells(self, line: str, *events: tuple[str, int], at: str) -> list[str]:
        told = [
            {"event_id": name, "order_line_id": line, "occurred_at": at, "units": units}
            for name, units in events
        ]
        answers = post(self["per_developer_editor"], "/usage", source="gw", events=told)["answers"]
        return [
            answer["reason"]["code"] if answer["reason"] else answer["outcome"]
            for answer in answers
        ]


@pytest.fixture
def town(application: Exchange, as_: As) -> Town:
    return Town(application, as_)


def settle_bill(town: Town, bill_id: str) -> None:
    """Let both confirm a bill, and let its money arrive."""
    post(town["per_developer_editor"], f"/bills/{bill_id}/vouch")
    post(town["per_buyer_signer"], f"/bills/{bill_id}/confirm")
    town.pays("bill", bill_id)
    assert ok(town["per_buyer_editor"].get(f"/api/bills/{bill_id}"))["state"] == "settled"


def test_a_postpaid_month_with_late_events_is_billed_paid_and_settled(town: Town) -> None:
    order, line = town.orders(PER_CALL, "postpaid")
    first, again = ("e1", 1_000), ("e2", 500)
    assert town.tells(line, first, again, first, at=USED) == [
        "counted",
        "counted",
        "seen_before",
    ]
    town.at("2026-08-01T04:00:00+00:00")
    (bill,) = ok(town["per_buyer_editor"].get("/api/bills"))["items"]
    assert (bill["period"], bill["amount"]["minor"]) == ("2026-07", 75_000)
    assert town.tells(line, ("late", 7), again, at=USED) == ["counted", "seen_before"]
    settle_bill(town, bill["id"])
    town.write(lambda session: make.deliver_now(session, order, town.now(session)))
    post(town["per_buyer_editor"], f"/orders/{order}/accept")
    town.at("2026-09-01T04:00:00+00:00")
    last = ok(town["per_buyer_editor"].get("/api/bills"))["items"][0]
    assert (last["kind"], last["amount"]["minor"]) == ("final", 350)
    settle_bill(town, last["id"])
    town.at("2026-10-20T04:00:00+00:00")
    batch = post(town["per_exchange_settler"], "/settlements", 201)
    post(town["per_exchange_checker"], f"/settlements/{batch['id']}/confirm")
    town.works()

    assert ok(town["per_buyer_editor"].get(f"/api/orders/{order}"))["state"] == "completed"
    with town.house.engines.reading() as session:
        assert turnover.sides(session).counted == Money(75_350)
        assert fsck.check(session) == ()


def test_a_wallet_that_runs_dry_refuses_use_until_it_is_filled(town: Town) -> None:
    _, line = town.orders(PER_CALL, "wallet")
    post(
        town["per_buyer_signer"],
        "/wallets/top-ups",
        201,
        amount={"minor": 1_000, "currency": "CNY"},
    )
    town.pays("wallet", "org_buyer")
    assert town.tells(line, ("e1", 15), at=USED) == ["counted"]
    town.at("2026-07-14T04:00:00+00:00")
    assert ok(town["per_buyer_editor"].get("/api/wallets/org_buyer"))["balance"]["minor"] == 250
    assert town.tells(line, ("e2", 6), at="2026-07-14T03:59:00+00:00") == ["counted"]
    town.at("2026-07-14T06:00:00+00:00")
    (meter,) = ok(town["per_buyer_editor"].get("/api/usage/meters"))["items"]

    assert (meter["state"], meter["stopped_for"]) == ("stopped", "WALLET_EMPTY")
    town.at("2026-07-14T06:10:00+00:00")
    assert town.tells(line, ("e3", 1), at="2026-07-14T06:05:00+00:00") == ["WALLET_EMPTY"]
    shown = ok(town["per_developer_editor"].get(f"/api/usage/meters/{meter['id']}"))
    assert shown["refused"][0]["code"] == "WALLET_EMPTY"
    post(
        town["per_buyer_signer"],
        "/wallets/top-ups",
        201,
        amount={"minor": 5_000, "currency": "CNY"},
    )
    town.pays("wallet", "org_buyer")
    assert town.tells(line, ("e3", 1), at="2026-07-14T06:05:00+00:00") == ["counted"]
    assert ok(town["per_buyer_editor"].get("/api/wallets/org_buyer"))["balance"]["minor"] == 4_950


def test_a_sealed_auction_is_blind_until_its_opening_and_becomes_an_order(town: Town) -> None:
    money = {"currency": "CNY"}
    product = town.write(lambda session: hammer.product(session).id)
    town.at(ORDER_DAY)
    times = {"opens_at": "2026-07-14T03:00:00+00:00", "closes_at": "2026-07-14T09:00:00+00:00"}
    lot = post(town["per_developer_editor"], "/lots", 201, product_id=product, **times)
    path = f"/lots/{lot['id']}"
    bidders = {"per_buyer_signer": 137_913, "per_other_editor": 120_000}
    use = {**make.use(), "period_from": "2026-07-20", "period_to": "2026-12-31"}
    for person in bidders:
        post(town[person], "/wallets/top-ups", 201, amount={"minor": 20_000, **money})
        town.pays("wallet", lot_owner(person))
        post(town[person], f"{path}/entries", 201, use_scenario=use)
    town.at("2026-07-14T04:00:00+00:00")
    for person, fen in bidders.items():
        answer = post(town[person], f"{path}/bids", 201, amount={"minor": fen, **money})
        assert str(fen) not in str(answer)
    for person in (*bidders, "per_developer_editor", "per_exchange_auditor"):
        assert "137913" not in str(ok(town[person].get(f"/api{path}")))
    town.at("2026-07-14T10:00:00+00:00")

    opened = ok(town["per_other_editor"].get(f"/api{path}"))
    loser = ok(town["per_other_editor"].get("/api/wallets/org_other"))
    assert (opened["state"], opened["winner_id"]) == ("awarded", "org_buyer")
    assert [bid["holds"] for bid in opened["bids"]] == [True, True]
    assert loser["balance"]["minor"] == 20_000
    placed = post(town["per_buyer_signer"], f"{path}/order", 201)
    assert placed["total"]["minor"] == 137_913
    with town.house.engines.reading() as session:
        assert fsck.check(session) == ()


def lot_owner(person: str) -> str:
    return {"per_buyer_signer": "org_buyer"}.get(person, "org_other")
