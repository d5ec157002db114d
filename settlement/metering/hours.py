"""What happens at the end of an hour, and whether a meter admits one more use."""

from kernel.errors import Refusal
from kernel.journal import Event
from kernel.work import Work
from settlement.metering import bills, buckets, credit_limits, meters, usage, wallets
from settlement.metering.meters import Basis, Meter, Mode, Stop


def close(work: Work, *, limit: int) -> int:
    """Close the hours that are over, and draw or reckon what they come to; return how many.

    A wallet that is empty, or a credit that is used up, stops the meter.
    """
    closed = usage.close_due(work, limit=limit)
    # The buckets must be seen as closed by the sums below.
    work.session.flush()
    for bucket in closed:
        meter = meters.find(work.session, bucket.meter_id)
        if meter.mode == Mode.WALLET:
            wallets.draw(work, meter.id, bucket.period, bucket.id)
        elif credit_limits.exhausted(work, meter.buyer_id):
            meters.stop(work, meter, Stop.CREDIT_EXHAUSTED)
    return len(closed)


def refusal(work: Work, meter: Meter) -> Refusal | None:
    """Return why the meter admits no use now, or None.

    Codes: METER_CLOSED, WALLET_EMPTY, CREDIT_EXHAUSTED, BILL_OVERDUE.
    """
    if (stands := meters.barred(meter)) is not None:
        return stands
    if meter.basis not in {Basis.USE, Basis.OVERAGE}:
        return None
    if meter.mode == Mode.WALLET:
        return wallets.empty(work.session, meter, buckets.period_of(work.now))
    return credit_limits.exhausted(work, meter.buyer_id)


def require(work: Work, order_line_id: str) -> None:
    """Raise UseRefused when the line is metered and its meter admits no use. One SELECT or more."""
    meter = meters.of_line(work.session, order_line_id)
    if meter is not None and (reason := refusal(work, meter)) is not None:
        raise meters.refused(reason)


def stop_defaulter(work: Work, event: Event) -> None:
    """After "bill.defaulted": the meters of the buyer who did not pay stand, with this seller."""
    bill = bills.find(work.session, event.subject)
    if bill.state == bills.State.OVERDUE:
        for meter in meters.of_order(work.session, bill.order_id):
            meters.stop(work, meter, Stop.BILL_OVERDUE)


def go_on(work: Work, event: Event) -> None:
    """After "bill.settled": what stood for this debt runs again."""
    bill = bills.find(work.session, event.subject)
    for meter in meters.of_order(work.session, bill.order_id):
        meters.resume(work, meter, Stop.BILL_OVERDUE)
    if not credit_limits.exhausted(work, bill.buyer_id):
        for meter in meters.of_buyer(work.session, bill.buyer_id, mode=Mode.POSTPAID):
            meters.resume(work, meter, Stop.CREDIT_EXHAUSTED)
