"""A lot goes to the highest bid; nobody reads a sealed one before its opening."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.crypto import canonical
from kernel.engines import Engines
from kernel.errors import Invalid, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from marketplace import lines, orders, progress
from marketplace.auctions import bids, closing, lots
from marketplace.auctions.lots import Lot, State
from settlement.ledger import AccountRef, Overdrawn
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.auctions.hammer import (
    AFTER,
    CLOSES,
    DURING,
    OPENS,
    bid,
    entered,
    hold,
    lot,
    product,
)
from tests.settlement.bookkeeping import on, on_postgresql
from tests.settlement.test_races import at_once

BUYER, OTHER = "per_buyer_signer", "per_other_editor"


def both(session: Session, form: str = "sealed") -> Lot:
    """Open a lot with two bidders."""
    it = lot(session, form)
    entered(session, it, BUYER, "org_buyer")
    entered(session, it, OTHER, "org_other")
    return it


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in refused.value.refusals]


def wallet(session: Session, owner: str) -> int:
    return on(session, AccountRef("2241.wallet", owner))


def test_the_highest_sealed_bid_wins_and_the_loser_has_the_deposit_back(session: Session) -> None:
    it = both(session)
    assert wallet(session, "org_other") == 40_000
    bid(session, it, BUYER, 120_000)
    bid(session, it, OTHER, 150_001)

    hold(session, AFTER)

    opened = bids.openings(session, it.id)
    assert (it.state, it.winner_id, it.highest) == (State.AWARDED, "org_other", 150_001)
    assert [each.amount for each in opened] == [150_001, 120_000]
    assert all(each.holds for each in opened)
    assert (wallet(session, "org_buyer"), wallet(session, "org_other")) == (50_000, 40_000)


def test_with_the_secret_anybody_can_reckon_the_digest_of_an_opened_bid(session: Session) -> None:
    it = both(session)
    made = bid(session, it, BUYER, 120_000)
    hold(session, AFTER)

    (opening,) = bids.openings(session, it.id)

    said = {"amount": opening.amount, "bid": made.id, "secret": opening.secret}
    assert work_of(session, "system").crypto.digest(canonical(said)) == made.digest


def test_of_two_equal_sealed_bids_the_earlier_wins(session: Session) -> None:
    it = both(session)
    bid(session, it, OTHER, 130_000)
    bid(session, it, BUYER, 130_000, at=DURING + timedelta(minutes=1))

    hold(session, AFTER)

    assert it.winner_id == "org_other"


def test_a_sealed_bid_stands_nowhere_in_clear_before_the_opening(session: Session) -> None:
    it = both(session)
    bid(session, it, BUYER, 137_913)
    session.commit()

    tables = session.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'table'")
        if session.get_bind().dialect.name == "sqlite"
        else text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    ).scalars()
    found = {
        table
        for table in tables.all()
        for row in session.execute(text(f'SELECT * FROM "{table}"')).all()
        if "137913" in str(row) or "1379.13" in str(row) or "1,379.13" in str(row)
    }
    assert found == set()
    assert it.highest is None
    hold(session, AFTER)
    assert it.highest == 137_913


def test_open_bids_rise_by_the_step_and_a_late_one_prolongs(session: Session) -> None:
    it = both(session, "english")
    bid(session, it, BUYER, 100_000)
    for low, code in ((99_999, "BELOW_RESERVE"), (104_999, "BELOW_STEP")):
        with pytest.raises(StepRefused) as refused:
            bid(session, it, OTHER, low)
        assert code in codes(refused)
    bid(session, it, OTHER, 105_000)
    late = CLOSES - timedelta(minutes=2)
    bid(session, it, BUYER, 110_000, at=late)

    assert (it.closes_at, it.extensions) == (late + timedelta(minutes=5), 1)
    assert hold(session, CLOSES) == 0
    hold(session, late + timedelta(minutes=5))
    assert (it.winner_id, it.highest) == ("org_buyer", 110_000)


def test_an_end_is_put_off_only_so_often(session: Session) -> None:
    it = both(session, "english")
    it.extensions = 24

    bid(session, it, BUYER, 100_000, at=CLOSES - timedelta(minutes=1))

    assert (it.closes_at, it.extensions) == (CLOSES, 24)


def test_who_may_not_bid_is_told_why(session: Session) -> None:
    it = lot(session)
    for at, code in ((OPENS, "NOT_ENTERED"), (AFTER, "LOT_NOT_OPEN")):
        with pytest.raises(StepRefused) as refused:
            bid(session, it, BUYER, 100_000, at=at)
        assert code in codes(refused)
    entered(session, it, BUYER, "org_buyer")
    bid(session, it, BUYER, 100_000)
    with pytest.raises(StepRefused) as refused:
        bid(session, it, BUYER, 200_000)
    assert codes(refused) == ["ALREADY_SEALED"]
    with pytest.raises(Invalid):
        bid(session, it, BUYER, 0)
    with pytest.raises(StepNotAllowed):
        bid(session, it, "per_developer_editor", 100_000)


def test_entering_asks_what_an_order_asks_and_takes_the_deposit_once(session: Session) -> None:
    it = lot(session)
    with pytest.raises(Overdrawn):
        bids.enter(work_of(session, BUYER, at=OPENS), it.id, make.use())
    session.expunge_all()
    it = lots.find(session, it.id)
    entered(session, it, BUYER, "org_buyer")

    again = bids.enter(work_of(session, BUYER, at=OPENS), it.id, make.use())

    assert again.bidder_id == "org_buyer"
    assert wallet(session, "org_buyer") == 40_000
    with pytest.raises(StepRefused) as refused:
        bids.enter(work_of(session, OTHER, at=AFTER), it.id, make.use())
    assert codes(refused) == ["LOT_CLOSED"]


def test_a_lot_without_bids_is_passed_in(session: Session) -> None:
    sealed, english = lot(session), lot(session, "english")
    entered(session, sealed, BUYER, "org_buyer")

    assert hold(session, AFTER) == 2

    assert (sealed.state, english.state) == (State.UNSOLD, State.UNSOLD)
    assert wallet(session, "org_buyer") == 50_000


def test_only_ones_own_listed_auction_is_announced_and_later_than_now(session: Session) -> None:
    found = product(session)

    def announce(person: str, product_id: str = found.id, opens: int = 0) -> None:
        work = work_of(session, person, at=OPENS)
        begins = OPENS + timedelta(hours=opens)
        lots.schedule(work, product_id, opens_at=begins, closes_at=CLOSES)

    with pytest.raises(StepNotAllowed):
        announce(BUYER)
    for product_id, opens in ((make.listed(session).id, 0), (found.id, -1), (found.id, 7)):
        with pytest.raises(Invalid):
            announce("per_developer_editor", product_id, opens)


def test_a_lot_that_has_not_begun_may_be_cancelled_and_deposits_go_back(session: Session) -> None:
    it = lot(session, opened=False)
    entered(session, it, BUYER, "org_buyer")

    closing.cancel(work_of(session, "per_developer_editor", at=OPENS), it.id, reason="调整")

    assert it.state == State.CANCELLED
    assert wallet(session, "org_buyer") == 50_000
    with pytest.raises(Exception, match="no lot"):
        lots.find(session, "lot_none")
    with pytest.raises(Exception, match="no lot"):
        lots.locked(session, "lot_none")


def won(session: Session) -> Lot:
    it = both(session)
    bid(session, it, BUYER, 150_000)
    bid(session, it, OTHER, 120_000)
    hold(session, AFTER)
    return it


def test_the_winner_orders_at_its_bid_and_has_the_deposit_back_when_it_paid(
    session: Session,
) -> None:
    it = won(session)
    with pytest.raises(StepNotAllowed):
        closing.order(work_of(session, OTHER, at=AFTER), it.id)

    order = closing.order(work_of(session, BUYER, at=AFTER), it.id)
    session.flush()
    (line,) = lines.of(session, order.id)

    assert (order.total, line.amount, it.state) == (Money(150_000), Money(150_000), State.ORDERED)
    assert line.price_plan["price"]["minor"] == 150_000
    with pytest.raises(Invalid):
        closing.order(work_of(session, BUYER, at=AFTER), it.id)
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=AFTER), order.id)
    progress.mark_paid(work_of(session, "system", at=AFTER), make.fund(session, order))
    event = Event(kind="order.paid", subject=order.id, data={})
    for _ in range(2):
        closing.paid(work_of(session, "system", at=AFTER), event)
    closing.paid(work_of(session, "system"), Event(kind="order.paid", subject="ord_x", data={}))

    assert it.state == State.SOLD
    assert wallet(session, "org_buyer") == 50_000


@pytest.mark.parametrize("ordered", [False, True])
def test_a_winner_that_withdraws_loses_the_deposit_to_the_seller(
    session: Session, ordered: bool
) -> None:
    it = won(session)
    house = work_of(session, "system", at=AFTER)
    if ordered:
        order = closing.order(work_of(session, BUYER, at=AFTER), it.id)
        session.flush()
        event = Event(kind="order.cancelled", subject=order.id, data={})
        for _ in range(2):
            closing.fell_through(house, event)
    else:
        lots.take(house, it.id, "forfeit")

    assert it.state == State.FORFEITED
    assert wallet(session, "org_buyer") == 40_000
    assert on(session, AccountRef("2202.merchant", "org_developer")) == 10_000


@pytest.mark.slow
@on_postgresql
def test_eight_who_bid_at_once_are_taken_one_at_a_time(engines: Engines) -> None:
    with engines.writing() as session:
        lot_id = both(session, "english").id
        session.commit()

    def offer(number: int) -> int:
        taken = 0
        for step in range(10):
            with engines.writing() as session:
                person = BUYER if number % 2 else OTHER
                try:
                    bid(session, lots.find(session, lot_id), person, 100_000 + 5_000 * step)
                except StepRefused:
                    continue
                session.commit()
                taken += 1
        return taken

    taken = sum(at_once(offer))

    with engines.reading() as session:
        amounts = [each.amount or 0 for each in bids.of_lot(session, lot_id)]
        assert taken == len(amounts)
        assert amounts == sorted(set(amounts))
        assert lots.find(session, lot_id).highest == amounts[-1] == 145_000
