from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.money import Money
from marketplace import admissions, lines, orders, volume
from marketplace.orders import Order
from marketplace.volume import Month, VolumeMove
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.counting import watched

JULY = {"since": date(2026, 7, 1), "until": date(2026, 7, 31)}


def price(fen: int) -> dict[str, object]:
    return {"kind": "one_off", "price": {"minor": fen, "currency": "CNY"}}


def move(session: Session, order: Order) -> VolumeMove:
    session.flush()
    line = lines.of(session, order.id)[0]
    return session.scalars(select(VolumeMove).where(VolumeMove.subject_id == line.id)).one()


def test_an_accepted_line_becomes_a_move(session: Session, work_as: WorkAs) -> None:
    product = make.listed(session)
    board = make.board(session)
    admissions.admit(work_as("per_exchange_listing", at=make.AFTER_PUBLICITY), board.id, product.id)

    written = move(session, make.accepted(session, product))

    assert (written.merchant_id, written.buyer_id) == ("org_developer", "org_buyer")
    assert (written.industry, written.region, written.board_id) == ("M", "430104", board.id)
    assert (written.counted, written.excluded) == (1_000_000, 0)
    assert written.accepted_on == date(2026, 7, 13)
    assert written.accepted_month == "2026-07"
    assert (written.trades, written.reason) == (1, None)


def test_what_is_not_accepted_is_no_volume(session: Session) -> None:
    make.delivered(session)
    session.flush()

    told = volume.totals(session, **JULY)

    assert told == volume.Totals(Money(0), Money(0), 0, 0)


def test_counted_and_excluded_are_all_that_was_accepted(session: Session) -> None:
    make.accepted(session, make.listed(session, price_plan=price(300)))
    related = make.listed(session, price_plan=price(700))
    watched.accepted(session, make.paid(session, related, is_related_party=True))
    make.accepted(session, make.listed(session, price_plan=make.FREE))
    session.flush()

    told = volume.totals(session, **JULY)

    assert told == volume.Totals(Money(300), Money(700), 1, 1)
    assert volume.ties_out(session)


def test_a_move_without_money_in_the_books_is_noticed(session: Session) -> None:
    order = make.accepted(session)
    before = volume.ties_out(session)
    product = make.listed(session)
    other = make.placed(session, product)
    volume.count(work_of(session, "system"), other, lines.of(session, other.id))
    session.flush()

    assert before
    assert order.id != other.id
    assert not volume.ties_out(session)


def test_a_day_belongs_to_its_period(session: Session) -> None:
    make.accepted(session)
    session.flush()

    on_the_day = volume.totals(session, since=date(2026, 7, 13), until=date(2026, 7, 13))
    day_before = volume.totals(session, since=date(2026, 7, 1), until=date(2026, 7, 12))

    assert (on_the_day.tx_count, day_before.tx_count) == (1, 0)


@pytest.mark.parametrize(
    ("seller", "related", "fen", "reason"),
    [
        ("org_buyer", False, 1, "self_trade"),
        ("org_seller", True, 1, "related_party"),
        ("org_seller", False, 0, "zero_price"),
        ("org_seller", False, 1, None),
    ],
)
def test_hard_rules_exclude_without_judgement(
    seller: str, related: bool, fen: int, reason: str | None
) -> None:
    found = volume.exclusion(
        buyer_id="org_buyer", seller_id=seller, related=related, amount=Money(fen)
    )

    assert found == reason


def test_a_ranking_adds_up_by_product(session: Session) -> None:
    small = make.listed(session, price_plan=price(300))
    large = make.listed(session, price_plan=price(700), industry="G")
    for product in (small, large, large):
        make.accepted(session, product)
    session.flush()

    by_product = volume.ranking(session, "products", **JULY, limit=10)
    by_industry = volume.ranking(session, "industries", **JULY, limit=10)
    by_merchant = volume.ranking(session, "merchants", **JULY, limit=10)

    assert [(place.rank, place.row.key, place.row.value_fen) for place in by_product] == [
        (1, large.id, 1400),
        (2, small.id, 300),
    ]
    assert [place.row.key for place in by_industry] == ["G", "M"]
    assert [(place.row.value_fen, place.row.count, place.share_bp) for place in by_merchant] == [
        (1700, 3, 10_000)
    ]
    assert by_product[0].row.reached_at == make.AFTER_PUBLICITY
    assert by_product[0].change is None


def test_a_ranking_tells_the_change_since_the_days_before(
    session: Session, work_as: WorkAs
) -> None:
    product = make.listed(session, price_plan=price(300))
    make.accepted(session, product)
    for _ in range(2):
        next_day = work_as("per_buyer_editor", at=make.days_later(1, make.AFTER_PUBLICITY))
        orders.take(next_day, make.delivered(session, product).id, "accept")
    session.flush()

    day = date(2026, 7, 14)
    ranked = volume.ranking(session, "products", since=day, until=day, limit=10)

    assert [(place.row.value_fen, place.change, place.growth_bp) for place in ranked] == [
        (600, 0, 10_000)
    ]


def test_a_ranking_is_no_longer_than_asked(session: Session) -> None:
    for fen in (100, 200, 300):
        make.accepted(session, make.listed(session, price_plan=price(fen)))
    session.flush()

    first = volume.ranking(session, "products", **JULY, limit=1)

    assert [place.row.value_fen for place in first] == [300]
    assert [place.share_bp for place in first] == [5000]


def test_months_without_trade_are_there(session: Session) -> None:
    make.accepted(session)
    session.flush()

    told = volume.months(session, last=3, today=date(2026, 8, 1))

    assert told == [
        Month("2026-06", Money(0)),
        Month("2026-07", Money(1_000_000)),
        Month("2026-08", Money(0)),
    ]


def test_months_go_back_over_the_new_year(session: Session) -> None:
    told = volume.months(session, last=3, today=date(2026, 1, 31))

    assert [month.month for month in told] == ["2025-11", "2025-12", "2026-01"]


@given(st.dates(min_value=date(1990, 1, 1)), st.integers(1, 60))
def test_months_follow_each_other(today: date, last: int) -> None:
    found = volume.months_until(today, last)

    assert len(set(found)) == last
    assert found == sorted(found)
    assert found[-1] == today.isoformat()[:7]


def test_a_move_never_changes(session: Session) -> None:
    make.accepted(session)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE volume_moves SET counted = 0"))


def test_the_day_is_the_day_in_shanghai(session: Session, work_as: WorkAs) -> None:
    order = make.delivered(session)
    late = work_as("per_buyer_editor", at=datetime(2026, 7, 31, 17, tzinfo=UTC))
    orders.take(late, order.id, "accept")

    assert move(session, order).accepted_on == date(2026, 8, 1)


def test_the_home_page_is_told_the_first_and_the_latest_trades(
    session: Session, work_as: WorkAs
) -> None:
    nothing = volume.began_on(session)
    product = make.listed(session)
    board = make.board(session)
    admissions.admit(work_as("per_exchange_listing"), board.id, product.id)
    first, second = make.accepted(session, product), make.accepted(session)
    make.accepted(session, is_related_party=True)
    session.flush()

    latest = volume.latest(session, limit=10)

    assert nothing is None
    assert volume.began_on(session) == date(2026, 7, 13)
    assert {each.order_id for each in latest} == {first.id, second.id}
    assert volume.by_board(session) == {board.id: Money(1_000_000)}
