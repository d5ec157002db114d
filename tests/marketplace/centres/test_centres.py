"""Each centre tells its organisation what waits for it, and what it sold or bought."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from kernel.errors import StepNotAllowed
from kernel.money import Money
from marketplace import orders
from marketplace.centres import buying, selling, worth
from marketplace.demands import matching
from marketplace.finding import sources
from marketplace.indexing.index import Kind
from marketplace.versions import ProductVersion
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.bargaining.test_quotations import begun
from tests.marketplace.counting import watched
from tests.marketplace.counting.test_moves import payee
from tests.marketplace.demands.test_demands import published

AT = make.AFTER_PUBLICITY


def sells(session: Session) -> selling.Selling:
    return selling.today(work_of(session, "per_developer_editor", at=AT))


def buys(session: Session) -> buying.Buying:
    return buying.today(work_of(session, "per_buyer_editor", at=AT))


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    bound = session.connection().engine
    event.listen(bound, "before_cursor_execute", note)
    yield found
    event.remove(bound, "before_cursor_execute", note)


def test_an_order_waits_for_whoever_moves_next(session: Session) -> None:
    order = make.placed(session)
    session.flush()
    assert ([one.id for one in sells(session).orders], buys(session).orders) == ([order.id], [])

    make.take(session, order, "confirm", "per_developer_editor")
    session.flush()
    assert sells(session).orders == buys(session).orders == [order]

    orders.sign(work_of(session, "per_developer_signer", at=AT), order.id)
    session.flush()
    assert (sells(session).orders, buys(session).orders) == ([], [order])

    orders.sign(work_of(session, "per_buyer_signer", at=AT), order.id)
    session.flush()
    assert (sells(session).orders, buys(session).orders) == ([], [order])


def test_money_is_held_until_acceptance_and_counts_from_then(session: Session) -> None:
    order = make.delivered(session)
    session.flush()
    before = sells(session), buys(session)

    make.take(session, order, "accept", "per_buyer_editor")
    session.flush()
    after = sells(session), buys(session)

    assert [one.held for one in before] == [order.total] * 2
    assert [one.months[-1].amount for one in before] == [Money(0)] * 2
    assert [one.held for one in after] == [Money(0)] * 2
    assert [one.months[-1].amount for one in after] == [order.total] * 2
    assert [len(one.months) for one in after] == [12] * 2
    assert after[0].best == after[1].most
    assert [one.amount for one in after[0].best] == [order.total]
    assert [one.order_id for one in after[1].deliveries] == [order.id]


def test_a_refund_lowers_the_month_of_both(session: Session, work_as: WorkAs) -> None:
    payee(work_as)
    order = watched.accepted(session, make.paid(session))
    watched.asked(session, order, 400_000)

    left = Money(600_000)
    assert sells(session).months[-1].amount == buys(session).months[-1].amount == left
    assert [one.amount for one in sells(session).best] == [left]
    assert [one.amount for one in buys(session).most] == [left]


def test_quotations_and_fitting_demands_wait_for_the_merchant(session: Session) -> None:
    begun(session)
    fitting = make.listed(session)
    sources.refresh(work_of(session, "system"), Kind.PRODUCT, fitting.id)
    demand = published(session)
    matching.match(work_of(session, "system", at=AT), demand)
    session.flush()

    merchant, buyer = sells(session), buys(session)

    assert [one.state for one in merchant.quotations] == ["asked"]
    assert [one.demand for one in merchant.wished] == [demand]
    assert (merchant.wished[0].product_id, merchant.wished[0].score > 0) == (fitting.id, True)
    assert buyer.demands == [(demand, 0)]


def test_states_and_fixes_of_the_listings_are_told(session: Session) -> None:
    make.listed(session)
    make.draft(session)
    session.flush()

    merchant = sells(session)

    assert merchant.products == {"draft": 1, "listed": 1}
    ((version, fix),) = merchant.fixes
    assert merchant.points == worth.points(version) < 100
    assert fix == worth.fixes(version)[0]


def test_a_description_has_all_its_points_or_says_what_is_lacking() -> None:
    whole = make.content(
        intro="数" * 200, quality={"completeness_bp": 10_000},
        sample=[{"station": "Dongsi", "rain": 1}] * 20,
    )  # fmt: skip
    poor = make.content(
        intro="", title_en="逐日", sample=[], dictionary=[], region_coverage=[],
        temporal_from=None, price_plan={"kind": "negotiated"},
    )  # fmt: skip
    partly = {**whole, "quality": {"completeness_bp": 5_000}}

    assert worth.fixes(ProductVersion(**whole)) == []
    assert worth.points(ProductVersion(**whole)) == 100
    told = worth.fixes(ProductVersion(**poor))
    assert worth.points(ProductVersion(**poor)) == 0
    assert [fix.code for fix in told][:3] == ["dictionary", "intro", "profile"]
    assert {fix.code for fix in told} == {part.code for part in worth.PARTS}
    assert [fix.code for fix in worth.fixes(ProductVersion(**partly))] == ["completeness"]


def test_a_centre_costs_as_much_for_ten_orders_as_for_one(session: Session) -> None:
    product = make.listed(session)
    make.delivered(session, product)
    session.flush()
    with counted(session) as first:
        sells(session), buys(session)
    for _ in range(3):
        make.delivered(session, product)
        make.placed(session, product)
    session.flush()

    with counted(session) as later:
        sells(session), buys(session)

    assert len(later) == len(first)


def test_a_centre_is_for_whoever_has_its_role(session: Session) -> None:
    with pytest.raises(StepNotAllowed):
        selling.today(work_of(session, "per_dept_editor", at=AT))
    with pytest.raises(StepNotAllowed):
        buying.today(work_of(session, "per_dept_editor", at=AT))
