"""A subscription that ends early (提前终止包期): what was used is earned, the rest goes back."""

from datetime import date

from kernel.clock import local_date
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.work import Work
from settlement import access
from settlement.metering import subscriptions
from settlement.refunding import refunds
from settlement.refunding.rows import Refund


def end(work: Work, order_id: str, *, on: date, reason: str, fee_refund: bool = False) -> Refund:
    """End an order's subscriptions after the day `on`, and refund the days that were not used.

    The days up to `on` are earned by their share. Raises StepNotAllowed, Invalid for a day to
    come, StepRefused when nothing is to be served any more, NotRefundable.
    """
    access.require(work, refunds.maker, "subscription.end")
    if on > local_date(work.now):
        raise Invalid("终止日不得晚于今天", "it cannot end in days to come", pointer="/on")
    unused = subscriptions.stop(work, order_id, on=on)
    if not unused.minor:
        zh, en = "该订单没有未履行的包期", "no term of the order is still to be served"
        raise StepRefused.of([Refusal("NO_TERM_LEFT", zh, en)])
    work.session.flush()  # the periods that were divided are read back
    return refunds.request(
        work, order_id=order_id, amount=unused, reason=reason, fee_refund=fee_refund
    )
