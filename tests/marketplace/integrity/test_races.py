"""A refund and an exclusion at one moment: whoever is second sees what the first has written."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.money import Money
from marketplace import volume
from marketplace.integrity import flags
from marketplace.integrity.rules import Finding, Rule
from settlement import fsck, turnover
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.rivals import deadlocks
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql
from tests.settlement.test_races import wait_until_somebody_waits

Doing = Callable[[Session, str], None]


def accepted(engines: Engines) -> str:
    with engines.writing() as session:
        money.verified(
            lambda *who, **at: work_of(session, *who, **at), "org_buyer", money.BUYER_NAME
        )
        order = watched.accepted(session, make.paid(session))
        session.commit()
        return order.id


def flag(session: Session, order_id: str) -> None:
    finding = Finding(Rule.CIRCULAR, 9_000, {}, ())
    assert flags.raise_for(watched.by(session), order_id, finding) is not None


def clear(session: Session, order_id: str) -> None:
    (found,) = flags.of_order(session, order_id)
    flags.take(watched.by(session, "per_exchange_compliance"), found.id, "clear", reason="x")


def refund(session: Session, order_id: str) -> None:
    from marketplace import orders

    watched.asked(session, orders.find(session, order_id), 200_000)


@on_postgresql
@pytest.mark.parametrize(
    ("before", "first", "second", "sides"),
    [
        ((), refund, flag, (0, 800_000)),
        ((), flag, refund, (0, 800_000)),
        ((flag,), refund, clear, (800_000, 0)),
        ((flag,), clear, refund, (800_000, 0)),
    ],
)
def test_volume_is_on_one_side_whoever_was_first(
    engines: Engines,
    before: tuple[Doing, ...],
    first: Doing,
    second: Doing,
    sides: tuple[int, int],
) -> None:
    order_id = accepted(engines)
    for prepare in before:
        with engines.writing() as session:
            prepare(session, order_id)
            session.commit()

    def follows() -> None:
        with engines.writing() as other:
            second(other, order_id)
            other.commit()

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        first(session, order_id)
        session.flush()
        following = pool.submit(follows)
        wait_until_somebody_waits(engines)
        session.commit()
        following.result(10)

    with engines.reading() as session:
        assert turnover.sides(session) == (Money(sides[0]), Money(sides[1]))
        assert volume.ties_out(session)
        assert fsck.check(session) == ()
        assert deadlocks(engines) == 0
