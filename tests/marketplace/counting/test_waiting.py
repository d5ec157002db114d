"""What waits is found whoever commits first, and what was tallied is not looked at again."""

from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from kernel.engines import Engines
from marketplace.counting import leagues, recomputing, spans, tallies, waiting
from marketplace.counting.moves import VolumeMove, VolumeRound, VolumeRoundMove, VolumeWaiting
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting.test_tallies import write
from tests.settlement.bookkeeping import on_postgresql

MOVE: dict[str, Any] = {
    "day": 40, "merchant_id": "org_a", "product_id": "prd_a", "industry": "I", "board_id": "",
    "registered": False, "counted": 5, "excluded": 0, "opens": 0, "trades": 0, "frees": 0,
}  # fmt: skip
EVER = spans.parse(spans.EVER)


def total(session: Session) -> int:
    return leagues.league(session, "merchants", EVER, after=None, limit=9).total.minor


def tally(session: Session) -> int:
    return tallies.tally(work_of(session, "system"))


def order_id(engines: Engines) -> str:
    with engines.writing() as session:
        order = make.placed(session, make.listed(session))
        session.commit()
        return order.id


@on_postgresql
def test_a_slow_transaction_is_counted_though_a_later_one_was_tallied_first(
    engines: Engines,
) -> None:
    order = order_id(engines)
    with engines.writing() as slow:
        write(slow, MOVE, 1, order)
        with engines.writing() as quick:
            write(quick, MOVE, 2, order)
            quick.commit()
            assert tally(quick) == 1
            quick.commit()
        with engines.reading() as reading:
            assert total(reading) == 5
        slow.commit()

    with engines.writing() as session:
        numbers = list(session.scalars(select(VolumeMove.number)))
        assert waiting.moves(session) == [min(numbers)]
        assert total(session) == 10
        assert tally(session) == 1
        assert (total(session), waiting.moves(session)) == (10, [])
        assert list(recomputing.differences(session)) == []


@on_postgresql
def test_a_mark_that_lies_ahead_of_all_transactions_hides_nothing(engines: Engines) -> None:
    """As in a database that was restored into another cluster."""
    order = order_id(engines)
    with engines.writing() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.add(VolumeRound(number=1, size=1, tallied_at=make.AFTER_PUBLICITY, beyond=2**60))
        session.flush()
        session.execute(text("SET LOCAL session_replication_role = origin"))
        write(session, MOVE, 1, order)
        session.commit()
        assert len(waiting.moves(session)) == 1
        assert (tally(session), waiting.moves(session)) == (1, [])
        last = session.scalars(select(func.max(VolumeRound.beyond)).where(VolumeRound.number > 1))
        assert (last.one() or 0) < 2**60


def test_a_round_that_leaves_some_marks_the_first_that_is_left(session: Session) -> None:
    order = make.placed(session, make.listed(session))
    session.flush()
    for number in range(3):
        write(session, MOVE, number, order.id)

    taken = waiting.take(session, 2)
    left = session.scalars(select(VolumeWaiting).order_by(VolumeWaiting.number)).all()[2]

    assert len(taken.numbers) == 2
    assert taken.beyond <= left.written_by
    assert waiting.take(session, 3).numbers == [*taken.numbers, left.number]


def test_what_waited_before_there_were_marks_is_found(session: Session) -> None:
    order = make.placed(session, make.listed(session))
    session.flush()
    write(session, MOVE, 1, order.id)
    write(session, MOVE, 2, order.id)
    session.execute(update(VolumeWaiting).values(written_by=0))

    assert len(waiting.moves(session)) == 2
    assert tally(session) == 2
    write(session, MOVE, 3, order.id)
    assert (tally(session), tally(session)) == (1, 0)
    assert session.scalars(select(func.count()).select_from(VolumeRoundMove)).one() == 3
