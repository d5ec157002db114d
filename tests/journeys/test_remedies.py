"""What a dispute may end in besides all the money back, over HTTP: asked, ruled, done, booked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import worker
from app.unit import Exchange
from delivery import tasks
from kernel.money import Money
from marketplace import versions
from marketplace.orders import Order
from settlement import escrow, fsck, ledger, turnover
from settlement.dividing import frozen
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import As
from tests.journeys import disputing
from tests.journeys.paying import pay_back, settled
from tests.journeys.speaking import ok, post
from tests.journeys.test_long_deals import fen
from tests.marketplace import make
from tests.marketplace.aftercare.test_remedies import second

PRICE = 1_000_000
NOW = disputing.NOW
TERM, LEFT = 80, 60
"""Days of use since the acceptance, and how many of them are left."""


class Case:
    """A dispute about one order, and what its money has come to.

    where: its door.
    """

    def __init__(
        self, application: Exchange, as_: As, bring: Callable[[Session], Order], **claim: Any
    ) -> None:
        self.application, self.as_ = application, as_
        self.buyer, self.seller = as_("per_buyer_editor"), as_("per_developer_editor")
        self.order_id = disputing.ordered(application, bring)
        said = {"order_id": self.order_id, "ground": "quality", "claim": "缺三个站点", **claim}
        made = post(self.buyer, "/trade-disputes", 201, **said)
        self.hold_id, self.where = made["hold_id"], f"/trade-disputes/{made['id']}"

    def ruled(self, **decision: Any) -> Any:
        """Have it ruled, the ruling accepted, and everything done that follows."""
        found = disputing.ruled(self.as_, self.where, **decision)
        worker.drain(self.application.house)
        if found["refund_id"] is not None:
            pay_back(self.application, self.as_, found["refund_id"])
        return ok(self.buyer.get(f"/api{self.where}"))

    def state(self) -> tuple[str, str]:
        """Return where the dispute and its order stand."""
        order = ok(self.buyer.get(f"/api/orders/{self.order_id}"))
        return ok(self.buyer.get(f"/api{self.where}"))["state"], order["state"]

    def refused(self, **decision: Any) -> str:
        """Have an officer try to rule so; return the field that is wrong."""
        officer = self.as_("per_exchange_compliance")
        told = post(officer, f"{self.where}/rule", 422, reason="查明", **decision)
        return str(told["errors"][0]["pointer"])

    def held(self) -> int:
        with self.application.house.engines.reading() as session:
            return ledger.balance(session, AccountRef(frozen.ACCOUNT, self.hold_id)).minor

    def books(self) -> tuple[int, int]:
        """Settle what is due; return what went back and what counts as sold, with whole books."""
        settled(self.application, self.as_, NOW + timedelta(days=60))
        with self.application.house.engines.reading() as session:
            assert fsck.check(session) == ()
            assert escrow.left(session, self.order_id) == Money(0)
            back = refunds.standing(session, self.order_id).refunded
            return back.minor, turnover.sides(session).counted.minor

    def task(self, session: Session) -> tasks.DeliveryTask:
        (found,) = tasks.of_order(session, self.order_id)
        return found


def in_use(session: Session) -> Order:
    """Have an order accepted twenty days ago, of eighty days of use."""
    order = make.accepted(session)
    (task,) = tasks.of_order(session, order.id)
    order.accepted_at = NOW - timedelta(days=TERM - LEFT)
    task.use_until = NOW.date() + timedelta(days=LEFT)
    return order


def renewed(session: Session) -> Order:
    """Have an order delivered, of a product that offers a second version by now."""
    order = make.delivered(session)
    second(session, order, intro="补齐三个站点后的逐日降雨汇总指数，用于理赔参考与定价。")
    return order


def redelivered(case: Case) -> None:
    """Have the seller deliver again and the buyer accept."""
    post(case.seller, f"/orders/{case.order_id}/redeliver")
    worker.drain(case.application.house)
    post(case.buyer, f"/orders/{case.order_id}/accept")
    worker.drain(case.application.house)


@pytest.mark.parametrize("bring", [make.delivered, make.accepted])
def test_a_part_of_the_price_goes_back_and_the_rest_is_settled(
    application: Exchange, as_: As, bring: Callable[[Session], Order]
) -> None:
    case = Case(application, as_, bring, wanted="price_reduction", amount=fen(400_000))
    held = case.held()

    closed = case.ruled(remedy="price_reduction", amount=fen(250_000))

    assert (held, case.held()) == (400_000, 0)
    assert closed["awarded"] == fen(250_000)
    assert case.state() == ("closed", "accepted")
    assert case.books() == (250_000, PRICE - 250_000)
    assert case.state() == ("closed", "completed")


def test_a_seller_that_concedes_gives_back_what_was_asked_without_a_ruling(
    application: Exchange, as_: As
) -> None:
    case = Case(application, as_, make.delivered, wanted="price_reduction", amount=fen(100_000))
    post(as_("per_exchange_compliance"), f"{case.where}/accept")

    post(as_("per_other_editor"), f"{case.where}/concede", 404)
    conceded = post(case.seller, f"{case.where}/concede")
    pay_back(application, as_, conceded["refund_id"])

    assert case.state() == ("closed", "accepted")
    assert case.books() == (100_000, PRICE - 100_000)


def test_it_is_delivered_again_and_then_paid_whole(application: Exchange, as_: As) -> None:
    case = Case(application, as_, make.delivered, wanted="redeliver")

    case.ruled(remedy="redeliver")
    ordered = case.state()
    redelivered(case)

    assert ordered == ("executing", "redelivery")
    assert case.state() == ("closed", "accepted")
    assert case.books() == (0, PRICE)


def test_a_later_version_is_delivered_instead(application: Exchange, as_: As) -> None:
    case = Case(application, as_, renewed, wanted="replace")

    case.ruled(remedy="replace", version_number=2)
    ordered = case.state()
    redelivered(case)

    (task,) = ok(case.buyer.get(f"/api/deliveries?order_id={case.order_id}"))["items"]
    with application.house.engines.reading() as session:
        assert versions.find(session, task["product_version_id"]).number == 2
    assert ordered == ("executing", "redelivery")
    assert case.state() == ("closed", "accepted")
    assert case.books() == (0, PRICE)


def test_a_term_is_lengthened_and_nothing_goes_back(application: Exchange, as_: As) -> None:
    case = Case(application, as_, in_use, wanted="extend")

    case.ruled(remedy="extend", days=30)

    with application.house.engines.reading() as session:
        assert case.task(session).use_until == NOW.date() + timedelta(days=LEFT + 30)
    assert case.held() == 0
    assert case.state() == ("closed", "accepted")
    assert case.books() == (0, PRICE)


def test_an_early_end_gives_back_the_days_that_are_left(application: Exchange, as_: As) -> None:
    case = Case(application, as_, in_use, wanted="terminate")

    closed = case.ruled(remedy="terminate")

    back = PRICE * LEFT // TERM
    with application.house.engines.reading() as session:
        assert case.task(session).state == tasks.State.REVOKED
    assert closed["awarded"] == fen(back)
    assert case.state() == ("closed", "accepted")
    assert case.books() == (back, PRICE - back)


def test_a_correction_is_done_confirmed_and_costs_nothing(application: Exchange, as_: As) -> None:
    case = Case(application, as_, make.accepted, wanted="correct")
    officer = as_("per_exchange_compliance")

    case.ruled(remedy="correct", undertaking="更正站点数并公开致歉")
    early = post(officer, f"{case.where}/verify", 409)
    post(case.seller, f"{case.where}/comply", complied="已更正")
    post(officer, f"{case.where}/send-back", reason="未致歉")
    post(case.seller, f"{case.where}/comply", complied="已更正并致歉")
    own = post(case.seller, f"{case.where}/verify", 403)
    post(officer, f"{case.where}/verify")

    assert early["refusals"][0]["code"] == "NOT_CORRECTED"
    assert own["type"] == "/problems/step-not-allowed"
    assert case.state() == ("closed", "accepted")
    assert case.books() == (0, PRICE)


def test_what_does_not_fit_is_refused_with_its_place_and_the_money_stays_held(
    application: Exchange, as_: As
) -> None:
    case = Case(application, as_, make.delivered, wanted="price_reduction", amount=fen(400_000))
    disputing.heard(as_, case.where)

    assert case.refused(remedy="price_reduction", amount=fen(PRICE + 1)) == "/amount"
    assert case.refused(remedy="price_reduction") == "/amount"
    assert case.refused(remedy="redeliver", amount=fen(1)) == "/amount"
    assert case.refused(remedy="terminate") == "/remedy"
    assert case.refused(remedy="extend", days=30) == "/remedy"
    assert case.refused(remedy="replace", version_number=2) == "/version_number"
    assert case.refused(remedy="correct") == "/undertaking"
    assert case.held() == 400_000
    assert case.state() == ("ruling", "disputed")
