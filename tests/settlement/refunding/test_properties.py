"""Whatever is refunded, held, disputed and paid out, in whatever order: not a fen is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import DomainError
from kernel.money import Money, share, take_from
from settlement import escrow, fsck
from settlement.dividing import frozen, settled
from settlement.dividing.settled import SplitShare
from settlement.holding import holds
from settlement.refunding import costs, refunds, takings
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.bookkeeping import on_sqlite
from tests.settlement.refunding import going_back

Act = tuple[str, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["refund", "refund with fee", "call off", "accept", "settle", "hold", "lift", "cancel"]
        ),
        st.integers(1, 12_000),
    ),
    max_size=12,
)


COST = costs.Cost(fen=500, bp_max=1_000)


class World:
    """One order, and what may be done with it; what is refused changes nothing."""

    def __init__(self, work_as: WorkAs, order_id: str) -> None:
        self.work_as, self.order_id = work_as, order_id
        self.settler = work_as("per_exchange_settler", at=money.DUE)
        money.paid(work_as, order_id, Money(10_000))

    def do(self, act: Act) -> None:
        """Do it, or see it refused."""
        name, fen = act
        doing: dict[str, Callable[[int], Any]] = {
            "refund": self.refund,
            "refund with fee": lambda amount: self.refund(amount, fee_refund=True),
            "call off": self.call_off,
            "accept": self.accept,
            "settle": lambda _fen: self.settle(),
            "hold": lambda amount: going_back.held(self.work_as, amount, self.order_id),
            "lift": lambda _fen: self.lift(),
            "cancel": lambda _fen: self.cancel(),
        }
        try:
            with self.settler.session.begin_nested():
                doing[name](fen)
        except DomainError:
            self.settler.session.expire_all()

    def refund(self, fen: int, **more: Any) -> None:
        """Refund some of it."""
        going_back.requested(self.work_as, fen, order_id=self.order_id, **more)

    def call_off(self, fen: int) -> None:
        """Give some of it back, less what a transfer costs."""
        refunds.ask(self.settler, refunds.Asked(self.order_id, Money(fen), "协议取消"), COST)
        self.settler.session.flush()

    def accept(self, fen: int) -> None:
        """Accept a slice."""
        seq = len(escrow.of_order(self.settler.session, self.order_id)) + 1
        line = money.line(f"orl_{self.order_id}", Money(fen), seq=seq)
        money.accepted(self.work_as, self.order_id, line)

    def settle(self) -> None:
        """Settle what is due."""
        money.settled(self.work_as)

    def lift(self) -> None:
        """Lift the first hold."""
        for hold in frozen.open_on(self.settler.session, self.order_id)[:1]:
            holds.lift(self.settler, hold.id, reason="完")

    def cancel(self) -> None:
        """Withdraw the last refund."""
        found = refunds.listed(self.settler, order_id=self.order_id, after=None, limit=1).items
        for refund in found:
            refunds.take(self.work_as("per_exchange_checker"), refund.id, "cancel", reason="误")


@on_sqlite
def test_whatever_is_done_each_fen_is_explained(session: Session, work_as: WorkAs) -> None:
    number = iter(range(1_000))

    @given(ACTS)
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def walk(acts: list[Act]) -> None:
        world = World(work_as, f"ord_{next(number)}")
        for act in acts:
            world.do(act)
            told = escrow.explain(session, world.order_id)
            assert told.difference == Money(0)
            assert told.paid_in == Money(10_000)
        left = takings.left(session, world.order_id)
        told = escrow.explain(session, world.order_id)
        kept = told.shared.get(costs.ACCOUNT, Money(0))
        assert left + told.refunded + kept == Money(10_000)

    walk()

    assert fsck.check(session) == ()


@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(any),
    st.lists(st.integers(1, 5_000), max_size=20),
)
def test_i_56_any_run_of_refunds_ends_at_exact_zeros(shares: list[int], wanted: list[int]) -> None:
    remaining = [Money(minor) for minor in shares]

    for fen in [*wanted, sum(shares)]:
        there = sum(remaining, Money(0))
        taken = take_from(remaining, min(Money(fen), there))
        remaining = [one - part for one, part in zip(remaining, taken, strict=True)]

    assert {one.minor for one in remaining} == {0}


def test_a_refund_that_splits_the_running_total_is_caught() -> None:
    """The mutant: weights 60/34/6 of 7 are 4, 2, 1 and of 8 are 5, 3, 0 — a share shrinks."""
    shares = share(Money(100), [60, 34, 6])
    seven, eight = (share(Money(total), [60, 34, 6]) for total in (7, 8))

    cumulative = [after - before for before, after in zip(seven, eight, strict=True)]
    first = take_from(shares, Money(7))
    left = [one - part for one, part in zip(shares, first, strict=True)]
    ours = take_from(left, Money(1))

    assert min(cumulative) < Money(0)
    assert min(ours) >= Money(0)


@on_sqlite
def test_a_split_in_floats_is_caught(session: Session, work_as: WorkAs) -> None:
    going_back.settled_order(work_as, amount=Money(1_007))

    found = list(session.scalars(select(SplitShare)))
    floats = [int(1_007 * 0.97 * weight) for weight in (0.3, 0.2, 0.5)]

    assert sum(one.amount_minor for one in found) == 1_007
    assert sum(floats) + 30 != 1_007
    with pytest.raises(TypeError):
        Money(1.5)  # type: ignore[arg-type]  # what it is about
    assert settled.remaining(session, [one.obligation_id for one in found[:1]]) == 1_007
