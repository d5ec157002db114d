"""Figures of other exchanges: entered by one, checked by another, ranked only with their like."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from marketplace.peers import stats
from marketplace.peers.stats import Confidence, ExchangeStat, Figures, Measure, Registered, State
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched

TODAY = date(2026, 7, 31)
GIVEN = Figures(
    exchange="南方数据交易所", as_of=date(2026, 6, 30), measure=Measure.CUMULATIVE,
    value_fen=5_000_000, registered=Registered.NO, source="半年通报", url="https://example.org/a",
    confidence=Confidence.HIGH,
)  # fmt: skip
STATISTICIAN, CHECKER = "per_exchange_approver", "per_exchange_compliance"


def enter(session: Session, **changes: Any) -> ExchangeStat:
    made = stats.enter(
        work_of(session, STATISTICIAN, at=make.AFTER_PUBLICITY), replace(GIVEN, **changes)
    )
    session.flush()
    return made


def publish(session: Session, **changes: Any) -> ExchangeStat:
    made = enter(session, **changes)
    stats.take(work_of(session, CHECKER, at=make.AFTER_PUBLICITY), made.id, "check")
    session.flush()
    return made


def told(
    session: Session, caliber: Registered, measure: Measure = Measure.CUMULATIVE
) -> list[tuple[int | None, str | None, int]]:
    (found,) = [
        each for each in stats.compared(session, measure, today=TODAY)
        if each.registered == caliber
    ]  # fmt: skip
    return [
        (each.rank, each.stat.exchange if each.stat else None, each.value_fen)
        for each in found.rows
    ]


def test_what_is_entered_is_shown_once_another_has_checked_it(session: Session) -> None:
    made = enter(session)
    assert told(session, Registered.NO) == [(1, None, 0)]

    with pytest.raises(StepRefused) as refused:
        stats.take(work_of(session, STATISTICIAN), made.id, "check")
    assert {each.code for each in refused.value.refusals} == {"SAME_PERSON"}

    stats.take(work_of(session, CHECKER), made.id, "check")
    session.flush()
    assert told(session, Registered.NO) == [(1, "南方数据交易所", 5_000_000), (2, None, 0)]

    stats.take(work_of(session, CHECKER), made.id, "withdraw", reason="来源已更正")
    session.flush()
    assert told(session, Registered.NO) == [(1, None, 0)]


def test_exchanges_are_ranked_within_their_caliber_alone(session: Session) -> None:
    watched.accepted(session, make.paid(session))  # 1,000,000 fen, on the exchange
    publish(session, exchange="甲", value_fen=1_000_000)
    publish(session, exchange="乙", value_fen=2_000_000)
    publish(session, exchange="丙", value_fen=9_000_000, registered=Registered.UNKNOWN)
    publish(session, exchange="丁", value_fen=400_000, registered=Registered.YES)
    publish(session, exchange="戊", value_fen=400_000)

    assert told(session, Registered.NO) == [
        (1, "乙", 2_000_000), (2, None, 1_000_000), (2, "甲", 1_000_000), (4, "戊", 400_000),
    ]  # fmt: skip
    assert told(session, Registered.YES) == [(1, None, 1_000_000), (2, "丁", 400_000)]
    assert told(session, Registered.UNKNOWN) == [(None, "丙", 9_000_000)]


def test_the_newest_figure_of_an_exchange_counts_and_of_a_year_those_of_this_year(
    session: Session,
) -> None:
    publish(session, as_of=date(2025, 12, 31), value_fen=8_000_000)
    publish(session, as_of=date(2026, 3, 31), value_fen=7_000_000)
    publish(session, measure=Measure.YEAR, as_of=date(2025, 12, 31), value_fen=3)
    publish(session, measure=Measure.YEAR, as_of=date(2026, 3, 31), value_fen=2)

    assert told(session, Registered.NO)[0] == (1, GIVEN.exchange, 7_000_000)
    assert told(session, Registered.NO, Measure.YEAR) == [(1, GIVEN.exchange, 2), (2, None, 0)]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"exchange": ""}, "/exchange"),
        ({"source": ""}, "/source"),
        ({"value_fen": 0}, "/value_fen"),
        ({"as_of": date(2027, 1, 1)}, "/as_of"),
        ({"url": "javascript:alert(1)"}, "/url"),
    ],
)
def test_an_unsound_figure_is_refused(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        enter(session, **changes)
    assert invalid.value.pointer == pointer


def test_the_same_figure_stands_once_and_may_be_entered_again_after_a_refusal(
    session: Session,
) -> None:
    made = enter(session)
    with pytest.raises(StepRefused):
        enter(session, value_fen=1)

    stats.take(work_of(session, CHECKER), made.id, "refuse", reason="单位看错")
    session.flush()
    assert enter(session, value_fen=1).state == State.ENTERED


@pytest.mark.parametrize(
    "person", ["per_exchange_settler", "per_exchange_admin", "per_developer_editor"]
)
def test_nobody_else_enters_or_checks(session: Session, person: str) -> None:
    made = enter(session)

    with pytest.raises(StepNotAllowed):
        stats.enter(work_of(session, person), replace(GIVEN, exchange="己"))
    with pytest.raises((StepNotAllowed, NotFound)):
        stats.take(work_of(session, person), made.id, "check")
    if person == "per_developer_editor":
        with pytest.raises(NotFound):
            stats.seen(work_of(session, person), made.id)


def test_the_database_refuses_a_figure_that_its_own_author_checked(session: Session) -> None:
    made = enter(session)

    with pytest.raises(IntegrityError):
        session.execute(
            text("UPDATE exchange_stats SET checked_by = entered_by WHERE id = :id"),
            {"id": made.id},
        )
