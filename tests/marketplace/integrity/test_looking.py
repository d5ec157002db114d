"""Trades are looked at once, some while after their acceptance, and when something is heard."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import journal
from kernel.journal import Event
from kernel.money import Money
from kernel.parties import admission, organisations, relations
from kernel.parties.relations import Kind, Other
from marketplace import volume
from marketplace.integrity import flags, looking
from marketplace.integrity.flags import IntegrityFlag, State
from marketplace.orders import Order
from marketplace.products import Product
from marketplace.volume import VolumeMove
from settlement import fsck
from tests import cast
from tests.conftest import WorkAs
from tests.kernel.parties import entry
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money

SOON = watched.DAY + timedelta(minutes=4)
LATER = watched.DAY + timedelta(minutes=6)


def traded(session: Session, product: Product | None = None, **changes: Any) -> Order:
    return watched.accepted(session, make.paid(session, product, **changes))


def look(session: Session, *, limit: int = 50) -> int:
    raised = looking.look(watched.by(session, at=LATER), limit=limit)
    session.flush()
    return raised


def raised(session: Session) -> set[tuple[str, str, str]]:
    session.flush()
    return {(one.order_id, one.rule, one.state) for one in session.scalars(select(IntegrityFlag))}


def tie(session: Session, **more: Any) -> relations.Tie:
    officer = watched.by(session, "per_exchange_compliance", at=watched.DAY)
    other = Other(name="演示·保险公司", uscc=cast.ORGANISATIONS["org_buyer"][0])
    made = relations.declare(officer, "org_developer", other=other, **more)
    session.flush()
    return made


def old(session: Session, *firms: str) -> None:
    """Let these have entered a year before they trade."""
    for firm in firms:
        found = organisations.find(session, firm)
        found.entered_at = watched.DAY - timedelta(days=365)


def filed(session: Session, firm: str, established_on: date) -> None:
    """Let a firm have filed when it was established."""
    facts = {name: entry.FACTS[name] for name in entry.FACTS if name != "legal_rep_id_number"}
    session.add(
        admission.Admission(
            **facts | {"established_on": established_on},
            organisation_id=firm,
            legal_rep_id_hash="h",
            legal_rep_id_masked="4301***",
            supplemented=False,
            filed_at=watched.DAY,
        )
    )
    session.flush()


def test_strangers_at_the_usual_price_are_not_suspected(session: Session) -> None:
    traded(session)

    assert look(session) == 0
    assert raised(session) == set()


def test_one_house_on_both_sides_is_out_at_once(session: Session) -> None:
    placed = make.paid(session)  # before the tie, so that nothing was known of it
    made = tie(session, kind=Kind.SHAREHOLDER, share_bp=2_500)
    order = watched.accepted(session, placed)

    assert look(session) == 1

    (flag,) = flags.of_order(session, order.id)
    assert (flag.rule, flag.state) == ("H2", State.CONFIRMED)
    assert flag.evidence == {
        "ties": [{"tie_id": made.id, "kind": "shareholder", "share_bp": 2_500}]
    }
    assert volume.latest(session, limit=9) == []
    assert fsck.check(session) == ()


def test_a_small_share_makes_no_house(session: Session) -> None:
    tie(session, kind=Kind.SHAREHOLDER, share_bp=2_499)
    traded(session)

    assert look(session) == 0


def test_what_never_counted_is_not_flagged(session: Session) -> None:
    tie(session, kind=Kind.SAME_GROUP)
    traded(session)

    assert look(session) == 0


def test_a_trade_is_looked_at_when_it_is_old_enough_and_once(session: Session) -> None:
    first, second = traded(session), traded(session)
    tie(session, kind=Kind.SAME_CONTROLLER)

    assert looking.look(watched.by(session, at=SOON), limit=50) == 0
    assert [look(session, limit=1), look(session, limit=1), look(session, limit=1)] == [1, 1, 0]
    assert raised(session) == {(one.id, "H2", "confirmed") for one in (first, second)}


def test_a_tie_that_is_declared_later_is_heard_of(session: Session) -> None:
    order = traded(session)
    look(session)
    made = tie(session, kind=Kind.DECLARED, since=watched.DAY.date())
    (heard,) = (one for one in journal.history(session, "org_developer", limit=9)
                if one.kind == "tie.declared")  # fmt: skip
    assert heard.data["tie"] == made.id

    for _ in range(2):
        looking.tied(watched.by(session, at=LATER), heard)
    assert raised(session) == {(order.id, "H3", "confirmed")}


def test_a_tie_that_began_after_the_trade_says_nothing_of_it(session: Session) -> None:
    traded(session)
    made = tie(session, kind=Kind.DECLARED, since=watched.DAY.date() + timedelta(days=1))

    for told in (made.id, "tie_none"):
        event = Event(kind="tie.declared", subject="org_developer", data={"tie": told})
        looking.tied(watched.by(session, at=LATER), event)

    assert raised(session) == set()


@pytest.mark.parametrize(("fen", "found"), [(800_000, True), (799_999, False)])
def test_what_went_back_nearly_whole_was_no_trade(
    session: Session, work_as: WorkAs, fen: int, found: bool
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = traded(session)
    refund = watched.asked(session, order, fen)
    event = Event(kind="refund.succeeded", subject=refund.id, data={"order_id": order.id})

    looking.refunded(watched.by(session), event)
    assert raised(session) == set()  # it was asked for, and may still be withdrawn

    watched.arrived(session, refund)
    for _ in range(2):
        looking.refunded(watched.by(session), event)
    assert raised(session) == ({(order.id, "H4", "confirmed")} if found else set())


def test_a_ring_sets_each_of_its_trades_aside(session: Session) -> None:
    old(session, "org_developer", "org_buyer")
    order, back = traded(session), make.paid(session)
    (there,) = session.scalars(select(VolumeMove).where(VolumeMove.order_id == order.id))
    session.add(_turned(there, back))

    assert look(session) == 2

    assert raised(session) == {(one.id, "S1", "open") for one in (order, back)}


def _turned(move: VolumeMove, order: Order) -> VolumeMove:
    """Return what would be written of a trade that goes the other way."""
    names = ("cause", "seq", "product_id", "industry", "application_field", "region", "board_id",
             "registered", "opens", "trades", "frees", "accepted_at", "accepted_on",
             "accepted_month", "excluded")  # fmt: skip
    return VolumeMove(
        **{name: getattr(move, name) for name in names},
        source_id="orl_back",
        subject_id="orl_back",
        order_id=order.id,
        merchant_id=move.buyer_id,
        buyer_id=move.merchant_id,
        counted=move.counted * 9 // 10,
    )


def test_five_trades_of_two_newcomers_wait_for_a_person(session: Session) -> None:
    product = make.listed(session)
    orders = [traded(session, product) for _ in range(4)]
    assert look(session) == 0
    orders.append(traded(session, product))

    assert look(session) == 5

    assert raised(session) == {(one.id, "S6", "open") for one in orders}
    days = {"since": watched.DAY.date(), "until": watched.DAY.date()}
    assert volume.totals(session, **days).counted == Money(0)


def test_old_firms_may_have_one_buyer(session: Session) -> None:
    old(session, "org_buyer")
    product = make.listed(session)
    for _ in range(5):
        traded(session, product)

    assert look(session) == 0


@pytest.mark.parametrize(("established_on", "suspected"), [
    (date(2016, 5, 9), 0), (date(2026, 6, 1), 5),
])  # fmt: skip
def test_a_firm_is_as_old_as_it_filed_and_not_as_its_entry(
    session: Session, established_on: date, suspected: int
) -> None:
    filed(session, "org_buyer", established_on)
    product = make.listed(session)
    for _ in range(5):
        traded(session, product)

    assert look(session) == suspected
