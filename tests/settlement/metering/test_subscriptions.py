"""A subscription is earned period by period; what was not used goes back."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from kernel import journal
from kernel.money import Money
from settlement import escrow
from settlement.metering import meters, subscriptions
from settlement.metering.subscriptions import Outcome, Price
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
    return subscriptions.begin(house, "ord_1", SALE, price=Price(YEAR), period="month", count=12)


def test_a_term_is_divided_by_its_days_and_planned_once(session: Session) -> None:
    planned = begun(session)
    session.flush()
    again = subscriptions.begin(
        work_of(session, "system"), "ord_1", SALE, price=Price(YEAR), period="month", count=12
    )

    assert again == planned
    assert sum((each.amount for each in planned), Money(0)) == YEAR
    assert [each.seq for each in planned] == [1, *range(3, 14)]  # 2 is for a sponsor
    assert (planned[0].first_on, planned[0].last_on) == (date(2026, 7, 1), date(2026, 7, 31))
    assert planned[0].amount > planned[7].amount  # February is short


def test_a_month_begins_on_its_last_day_when_it_has_no_such_day(session: Session) -> None:
    house = work_of(session, "system", at=datetime(2026, 1, 31, 4, tzinfo=UTC))

    planned = subscriptions.begin(house, "ord_1", SALE, price=Price(YEAR), period="month", count=2)

    assert [each.first_on for each in planned] == [date(2026, 1, 31), date(2026, 2, 28)]


def test_a_period_that_has_passed_is_accepted_once(session: Session) -> None:
    first, *_ = begun(session)
    house = work_of(session, "system", at=AUGUST)

    earned = [subscriptions.earn_due(house, limit=9) for _ in range(2)]

    (due,) = escrow.of_order(session, "ord_1")
    assert earned == [[first], []]
    assert (due.amount, due.seq, first.outcome) == (first.amount, 1, Outcome.EARNED)
    assert subscriptions.unserved(session, "ord_1")


def test_the_days_that_were_used_are_earned_and_the_rest_is_still_to_be_served(
    session: Session,
) -> None:
    planned = begun(session)
    august = planned[1].amount
    house = work_of(session, "system", at=AUGUST)
    subscriptions.earn_due(house, limit=9)

    unused = [subscriptions.stop(house, "ord_1", on=date(2026, 8, 10)) for _ in range(2)]
    session.flush()

    by_seq = sorted(escrow.of_order(session, "ord_1"), key=lambda due: due.seq)
    served = [due.amount for due in by_seq]
    rest = subscriptions.of_order(session, "ord_1")[2]
    assert served[0] == planned[0].amount
    assert abs(served[1].minor - august.minor * 10 // 31) <= 1
    assert unused[0] == unused[1] == YEAR - sum(served, Money(0))
    assert (rest.first_on, rest.last_on) == (date(2026, 8, 11), date(2026, 8, 31))
    assert (rest.amount, rest.outcome) == (august - served[1], Outcome.PLANNED)
    assert subscriptions.stop(house, "ord_1", on=date(2026, 8, 11)) < unused[0]


def test_days_that_come_to_nothing_are_not_divided(session: Session) -> None:
    house = work_of(session, "system")
    paid_for(house, "ord_1", 1)
    subscriptions.begin(house, "ord_1", SALE, price=Price(Money(1)), period="year", count=1)
    session.flush()

    assert subscriptions.stop(house, "ord_1", on=date(2026, 7, 2)) == Money(1)
    assert len(subscriptions.of_order(session, "ord_1")) == 1


def test_what_left_escrow_is_taken_off_the_periods_to_come_and_given_back(
    session: Session,
) -> None:
    it = meter(session, Tariff(shape=Shape.FLAT, unit_e6=1), basis="overage")
    planned = begun(session)
    house = work_of(session, "system")
    before = [each.amount for each in planned]

    for _ in range(2):
        subscriptions.cut(house, "ord_1", "rfd_1", Money(1_200))
        session.flush()
    shorter = sum((each.amount for each in planned), Money(0))
    early = subscriptions.end_if_returned(house, "ord_1")
    subscriptions.cut(house, "ord_1", "rfd_2", YEAR)
    session.flush()
    gone = {each.outcome for each in planned}
    subscriptions.cut(house, "ord_1", "rfd_3", Money(5))
    subscriptions.mend(house, "rfd_1")
    partly = sum((each.amount for each in planned), Money(0))
    subscriptions.mend(house, "rfd_2")

    assert (shorter, early) == (YEAR - Money(1_200), False)
    assert gone == {Outcome.RETURNED}
    assert partly == Money(1_200)
    assert [each.amount for each in planned] == before
    assert {each.outcome for each in planned} == {Outcome.PLANNED}
    assert it.state == meters.State.OPEN


def test_a_subscription_of_which_nothing_is_to_come_ends_once(session: Session) -> None:
    it = meter(session, Tariff(shape=Shape.FLAT, unit_e6=1), basis="overage")
    begun(session)
    house = work_of(session, "system", at=AUGUST)
    subscriptions.earn_due(house, limit=9)
    subscriptions.cut(house, "ord_1", "rfd_1", YEAR)
    session.flush()

    told = [subscriptions.end_if_returned(house, "ord_1") for _ in range(2)]
    session.flush()

    kinds = [event.kind for event in journal.history(session, "ord_1", limit=99)]
    assert told == [True, True]
    assert kinds.count("subscription.ended") == 1
    assert it.state == meters.State.CLOSED
    assert not subscriptions.unserved(session, "ord_1")
