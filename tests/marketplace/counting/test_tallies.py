"""Tallies and what waits are all moves, at any moment; and tallies can be recomputed (I-66)."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.money import Money
from marketplace import volume
from marketplace.counting import adding, reading, recomputing, spans, tallies
from marketplace.counting.moves import Bit, VolumeMove, VolumeRoundMove, VolumeWaiting
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement.bookkeeping import on_sqlite

SINCE, UNTIL = date(2025, 12, 1), date(2026, 3, 31)
FIRST = datetime(2025, 12, 1, 4, tzinfo=UTC)
PERIODS = ("D2026-01-01", "W2026-01", "M2026-01", "Q2026-1", "Y2026", "T2026-02", "A")
MOVES = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.integers(0, 120),
            "merchant_id": st.sampled_from(["org_a", "org_b"]),
            "product_id": st.sampled_from(["prd_a", "prd_b", "prd_c"]),
            "industry": st.sampled_from(["I", "M"]),
            "board_id": st.sampled_from(["", "brd_a"]),
            "registered": st.booleans(),
            "counted": st.integers(-900, 900),
            "excluded": st.integers(-900, 900),
            "opens": st.integers(0, Bit.ALL),
            "trades": st.sampled_from([-1, 0, 1]),
            "frees": st.sampled_from([0, Bit.ORDER]),
        }
    ),
    max_size=12,
)


def write(session: Session, told: dict[str, Any], number: int, order_id: str) -> None:
    at = FIRST + timedelta(days=told["day"], seconds=number)
    move = {name: told[name] for name in told if name != "day"}
    session.add(
        VolumeMove(
            cause="adjusted",
            source_id=f"src_{number}",
            subject_id=f"lin_{number}",
            seq=1,
            order_id=None if told["registered"] else order_id,
            buyer_id="org_buyer",
            application_field="f",
            region="430100",
            accepted_at=at,
            accepted_on=at.date(),
            accepted_month=f"{at:%Y-%m}",
            reason=None,
            **move,
        )
    )
    session.flush()


def everything(session: Session) -> dict[str, Any]:
    """Return what is told, in every way in which it is read."""
    told: dict[str, Any] = {
        f"{kind} {code}": reading.in_period(session, kind, spans.parse(code))
        for kind in adding.KINDS
        for code in PERIODS
    }
    for kind in adding.KINDS:
        told[kind] = reading.summed(session, kind, since=SINCE, until=UNTIL)
    told["months"] = volume.months(session, last=5, today=UNTIL)
    return {
        name: {key: sums for key, sums in found.items() if sums != adding.Sums()}
        if isinstance(found, dict)
        else found
        for name, found in told.items()
    }


@on_sqlite
def test_i_66_a_round_changes_nothing_of_what_is_told(session: Session) -> None:
    order = make.accepted(session)
    session.flush()
    numbers = count()

    @given(MOVES, st.data())
    @settings(
        max_examples=25, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    def walk(told: list[dict[str, Any]], data: st.DataObject) -> None:
        for each in told:
            write(session, each, next(numbers), order.id)
            if data.draw(st.booleans()):
                before = everything(session)
                tallies.tally(work_of(session, "system"))
                assert everything(session) == before
        assert list(recomputing.differences(session)) == []

    walk()


def test_i_63_kinds_add_up_to_the_whole_in_every_period(session: Session) -> None:
    price = {"kind": "one_off", "price": {"minor": 300, "currency": "CNY"}}
    first = make.listed(session, price_plan=price)
    for product in (first, make.listed(session, industry="G"), first):
        watched.accepted(session, make.paid(session, product))
    watched.registered(session)
    tallies.tally(work_of(session, "system"))
    watched.accepted(session, make.paid(session, first, is_related_party=True))

    for code in ("Y2026", "Q2026-3", "M2026-07", "T2026-07", "A"):
        whole = reading.in_period(session, "all", spans.parse(code))[""]
        assert (whole.counted, whole.excluded, whole.trades) == (1_000_600, 300, 3)
        assert (whole.registered, whole.deals) == (250_000, 1)
        for kind in adding.KINDS:
            parts = adding.Sums()
            for sums in reading.in_period(session, kind, spans.parse(code)).values():
                parts.add(sums)
            assert parts == whole, (kind, code)
    assert volume.ties_out(session)


def test_every_move_waits_and_is_taken_up_once(session: Session) -> None:
    for _ in range(3):
        make.accepted(session)
    session.flush()
    work = work_of(session, "system")
    waited = session.scalars(select(func.count()).select_from(VolumeWaiting)).one()

    assert (waited, tallies.tally(work), tallies.tally(work)) == (3, 3, 0)
    taken = session.scalars(select(VolumeRoundMove.round_number)).all()
    assert taken == [1, 1, 1]


def test_a_round_takes_no_more_than_it_may(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "ROUND_MAX", 2)
    for _ in range(3):
        make.accepted(session)
    session.flush()
    work = work_of(session, "system")

    assert [tallies.tally(work) for _ in range(3)] == [2, 1, 0]
    assert list(recomputing.differences(session)) == []


def test_a_tally_that_was_changed_by_hand_is_found(session: Session) -> None:
    make.accepted(session)
    session.flush()
    tallies.tally(work_of(session, "system"))
    own = (tallies.VolumeTally.kind == "merchants") & (tallies.VolumeTally.period == "Y2026")

    session.execute(update(tallies.VolumeTally).where(own).values(counted=1))
    changed = list(recomputing.differences(session))
    session.execute(delete(tallies.VolumeTally).where(own))
    missing = list(recomputing.differences(session))

    assert changed == missing == [("merchants", "Y2026", "org_developer")]


@pytest.mark.parametrize("table", ["volume_moves", "volume_rounds", "volume_round_moves"])
def test_what_was_counted_is_never_unwritten(session: Session, table: str) -> None:
    make.accepted(session)
    session.flush()
    tallies.tally(work_of(session, "system"))
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(f"DELETE FROM {table}"))


def test_an_order_of_two_lines_is_one_trade_and_one_of_each_product(session: Session) -> None:
    small, large = make.listed(session), make.listed(session)
    order = make.accepted(session, small)
    session.flush()
    (first,) = session.scalars(select(VolumeMove)).all()
    write(
        session,
        {
            "day": 200, "merchant_id": first.merchant_id, "product_id": large.id,
            "industry": first.industry, "board_id": "", "registered": False, "counted": 5,
            "excluded": 0, "opens": Bit.PRODUCT, "trades": 1, "frees": 0,
        },
        9,
        order.id,
    )  # fmt: skip
    ever = spans.parse(spans.EVER)

    assert reading.in_period(session, "all", ever)[""].trades == 1
    assert reading.in_period(session, "merchants", ever)[first.merchant_id].trades == 1
    by_product = reading.in_period(session, "products", ever)
    assert {key: sums.trades for key, sums in by_product.items()} == {small.id: 1, large.id: 1}
    assert volume.totals(session, since=SINCE, until=date(2026, 12, 31)).counted == Money(1_000_005)
