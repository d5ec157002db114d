"""A subscription is earned period by period; what was not used goes back."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import escrow
from settlement.metering import meters, subscriptions
from settlement.metering.subscriptions import Outcome
from settlement.metering.tariffs import Shape, Tariff
from tests.conftest import work_of
from tests.settlement.bookkeeping import paid_for
from tests.settlement.metering.gauges import AUGUST, meter

SALE = {
    "order_line_id": "orl_1",
    "buyer_id": "org_buyer",
    "seller_id": "org_developer",
    "operator_id": None,
    "kind": "other",
}
YEAR = Money(1_200_001)


def begun(session: Session) -> list[subscriptions.SubscriptionSlice]:
    house = work_of(session, "system")
    paid_for(house, "ord_1", YEAR.minor)
    return subscriptions.begin(house, "ord_1", SALE, amount=YEAR, period="month", count=12)


def test_a_term_is_divided_by_its_days_and_planned_once(session: Session) -> None:
    planned = begun(session)
    session.flush()
    again = subscriptions.begin(
        work_of(session, "system"), "ord_1", SALE, amount=YEAR, period="month", count=12
    )

    assert again == planned
    assert sum((each.amount for each in planned), Money(0)) == YEAR
    assert [each.seq for each in planned] == list(range(1, 13))
    assert (planned[0].first_on, planned[0].last_on) == (date(2026, 7, 1), date(2026, 7, 31))
    assert planned[0].amount > planned[7].amount  # February is short


def test_a_month_begins_on_its_last_day_when_it_has_no_such_day(session: Session) -> None:
    house = work_of(session, "system", at=datetime(2026, 1, 31, 4, tzinfo=UTC))

    planned = subscriptions.begin(house, "ord_1", SALE, amount=YEAR, period="month", count=2)

    assert [each.first_on for each in planned] == [date(2026, 1, 31), date(2026, 2, 28)]


def test_a_period_that_has_passed_is_accepted_once(session: Session) -> None:
    first, *_ = begun(session)
    house = work_of(session, "system", at=AUGUST)

    earned = [subscriptions.earn_due(house, limit=9) for _ in range(2)]

    (due,) = escrow.of_order(session, "ord_1")
    assert earned == [[first], []]
    assert (due.amount, due.seq, first.outcome) == (first.amount, 1, Outcome.EARNED)
    assert subscriptions.unserved(session, "ord_1")


def test_unused_days_stay_the_buyers_when_it_ends_early(session: Session) -> None:
    it = meter(session, Tariff(shape=Shape.FLAT, unit_e6=1), basis="overage")
    planned = begun(session)
    house = work_of(session, "system", at=AUGUST)
    subscriptions.earn_due(house, limit=9)

    unused = subscriptions.end(house, "ord_1", on=date(2026, 8, 10))
    again = subscriptions.end(house, "ord_1", on=date(2026, 8, 10))

    of_august = Money(planned[1].amount.minor * 10 // 31)
    by_seq = sorted(escrow.of_order(session, "ord_1"), key=lambda due: due.seq)
    served = [due.amount for due in by_seq]
    assert served[0] == planned[0].amount
    assert abs(served[1].minor - of_august.minor) <= 1
    assert unused + sum(served, Money(0)) == YEAR
    assert (again, escrow.left(session, "ord_1")) == (Money(0), unused)
    assert not subscriptions.unserved(session, "ord_1")
    assert it.state == meters.State.CLOSED
