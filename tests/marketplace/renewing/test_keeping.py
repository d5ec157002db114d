"""What comes back to a paused term stays paused."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from kernel.money import Money
from marketplace.renewing import keeping, renewals
from settlement import fsck
from settlement.metering import subscriptions
from settlement.metering.subscriptions import Outcome
from settlement.refunding import refunds
from tests.conftest import WorkAs
from tests.marketplace import make
from tests.marketplace.renewing.test_renewals import happened, kept, on, product
from tests.settlement import money

__all__ = ["product"]

PAUSED = date(2026, 7, 20)


@pytest.mark.parametrize("of_the_rest", [True, False])
def test_a_refund_that_is_withdrawn_leaves_a_paused_term_paused(
    session: Session, work_as: WorkAs, product: object, of_the_rest: bool
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    term = kept(session, make.accepted(session, product, quantity=2))  # type: ignore[arg-type]  # a fixture
    renewals.take(work_as("per_buyer_editor", at=on(PAUSED)), term.id, "pause")
    session.flush()
    rest = sum((one.amount for one in to_come(session, term.order_id)), Money(0))
    settler = work_as("per_exchange_settler", at=on(PAUSED))
    asked = rest if of_the_rest else Money(5_000)
    refund = refunds.request(settler, order_id=term.order_id, amount=asked, reason="退")
    session.flush()
    refunds.take(settler, refund.id, "cancel", reason="不退了")
    session.flush()

    for _ in range(2):  # an errand may run twice
        event = happened(session, refund.id, "refund.cancelled")
        keeping.refund_withdrawn(work_as("system", at=on(PAUSED)), event)
        session.flush()

    found = to_come(session, term.order_id)
    assert {one.outcome for one in found} == {Outcome.PAUSED}
    assert sum((one.amount for one in found), Money(0)) == rest
    assert subscriptions.earn_due(work_as("system", at=on(date(2026, 9, 30))), limit=9) == []
    assert fsck.check(session) == ()


def to_come(session: Session, order_id: str) -> list[subscriptions.SubscriptionSlice]:
    found = subscriptions.of_order(session, order_id)
    return [one for one in found if one.outcome in subscriptions.TO_COME]
