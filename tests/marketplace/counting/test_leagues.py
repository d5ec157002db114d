"""A page of places is what ranking every move anew would say, wherever a round stands."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.money import half_up
from marketplace import rankings, volume
from marketplace.counting import concentration, leagues, spans, tallies
from marketplace.counting.leagues import Place
from marketplace.counting.moves import VolumeMove
from marketplace.rankings import Before, Row
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement.bookkeeping import on_sqlite

FIRST = datetime(2025, 1, 1, 4, tzinfo=UTC)
PERIODS = ("M2026-01", "Q2026-1", "Y2026", "T2026-03", "A")
MOVES = st.lists(
    st.tuples(
        st.integers(0, 480), st.sampled_from("abcdefgh"), st.sampled_from([-300, 0, 100, 200, 300]),
        st.sampled_from([0, 1]),
    ),
    min_size=1,
    max_size=20,
)  # fmt: skip


def write(session: Session, order_id: str, number: int, told: tuple[int, str, int, int]) -> None:
    days, merchant, counted, trades = told
    at = FIRST + timedelta(days=days, seconds=number)
    session.add(
        VolumeMove(
            cause="adjusted", source_id=f"src_{number}", subject_id=f"lin_{number}", seq=1,
            order_id=order_id, merchant_id=merchant, buyer_id="b", product_id="p", industry="I",
            application_field="f", region="430100", board_id="", registered=False,
            counted=counted, excluded=0, opens=1, trades=trades, frees=0, accepted_at=at,
            accepted_on=at.date(), accepted_month=f"{at:%Y-%m}", reason=None,
        )
    )  # fmt: skip
    session.flush()


def anew(session: Session, span: spans.Span | None) -> dict[str, Row]:
    """Add every move of a period up, here."""
    rows: dict[str, Row] = {}
    if span is None:
        return rows
    for move in session.scalars(select(VolumeMove).order_by(VolumeMove.number)):
        if not span.since <= move.accepted_on <= span.until:
            continue
        none = Row(move.merchant_id, 0, 0, datetime.min.replace(tzinfo=UTC), move.merchant_id)
        row = rows.get(move.merchant_id, none)
        moved = move.counted or (move.trades and move.opens & 1)
        rows[move.merchant_id] = Row(
            row.key,
            row.value_fen + move.counted,
            row.count + (move.trades if move.opens & 1 else 0),
            max(row.reached_at, move.accepted_at) if moved else row.reached_at,
            row.code,
        )
    return {key: row for key, row in rows.items() if row.value_fen or row.count}


def expected(session: Session, span: spans.Span) -> list[tuple[Any, ...]]:
    ranked_before = rankings.rank(anew(session, span.before()).values())
    before = {each.row.key: Before(each.rank, each.row.value_fen) for each in ranked_before}
    of_year = anew(session, span.year_before())
    rows = anew(session, span)
    total = sum(row.value_fen for row in rows.values())
    return [
        (
            each.rank,
            each.row.key,
            each.row.value_fen,
            each.row.count,
            half_up(max(0, each.row.value_fen) * 10_000, total) if total > 0 else 0,
            each.change,
            each.growth_bp,
            rankings.growth_bp(each.row.value_fen, before=of_year[each.row.key].value_fen)
            if each.row.key in of_year
            else None,
        )
        for each in rankings.rank(rows.values(), before=before)
    ]


def told(place: Place) -> tuple[Any, ...]:
    return (
        place.rank, place.key, place.value_fen, place.count, place.share_bp, place.change,
        place.growth_bp, place.yoy_bp,
    )  # fmt: skip


def all_pages(session: Session, span: spans.Span, limit: int) -> list[tuple[Any, ...]]:
    found, after = [], None
    while True:
        page = leagues.league(session, "merchants", span, after=after, limit=limit)
        found += [told(place) for place in page.places]
        after = page.next
        if after is None:
            return found


@on_sqlite
def test_pages_are_the_ranking_of_every_move_whatever_waits(session: Session) -> None:
    order = make.placed(session, make.listed(session))
    session.flush()
    numbers = count()

    @given(MOVES, st.booleans(), st.integers(1, 4))
    @settings(
        max_examples=20, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    def walk(moves: list[tuple[int, str, int, int]], tallied: bool, limit: int) -> None:
        for each in moves:
            write(session, order.id, next(numbers), each)
        if tallied:
            tallies.tally(work_of(session, "system"))
        for code in PERIODS:
            span = spans.parse(code)
            assert all_pages(session, span, limit) == expected(session, span), code
            values = [row.value_fen for row in anew(session, span).values()]
            assert concentration.hhi(session, "merchants", span) == rankings.hhi(values), code

    walk()


def test_a_trade_moves_its_place_at_once_and_after_a_round_alike(session: Session) -> None:
    small, large = (
        make.listed(
            session, price_plan={"kind": "one_off", "price": {"minor": fen, "currency": "CNY"}}
        )
        for fen in (300, 700)
    )
    july = spans.parse("M2026-07")

    def products() -> list[tuple[int, str]]:
        page = leagues.league(session, "products", july, after=None, limit=9)
        return [(place.rank, place.key) for place in page.places]

    watched.accepted(session, make.paid(session, small))
    assert products() == [(1, small.id)]
    volume.tally(work_of(session, "system"))
    watched.accepted(session, make.paid(session, large))
    assert products() == [(1, large.id), (2, small.id)]
    volume.tally(work_of(session, "system"))
    assert products() == [(1, large.id), (2, small.id)]


def test_the_five_largest_have_their_share_on_every_page(session: Session) -> None:
    order = make.placed(session, make.listed(session))
    for number, merchant in enumerate("abcdefgh"):
        write(session, order.id, number, (10, merchant, 100, 1))
    january = spans.parse("M2025-01")

    first = leagues.league(session, "merchants", january, after=None, limit=3)
    second = leagues.league(session, "merchants", january, after=first.next, limit=3)

    assert first.cr5_bp == second.cr5_bp == 6250
    assert [place.rank for place in (*first.places, *second.places)] == [1] * 6
    assert first.total.minor == 800


@pytest.mark.parametrize("waits", [True, False])
def test_concentration_is_exact_for_sums_whose_squares_outgrow_the_database(
    session: Session, waits: bool
) -> None:
    order = make.placed(session, make.listed(session))
    fen = 10**13 + 7
    for number, (merchant, parts) in enumerate({"a": 40, "b": 30, "c": 20, "d": 10}.items()):
        write(session, order.id, number, (10, merchant, parts * fen, 1))
    if not waits:
        tallies.tally(work_of(session, "system"))
    january = spans.parse("M2025-01")

    assert concentration.hhi(session, "merchants", january) == 3000
    assert concentration.hhi(session, "products", january) is None
    assert concentration.hhi(session, "merchants", spans.parse("M2025-02")) is None


def test_an_empty_period_has_no_places(session: Session) -> None:
    page = leagues.league(
        session, "merchants", spans.of("M", date(2026, 7, 1)), after=None, limit=9
    )

    assert (page.places, page.total.minor, page.cr5_bp, page.next) == ([], 0, None, None)


def test_a_made_up_cursor_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        leagues.league(session, "merchants", spans.parse("A"), after="bm9uZQ", limit=9)
