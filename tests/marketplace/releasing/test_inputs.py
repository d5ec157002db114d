"""A period and a round name the same moves for ever (I-65, I-66)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound
from kernel.money import Money
from marketplace import volume
from marketplace.counting import spans, tallies, writing
from marketplace.releasing import inputs, sumtree
from marketplace.releasing.sumtree import Line
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched

SPAN = spans.of("M", make.AFTER_PUBLICITY.date())
SEED = b"s" * sumtree.SEED_BYTES


def tallied(session: Session) -> int:
    """Let a round take up what waits; return its number."""
    session.flush()
    tallies.tally(work_of(session, "system"))
    return inputs.last_round(session)


def told(session: Session, watermark: int) -> Any:
    return inputs.made(session, SPAN, watermark), list(inputs.lines(session, SPAN, watermark))


def test_nothing_that_happens_later_changes_what_a_round_was_made_of(session: Session) -> None:
    order = make.accepted(session)
    session.flush()
    assert (inputs.last_round(session), inputs.waiting(session, SPAN)) == (0, 1)
    first = tallied(session)
    before = told(session, first)

    watched.accepted(session, make.paid(session))
    watched.registered(session)
    volume.exclude(watched.by(session), order.id, source_id="flg_1", reason="circular")
    session.flush()
    waited = told(session, first)
    second = tallied(session)

    assert (first, second, inputs.waiting(session, SPAN)) == (1, 2, 0)
    assert told(session, first) == waited == before
    assert before[0].moves == 1
    assert told(session, second)[0].digest != before[0].digest


def test_lines_are_what_counts_and_what_was_taken_back_and_a_tree_adds_them_up(
    session: Session,
) -> None:
    aside, stays = make.accepted(session), make.accepted(session)
    watched.registered(session)
    volume.exclude(watched.by(session), aside.id, source_id="flg_1", reason="circular")
    last = tallied(session)
    (gone,) = {move.subject_id for move in volume_of(session, aside.id)}
    (kept,) = {move.subject_id for move in volume_of(session, stays.id)}

    made, lines = told(session, last)

    assert lines == sorted(
        [Line(gone, 1_000_000, 1_000_000), Line(kept, 1_000_000, 0)], key=lambda line: line.name
    )
    assert (made.counted, made.excluded, made.registered) == (1_000_000, 1_000_000, 250_000)
    totals = volume.totals(session, since=SPAN.since, until=SPAN.until)
    assert (totals.counted, totals.registered) == (Money(made.counted), Money(made.registered))
    assert sumtree.build("rel_1", lines, SEED).total == made.counted


def test_a_period_is_made_of_its_own_days_alone(session: Session) -> None:
    make.accepted(session)
    last = tallied(session)
    before = spans.of("M", SPAN.since - timedelta(days=1))

    assert inputs.made(session, before, last).moves == 0
    assert list(inputs.lines(session, before, last)) == []
    assert inputs.made(session, spans.parse(spans.EVER), last) == told(session, last)[0]


def test_a_round_that_has_not_been_is_refused(session: Session) -> None:
    last = tallied(session)
    inputs.check(session, last)

    with pytest.raises(NotFound):
        inputs.check(session, last + 1)
    with pytest.raises(Invalid):
        inputs.check(session, -1)


def volume_of(session: Session, order_id: str) -> list[Any]:

    return list(writing.of_order(session, order_id))
