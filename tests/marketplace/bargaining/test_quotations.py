"""Two parties find a price, and one order is placed by it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from marketplace import lines, orders
from marketplace.bargaining import agreed_prices, quotations
from marketplace.bargaining.agreed_prices import Source
from marketplace.bargaining.quotations import Quotation, State
from marketplace.orders import Order
from tests.conftest import work_of
from tests.marketplace import make

BUYER, SELLER = "per_buyer_editor", "per_developer_editor"
AT = make.AFTER_PUBLICITY


def begun(session: Session, fen: int = 800_000) -> Quotation:
    found = make.listed(session, price_plan={"kind": "negotiated"})
    work = work_of(session, BUYER, at=AT)
    made = quotations.begin(work, found.id, quantity=3, amount=Money(fen), note="三年期")
    session.flush()
    return made


def go(session: Session, it: Quotation, person: str, name: str, **data: Any) -> None:
    quotations.take(work_of(session, person, at=AT), it.id, name, **data)
    session.flush()


def order(session: Session, it: Quotation, *, quantity: int = 3, at: Any = AT) -> Order:
    agreed = agreed_prices.of_source(session, Source.QUOTATION, it.id)
    assert agreed is not None
    wanted: Any = {
        "product_id": it.product_id,
        "quantity": quantity,
        "agreed_price_id": agreed.id,
    }
    placed = orders.place(work_of(session, BUYER, at=at), wanted=[wanted], use=make.use())
    session.flush()
    return placed


def test_offers_go_to_and_fro_until_one_is_accepted_and_fixes_the_lines_price(
    session: Session,
) -> None:
    it = begun(session)
    go(session, it, SELLER, "offer", amount=Money(1_200_000), note="含更新")
    go(session, it, BUYER, "counter", amount=Money(1_000_000))
    go(session, it, SELLER, "agree")

    placed = order(session, it)

    (line,) = lines.of(session, placed.id)
    assert it.state == State.AGREED
    assert [offer.amount.minor for offer in quotations.offers(session, it.id)] == [
        800_000,
        1_200_000,
        1_000_000,
    ]
    assert (placed.total, line.amount, line.quantity) == (Money(1_000_000), Money(1_000_000), 3)


def test_an_agreed_price_is_ordered_by_once_in_time_and_for_what_it_was_agreed(
    session: Session,
) -> None:
    it = begun(session)
    go(session, it, SELLER, "offer", amount=Money(900_000))
    go(session, it, BUYER, "accept")

    def refused(**how: Any) -> list[str]:
        with pytest.raises(StepRefused) as caught:
            order(session, it, **how)
        return [refusal.code for refusal in caught.value.refusals]

    assert refused(quantity=2) == ["PRICE_OF_ANOTHER"]
    assert refused(at=AT + timedelta(days=40)) == ["PRICE_EXPIRED"]
    order(session, it)
    assert refused() == ["PRICE_USED"]


def test_a_negotiated_product_is_not_ordered_without_a_price(session: Session) -> None:
    found = make.listed(session, price_plan={"kind": "negotiated"})

    with pytest.raises(StepRefused) as refused:
        make.placed(session, found)

    assert [refusal.code for refusal in refused.value.refusals] == ["PRICE_AGREED_FIRST"]


def test_whoever_is_not_a_party_sees_and_uses_nothing(session: Session) -> None:
    it = begun(session)
    go(session, it, SELLER, "agree")
    agreed = agreed_prices.of_source(session, Source.QUOTATION, it.id)
    assert agreed is not None

    stranger = work_of(session, "per_other_editor")
    with pytest.raises(NotFound):
        quotations.seen(stranger, it.id)
    with pytest.raises(NotFound):
        agreed_prices.of_buyer(stranger, agreed.id)
    with pytest.raises(NotFound):
        quotations.find(session, "quo_none")
    assert quotations.listed(stranger, after=None, limit=9).items == []
    for person in (BUYER, SELLER, "per_exchange_listing"):
        found = quotations.listed(work_of(session, person), after=None, limit=9).items
        assert found == [it]


def test_asking_needs_a_negotiated_product_of_somebody_else_and_a_figure(session: Session) -> None:
    fixed = make.listed(session)
    it = begun(session)

    def ask(person: str, product_id: str, fen: int = 5) -> None:
        work = work_of(session, person, at=AT)
        quotations.begin(work, product_id, quantity=1, amount=Money(fen))

    with pytest.raises(StepNotAllowed):
        ask(SELLER, it.product_id)
    with pytest.raises(Invalid):
        ask(BUYER, fixed.id)
    with pytest.raises(Invalid):
        ask(BUYER, it.product_id, 0)
    with pytest.raises(StepNotAllowed):
        go(session, it, BUYER, "offer", amount=Money(5))
    go(session, it, BUYER, "decline")
    assert it.state == State.DECLINED
