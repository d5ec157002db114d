"""Deals that last, over HTTP: orders under one framework, and a price that is paid in parts."""

from datetime import timedelta
from typing import Any

import pytest

from app import demonstration, worker
from app.unit import Exchange
from kernel.money import Money
from settlement import escrow, fsck
from tests.app.api.marketplace.test_orders import USE
from tests.conftest import As
from tests.journeys.paying import settled
from tests.journeys.speaking import ok, post
from tests.marketplace import make
from tests.settlement import money

BUYER_USCC = "9144030071526726XG"
TODAY = make.AFTER_PUBLICITY


def fen(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY"}


@pytest.fixture
def product_id(application: Exchange) -> str:
    """Have a product listed, at 10,000 yuan."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, TODAY)
        made = make.listed(session).id
        session.commit()
    return made


class Bank:
    """The exchange's bank: one statement for each transfer, each going on where the last ended."""

    def __init__(self, application: Exchange, as_: As) -> None:
        self.application, self.teller = application, as_("per_exchange_settler")
        self.statements = self.balance = 0

    def pays(self, payment: Any) -> None:
        """Let the buyer's bank pay what is asked, and the statement be imported."""
        self.statements += 1
        due = payment["due"]["minor"]
        movement = (f"T{self.statements}", due, money.BUYER_NAME, payment["reference"])
        text = money.csv_of(
            [movement], number=f"2026-{self.statements:03}", opening=self.balance, on="2026-07-13"
        )
        self.balance += due
        post(self.teller, "/bank-statements", 201, account=payment["account"], text=text)
        worker.drain(self.application.house)


def to_pay(as_: As, order_id: str) -> list[Any]:
    """Return what is asked of the buyer for an order and not paid."""
    found = ok(as_("per_buyer_editor").get(f"/api/payments?order_id={order_id}"))["items"]
    return [one for one in found if one["due"]["minor"]]


def part_to_pay(as_: As, order_id: str, number: int) -> Any:
    """Return what is asked for one part of an order's price."""
    buyer = as_("per_buyer_editor")
    part = ok(buyer.get(f"/api/orders/{order_id}"))["instalments"][number - 1]
    return ok(buyer.get(f"/api/payments/{part['payment_id']}"))


def agreed(as_: As, order_id: str) -> None:
    """Have an order confirmed by its seller and signed by both."""
    post(as_("per_developer_editor"), f"/orders/{order_id}/confirm")
    for person in ("per_buyer_signer", "per_developer_signer"):
        post(as_(person), f"/orders/{order_id}/sign")


def delivered(as_: As, application: Exchange, order_id: str) -> None:
    """Have an order delivered and accepted."""
    seller, buyer = as_("per_developer_editor"), as_("per_buyer_editor")
    (task,) = ok(buyer.get(f"/api/deliveries?order_id={order_id}"))["items"]
    post(seller, f"/deliveries/{task['id']}/provision")
    post(seller, f"/deliveries/{task['id']}/complete")
    worker.drain(application.house)
    post(buyer, f"/orders/{order_id}/accept")
    worker.drain(application.house)


def state_of(as_: As, order_id: str) -> str:
    return str(ok(as_("per_buyer_editor").get(f"/api/orders/{order_id}"))["state"])


def test_orders_are_called_off_under_one_contract_until_its_ceiling(
    application: Exchange, as_: As, product_id: str
) -> None:
    seller, buyer = as_("per_developer_editor"), as_("per_buyer_editor")
    made = post(
        seller, "/frameworks", 201, title="全年供应", buyer_uscc=BUYER_USCC,
        period_from="2026-07-01", period_to="2027-06-30", ceiling=fen(2_000_000),
        items=[{"product_id": product_id, "price": fen(800_000)}],
    )  # fmt: skip
    here = f"/frameworks/{made['id']}"
    for person in ("per_developer_signer", "per_buyer_signer"):
        post(as_(person), f"{here}/sign")
    wanted = {"lines": [{"product_id": product_id, "quantity": 1}], "use_scenario": USE}

    called = [post(buyer, f"{here}/orders", 201, **wanted)["id"] for _ in range(2)]
    beyond = post(buyer, f"{here}/orders", 409, **wanted)
    bank = Bank(application, as_)
    for order_id in called:
        agreed(as_, order_id)
        (payment,) = to_pay(as_, order_id)
        assert payment["due"] == fen(800_000)
        bank.pays(payment)
        delivered(as_, application, order_id)
    settled(application, as_, TODAY + timedelta(days=60))

    shown = ok(buyer.get(f"/api{here}"))
    contract = ok(buyer.get(f"/api/orders/{called[0]}/contract"))
    assert [one["code"] for one in beyond["refusals"]] == ["BEYOND_FRAMEWORK_CEILING"]
    assert (shown["used"], shown["left"]) == (fen(1_600_000), fen(400_000))
    assert shown["code"] in contract["text"]
    with application.house.engines.reading() as session:
        amounts = [each.amount for one in called for each in escrow.of_order(session, one)]
        assert amounts == [Money(800_000)] * 2
        assert fsck.check(session) == ()


def test_a_price_is_paid_in_three_parts_and_all_of_it_is_settled(
    application: Exchange, as_: As, product_id: str
) -> None:
    buyer = as_("per_buyer_editor")
    parts = [
        {"due": "signature", "amount": fen(300_000)},
        {"due": "date", "due_on": "2026-09-01", "amount": fen(333_333)},
        {"due": "acceptance", "amount": fen(366_667)},
    ]
    wanted = {"lines": [{"product_id": product_id, "quantity": 1}], "use_scenario": USE}

    short = post(buyer, "/orders", 422, **wanted, instalments=parts[:2])
    order_id = post(buyer, "/orders", 201, **wanted, instalments=parts)["id"]
    agreed(as_, order_id)
    first, second = (part_to_pay(as_, order_id, number) for number in (1, 2))
    (bank := Bank(application, as_)).pays(first)
    paid_first = state_of(as_, order_id)
    delivered(as_, application, order_id)
    third = part_to_pay(as_, order_id, 3)
    for later in (second, third):
        bank.pays(later)
    settled(application, as_, TODAY + timedelta(days=60))

    shown = ok(buyer.get(f"/api/orders/{order_id}"))
    assert short["status"] == 422
    assert [one["due"]["minor"] for one in (first, second, third)] == [300_000, 333_333, 366_667]
    assert paid_first == "in_delivery"
    assert {part["state"] for part in shown["instalments"]} == {"paid"}
    assert to_pay(as_, order_id) == []
    with application.house.engines.reading() as session:
        slices = escrow.of_order(session, order_id)
        assert sum((each.amount for each in slices), Money(0)) == Money(1_000_000)
        assert {each.state for each in slices} == {"settled"}
        assert fsck.check(session) == ()
