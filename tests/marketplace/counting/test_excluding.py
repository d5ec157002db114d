"""What is set aside leaves the count from its own day on, and comes back when it is cleared."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from kernel.errors import DomainError
from kernel.money import Money
from marketplace import volume
from marketplace.counting import reading, recomputing, spans, tallies
from marketplace.orders import Order
from settlement import batches, fsck, turnover
from settlement.refunding import refunds
from tests.conftest import WorkAs
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money
from tests.settlement.bookkeeping import on_sqlite

JULY = {"since": date(2026, 7, 1), "until": date(2026, 7, 31)}
AUGUST = {"since": date(2026, 8, 1), "until": date(2026, 8, 31)}
IN_AUGUST = datetime(2026, 8, 20, 4, tzinfo=UTC)
WHOLE = Money(1_000_000)


def told(session: Session, days: dict[str, date]) -> tuple[Money, Money, int]:
    session.flush()
    found = volume.totals(session, **days)
    return found.counted, found.excluded, found.tx_count


def books(session: Session) -> turnover.Sides:
    session.flush()
    return turnover.sides(session)


def test_an_order_is_set_aside_on_its_day_and_comes_back_on_another(session: Session) -> None:
    order = watched.accepted(session, make.paid(session))

    gone = volume.exclude(
        watched.by(session, at=IN_AUGUST), order.id, source_id="flg_1", reason="circular"
    )
    assert (gone, told(session, JULY)) == (WHOLE, (WHOLE, Money(0), 1))
    assert told(session, AUGUST) == (Money(-1_000_000), WHOLE, -1)
    assert books(session) == (Money(0), WHOLE)
    assert volume.latest(session, limit=9) == []

    back = volume.restore(
        watched.by(session, at=IN_AUGUST), order.id, source_id="flg_1", reason="cleared"
    )
    assert (back, told(session, AUGUST)) == (WHOLE, (Money(0), Money(0), 0))
    assert books(session) == (WHOLE, Money(0))
    assert volume.ties_out(session)
    assert fsck.check(session) == ()


def test_an_order_is_set_aside_once_and_only_what_is_aside_comes_back(session: Session) -> None:
    order = watched.accepted(session, make.paid(session))
    work = watched.by(session)

    assert volume.restore(work, order.id, source_id="flg_0", reason="cleared") == Money(0)
    assert volume.exclude(work, order.id, source_id="flg_1", reason="circular") == WHOLE
    assert volume.exclude(work, order.id, source_id="flg_2", reason="circular") == Money(0)
    assert told(session, JULY) == (Money(0), WHOLE, 0)


def test_what_a_hard_rule_left_out_never_comes_back(session: Session) -> None:
    order = watched.accepted(session, make.paid(session, is_related_party=True))
    assert books(session) == (Money(0), WHOLE)

    work = watched.by(session)
    volume.exclude(work, order.id, source_id="flg_1", reason="circular")
    volume.restore(work, order.id, source_id="flg_1", reason="cleared")

    assert told(session, JULY) == (Money(0), WHOLE, 0)
    assert books(session) == (Money(0), WHOLE)


def test_a_refund_takes_from_the_side_on_which_the_line_stands(
    session: Session, work_as: WorkAs
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = watched.accepted(session, make.paid(session))
    work = watched.by(session)
    refund = watched.asked(session, order, 400_000)
    volume.exclude(work, order.id, source_id="flg_1", reason="circular")
    assert told(session, JULY)[:2] == (Money(0), Money(600_000))

    # What was taken from the one side comes back when the line stands on the other.
    refunds.take(watched.by(session, "per_exchange_checker"), refund.id, "cancel", reason="误")
    assert told(session, JULY)[:2] == (Money(0), WHOLE) == books(session)

    watched.asked(session, order, 100_000)
    volume.restore(work, order.id, source_id="flg_1", reason="cleared")
    assert told(session, JULY) == (Money(900_000), Money(0), 1)
    assert volume.ties_out(session)
    assert fsck.check(session) == ()


class World:
    """One order, and everything that moves its volume; what is refused changes nothing."""

    def __init__(self, session: Session, order: Order) -> None:
        self.session, self.order, self.number = session, order, 0

    def do(self, name: str, fen: int) -> None:
        self.number += 1
        try:
            with self.session.begin_nested():
                getattr(self, name)(fen)
        except (DomainError, batches.NothingDue):
            self.session.expire_all()

    def accept(self, _fen: int) -> None:
        watched.accepted(self.session, self.order)

    def settle(self, _fen: int) -> None:
        watched.settled(self.session)

    def refund(self, fen: int) -> None:
        watched.asked(self.session, self.order, fen)

    def withdraw(self, _fen: int) -> None:
        checker = watched.by(self.session, "per_exchange_checker")
        for refund in refunds.listed(checker, order_id=self.order.id, after=None, limit=1).items:
            refunds.take(checker, refund.id, "cancel", reason="误")

    def exclude(self, _fen: int) -> None:
        work = watched.by(self.session)
        volume.exclude(work, self.order.id, source_id=f"flg_{self.number}", reason="circular")

    def restore(self, _fen: int) -> None:
        work = watched.by(self.session)
        volume.restore(work, self.order.id, source_id=f"flg_{self.number}", reason="cleared")

    def tally(self, _fen: int) -> None:
        tallies.tally(watched.by(self.session))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["accept", "settle", "refund", "withdraw", "exclude", "restore", "tally"]
        ),
        st.integers(1, 700_000),
    ),
    min_size=1,
    max_size=10,
)  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("related", [False, True])
def test_i_63_whatever_happens_counted_and_excluded_are_the_two_accounts_of_the_books(
    session: Session, work_as: WorkAs, related: bool
) -> None:
    """Counted and excluded together are all that was accepted, each on its side."""
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    product = make.listed(session)

    @given(ACTS)
    @settings(
        max_examples=25, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    def walk(acts: list[tuple[str, int]]) -> None:
        order = make.paid(session, product, is_related_party=related)
        world = World(session, order)
        for name, fen in acts:
            world.do(name, fen)
            session.flush()
            assert volume.ties_out(session)
        ever: dict[str, Any] = reading.in_period(session, "all", spans.parse(spans.EVER))
        sides = (ever[""].counted, ever[""].excluded) if ever else (0, 0)
        assert sides == tuple(side.minor for side in books(session))
        assert not ever or ever[""].trades >= 0

    walk()

    assert list(recomputing.differences(session)) == []
    assert fsck.check(session) == ()
