"""Terms of subscriptions that are kept late: begun before terms were, or paused and given back."""

from typing import Final

from sqlalchemy import select

from kernel.clock import local_date
from kernel.journal import Event
from kernel.work import Work
from marketplace.renewing import renewals
from marketplace.terms import rows
from marketplace.terms.rows import SubscriptionTerm
from settlement.metering import subscriptions
from settlement.metering.subscriptions import TO_COME, SubscriptionSlice

_SERVED: Final = sorted(TO_COME)


def keep(work: Work, *, limit: int) -> int:
    """Keep, as the house, the terms that are still served and have no row: a job.

    Returns how many. One SELECT on an index, and some for each; a second run finds none. What
    was over before is left as it was sold.
    """
    kept = select(SubscriptionTerm.id).where(
        SubscriptionTerm.order_id == SubscriptionSlice.order_id
    )
    statement = (
        select(SubscriptionSlice.order_id)
        .where(
            SubscriptionSlice.outcome.in_(_SERVED),
            SubscriptionSlice.last_on >= local_date(work.now),
            ~kept.exists(),
        )
        .distinct()
        .order_by(SubscriptionSlice.order_id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for order_id in found:
        renewals.keep(work.as_system(), order_id)
    return len(found)


def refund_withdrawn(work: Work, event: Event) -> None:
    """After "refund.cancelled": what comes back to a paused term is paused as well.

    Two SELECTs; a second time nothing changes.
    """
    term = rows.of_order(work.session, event.data.get("order_id") or "")
    if term is not None and term.paused_on is not None:
        subscriptions.pause(work.as_system(), term.order_id, on=term.paused_on)
