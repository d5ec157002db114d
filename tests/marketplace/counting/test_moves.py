"""What is refunded counts no more, from its own day on; what is registered counts apart."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.errors import DomainError
from kernel.money import Money
from kernel.parties import organisations, relations
from licensing.pricing import revenues
from marketplace import lines, progress, volume
from marketplace.orders import Order
from marketplace.volume import VolumeMove
from settlement import batches, escrow, fsck, ledger
from settlement.refunding import refunds
from tests.conftest import WorkAs
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money
from tests.settlement.bookkeeping import on_sqlite

JULY = {"since": date(2026, 7, 1), "until": date(2026, 7, 31)}
AUGUST = {"since": date(2026, 8, 1), "until": date(2026, 8, 31)}
IN_AUGUST = datetime(2026, 8, 20, 4, tzinfo=UTC)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["refund", "refund with fee", "of a line", "withdraw", "accept", "settle"]),
        st.integers(1, 700_000),
    ),
    min_size=1,
    max_size=8,
)


def turnover(session: Session) -> int:
    """Return what the trial balance says of 9002.turnover."""
    session.flush()
    rows = ledger.trial_balance(session).rows
    return sum(row.credit - row.debit for row in rows if row.code == "9002.turnover")


def counted(session: Session) -> int:
    """Return what all facts come to."""
    ever = {"since": date(2020, 1, 1), "until": date(2030, 1, 1)}
    told = volume.totals(session, **ever)
    parts = (told.counted, told.excluded, told.registered, told.registered_excluded)
    return sum(each.minor for each in parts)


def adjusted(session: Session) -> Sequence[VolumeMove]:
    """Return the moves of what was taken back, or came back."""
    return session.scalars(select(VolumeMove).where(VolumeMove.cause == "adjusted")).all()


def payee(work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)


def test_i_65_a_refund_counts_against_its_own_day_and_closed_days_stay(
    session: Session, work_as: WorkAs
) -> None:
    payee(work_as)
    order = watched.accepted(session, make.paid(session))
    before = volume.totals(session, **JULY)

    watched.asked(session, order, 400_000, at=IN_AUGUST)

    assert volume.totals(session, **JULY) == before
    august = volume.totals(session, **AUGUST)
    assert (august.counted, august.tx_count, august.free_count) == (Money(-400_000), 0, 0)
    assert volume.ties_out(session)
    (place,) = volume.ranking(session, "merchants", **AUGUST, limit=9)
    assert (place.row.value_fen, place.row.count) == (-400_000, 0)
    both = volume.months(session, last=2, today=date(2026, 8, 31))
    assert [month.amount.minor for month in both] == [1_000_000, -400_000]


def test_a_refund_that_is_withdrawn_counts_again(session: Session, work_as: WorkAs) -> None:
    payee(work_as)
    order = watched.accepted(session, make.paid(session))
    refund = watched.asked(session, order, 400_000)

    refunds.take(watched.by(session, "per_exchange_checker"), refund.id, "cancel", reason="误")
    session.flush()

    assert sorted(each.counted for each in adjusted(session)) == [-400_000, 400_000]
    assert volume.totals(session, **JULY).counted == order.total
    assert volume.ties_out(session)


def test_what_was_left_out_stays_left_out_when_it_is_refunded(
    session: Session, work_as: WorkAs
) -> None:
    payee(work_as)
    order = watched.accepted(session, make.paid(session, is_related_party=True))

    watched.asked(session, order, 400_000)

    told = volume.totals(session, **JULY)
    assert (told.counted, told.excluded) == (Money(0), Money(600_000))
    assert volume.ties_out(session)


def test_an_adjustment_never_changes(session: Session, work_as: WorkAs) -> None:
    payee(work_as)
    watched.asked(session, watched.accepted(session, make.paid(session)), 400_000)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE volume_moves SET counted = 1"))


def test_an_operator_has_earned_less_after_a_refund(session: Session, work_as: WorkAs) -> None:
    payee(work_as)
    product = make.listed(session, make.public_content(session))
    order = watched.accepted(session, make.paid(session, product))
    watched.settled(session)
    earned = session.scalars(select(revenues.Revenue.amount_fen)).one()

    refund = watched.asked(session, order, order.total.minor, at=money.LATE)
    after = session.scalars(select(revenues.RevenueAdjustment.amount_fen)).all()
    refunds.take(watched.by(session, "per_exchange_checker"), refund.id, "cancel", reason="误")
    session.flush()

    found = session.scalars(select(revenues.RevenueAdjustment)).all()
    assert earned > 0
    assert after == [-earned]
    assert sum(each.amount_fen for each in found) == 0
    assert volume.ties_out(session)


def test_a_registered_deal_counts_apart_and_ties_out(session: Session) -> None:
    watched.accepted(session, make.paid(session))

    deal = watched.registered(session)

    told = volume.totals(session, **JULY)
    assert (told.counted, told.registered, told.registered_count) == (
        Money(1_000_000),
        Money(250_000),
        1,
    )
    assert [place.row.value_fen for place in volume.ranking(
        session, "merchants", **JULY, limit=9)] == [1_000_000]  # fmt: skip
    (place,) = volume.registered(session, **JULY, limit=9)
    assert (place.row.key, place.row.value_fen, place.share_bp) == (
        deal.merchant_id,
        250_000,
        10_000,
    )
    assert volume.months(session, last=1, today=date(2026, 7, 31))[0].registered == deal.amount
    assert volume.registered(session, **AUGUST, limit=9) == []
    assert volume.ties_out(session)
    assert counted(session) == turnover(session) == 1_250_000


def test_a_deal_between_relatives_is_left_out_and_still_ties_out(session: Session) -> None:
    relations.declare(
        watched.by(session),
        "org_buyer",
        relations.Kind.CONTROLS,
        relations.Other(name="演示·枫香科技", uscc="91430104MAA00003XP"),
    )
    session.flush()

    deal = watched.registered(session, buyer_uscc=organisations.find(session, "org_buyer").uscc)

    fact = session.scalars(select(VolumeMove).where(VolumeMove.registered)).one()
    told = volume.totals(session, **JULY)
    assert (fact.subject_id, fact.reason) == (deal.id, "related_party")
    assert (told.registered, told.registered_excluded) == (Money(0), Money(250_000))
    assert volume.ties_out(session)


class World:
    """One order, and what may be done with it; what is refused changes nothing."""

    def __init__(self, session: Session, order: Order) -> None:
        self.session, self.order = session, order

    def do(self, name: str, fen: int) -> None:
        """Do it, or see it refused."""
        doing: dict[str, Callable[[int], Any]] = {
            "refund": lambda amount: watched.asked(self.session, self.order, amount),
            "refund with fee": lambda amount: watched.asked(
                self.session, self.order, amount, fee_refund=True
            ),
            "of a line": lambda amount: watched.asked(
                self.session, self.order, amount,
                order_line_id=lines.of(self.session, self.order.id)[0].id,
            ),
            "withdraw": lambda _fen: self.withdraw(),
            "accept": lambda _fen: watched.accepted(self.session, self.order),
            "settle": lambda _fen: watched.settled(self.session),
        }  # fmt: skip
        try:
            with self.session.begin_nested():
                doing[name](fen)
        except (DomainError, batches.NothingDue):
            self.session.expire_all()

    def withdraw(self) -> None:
        """Withdraw the last refund."""
        checker = watched.by(self.session, "per_exchange_checker")
        found = refunds.listed(checker, order_id=self.order.id, after=None, limit=1).items
        for refund in found:
            refunds.take(checker, refund.id, "cancel", reason="误")


@on_sqlite
def test_whatever_is_done_the_facts_are_the_turnover_of_the_trial_balance(
    session: Session, work_as: WorkAs
) -> None:
    payee(work_as)
    product = make.listed(session, make.public_content(session))

    @given(ACTS)
    @settings(
        max_examples=25, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    def walk(acts: list[tuple[str, int]]) -> None:
        world = World(session, make.paid(session, product))
        for name, fen in acts:
            world.do(name, fen)
            assert counted(session) == turnover(session)
        assert volume.ties_out(session)

    walk()

    assert fsck.check(session) == ()


def test_what_comes_back_after_its_line_was_settled_is_owed_anew(
    session: Session, work_as: WorkAs
) -> None:
    payee(work_as)
    order = watched.accepted(session, make.paid(session))
    refund = watched.asked(session, order, 400_000)
    watched.settled(session)

    refunds.take(watched.by(session, "per_exchange_checker"), refund.id, "cancel", reason="误")
    session.flush()

    first, again = sorted(escrow.of_order(session, order.id), key=lambda one: one.seq)
    assert (first.state, first.left) == ("settled", Money(600_000))
    assert (again.state, again.left) == ("open", Money(400_000))
    assert again.order_line_id == first.order_line_id
    assert fsck.check(session) == ()

    watched.settled(session)

    assert again.state == "settled"
    assert fsck.check(session) == ()
    assert volume.ties_out(session)


def test_reactions_are_told_by_event_and_once(session: Session, work_as: WorkAs) -> None:
    payee(work_as)
    order = watched.accepted(session, make.paid(session))
    refund = watched.asked(session, order, order.total.minor)

    watched.arrived(session, refund)

    assert order.state == "refunded"
    assert len(adjusted(session)) == 1
    assert progress.adjusted.__doc__ != progress.registered.__doc__
