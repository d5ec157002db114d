"""How bills come about: a month that has ended, a milestone that is reached, a report.

Every bill is made once for its order and period, by a rule of the database; to run a
month again changes nothing. A month is billed when all its hours are closed.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import or_, select

from kernel import ids, numbers
from kernel.clock import local_date
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.money import Money
from kernel.work import Work
from settlement import access
from settlement.ledger import Overdrawn
from settlement.metering import bill_lines, bills, buckets, meters, tariffs, wallets
from settlement.metering.bill_lines import Adjustment, Said
from settlement.metering.bills import Bill, Kind
from settlement.metering.meters import Basis, Meter, Mode, Stop

_BY_USE: Final = (Basis.USE, Basis.OVERAGE)


def run(work: Work, *, period: str | None = None, limit: int) -> list[Bill]:
    """Draw up the bills of a month, the last one if not said, and hand them to the sellers.

    Orders whose hours are still open, or whose wallet cannot give what is missing, are
    left for the next run. Raises Invalid for a month that has not ended. One SELECT, and
    some for each order.
    """
    today = local_date(work.now)
    month = period or (today.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    first, last = days_of(month)
    if last >= today:
        raise Invalid("该月尚未结束", f"{month} has not ended", pointer="/period")
    statement = (
        select(Meter.order_id, Meter.basis)
        .where(
            Meter.basis.in_(_BY_USE),
            Meter.began_on <= last,
            or_(Meter.ended_on.is_(None), Meter.ended_on >= first),
            ~select(Bill.id)
            .where(
                Bill.order_id == Meter.order_id,
                Bill.basis == Meter.basis,
                Bill.period == month,
                Bill.state != bills.State.VOID,
            )
            .exists(),
        )
        .group_by(Meter.order_id, Meter.basis)
        .order_by(Meter.order_id, Meter.basis)
        .limit(limit)
    )
    made = [
        _month(work, order_id, Basis(basis), month)
        for order_id, basis in work.session.execute(statement).all()
    ]
    return [bill for bill in made if bill is not None]


def due(work: Work, *, limit: int) -> list[Bill]:
    """Draw up last month's bills while the days for it are on: a job. Else nothing."""
    if local_date(work.now).day > work.rules.number("metering.bill_until_day"):
        return []
    return run(work, limit=limit)


def milestone(work: Work, meter_id: str, number: int, *, evidence: str) -> Bill:
    """Bill a milestone that is reached, on the seller's word; the last one is the final bill.

    number: from 1, in order. Raises NotFound, StepNotAllowed, Invalid for a milestone that
    is not there, StepRefused unless the ones before are billed and this one is not.
    """
    meter = meters.seen(work, meter_id)
    access.require(work, meters.seller, "bill.milestone", meter)
    meters.locked(work.session, meter.id)
    if meter.basis != Basis.MILESTONES or not 1 <= number <= len(meter.milestones):
        raise Invalid("没有这个里程碑", f"no milestone {number}", pointer="/number")
    billed = bills.billed(work.session, [meter.id])
    wanted = [f"M{each}" for each in range(1, number + 1)]
    if [period for period in wanted if (meter.id, period) in billed] != wanted[:-1]:
        zh, en = "里程碑须依次各出账一次", "milestones are billed once each, in order"
        raise StepRefused(zh, en, (Refusal("MILESTONE_OUT_OF_ORDER", zh, en),))
    part, today = meter.milestones[number - 1], local_date(work.now)
    said = Said(
        meter=meter,
        kind=bill_lines.Kind.MILESTONE,
        used_from=today,
        used_to=today,
        amount=Money(part["fen"]),
        note=f"{part['criterion']} — {evidence}",
    )
    kind = Kind.FINAL if number == len(meter.milestones) else Kind.MILESTONE
    made = _make(work, kind, f"M{number}", [said])
    if kind is Kind.FINAL:
        meters.close(work, meter)
    return _vouched(work, made)


def report(work: Work, meter_id: str, *, period: str, base_fen: int, note: str) -> Bill:
    """Bill a share of what the buyer reports to have earned in a cycle, on its word.

    period: a month, "2026-07", or a quarter, "2026-Q3", that has ended. Raises NotFound,
    StepNotAllowed, Invalid, StepRefused when the period is billed.
    """
    meter = meters.seen(work, meter_id)
    access.require(work, meters.buyer, "bill.report", meter)
    meters.locked(work.session, meter.id)
    first, last = days_of(period)
    if meter.basis != Basis.REPORT or not _is_cycle(period, meter.cycle):
        raise Invalid("报告周期不正确", "this is no cycle of the price", pointer="/period")
    if last >= local_date(work.now) or last < meter.began_on:
        raise Invalid("该周期不可报告", "the cycle has not ended, or is before", pointer="/period")
    if bills.there(work.session, meter.order_id, meter.basis, period):
        raise StepRefused(
            "该周期已出账，更正由审计以调整行处理",
            "the cycle is billed; an audit adjusts it by a line of its own",
            (Refusal("ALREADY_BILLED", "该周期已出账", "the cycle is billed"),),
        )
    charge = tariffs.charge(meter.charges, base_fen)
    said = Said(
        meter=meter,
        kind=bill_lines.Kind.REPORT,
        used_from=max(first, meter.began_on),
        used_to=last,
        amount=charge.amount,
        units=base_fen,
        charge=charge,
        note=note,
    )
    made = _adjusted(work, Kind.PERIODIC, period, [said])
    if last >= meter.until:
        meters.close(work, meter)
    return bills.issue(work, made)


def restate(work: Work, meter_id: str, *, period: str, base_fen: int, reason: str) -> Adjustment:
    """After an audit: what the right base comes to, less what was billed, as an adjustment.

    Raises NotFound, StepNotAllowed, Invalid when nothing was billed, or nothing changes.
    """
    meter = meters.seen(work, meter_id)
    access.require(work, bill_lines.auditor, "bill.restate", meter)
    bill = bills.there(work.session, meter.order_id, Basis.REPORT, period)
    if meter.basis != Basis.REPORT or bill is None:
        raise Invalid("该期没有可审计的报告", "there is no report to audit", pointer="/period")
    told = [
        line.amount
        for line in bill_lines.of(work.session, [bill.id])
        if line.kind == bill_lines.Kind.REPORT
    ]
    right = tariffs.charge(meter.charges, base_fen).amount
    known = sum(told, bill_lines.adjusted(work.session, meter.id, period))
    return bill_lines.adjust(
        work,
        meter.id,
        period=period,
        amount_fen=(right - known).minor,
        reason=f"{reason} ({known} → {right})",
    )


def days_of(period: str) -> tuple[date, date]:
    """Return the first and last day of a month "2026-07", a quarter "2026-Q3", a year "2026".

    Raises Invalid.
    """
    try:
        year, _, part = period.partition("-")
        if not part:
            return date(int(year), 1, 1), date(int(year), 12, 31)
        begins = 3 * int(part[1:]) - 2 if part.startswith("Q") else int(part)
        ends = begins + 2 if part.startswith("Q") else begins
        return date(int(year), begins, 1), date(int(year), ends, monthrange(int(year), ends)[1])
    except (ValueError, IndexError) as error:
        raise Invalid("期间格式不正确", "no such period", pointer="/period") from error


def _is_cycle(period: str, cycle: str) -> bool:
    shape = "year" if "-" not in period else "quarter" if "Q" in period else "month"
    return shape == cycle


def _month(work: Work, order_id: str, basis: Basis, month: str) -> Bill | None:
    """Bill what one order used in a month; None when it cannot be billed yet, or is nothing."""
    first, last = days_of(month)
    used = [
        meters.locked(work.session, meter.id)
        for meter in meters.of_order(work.session, order_id)
        if meter.basis == basis and meter.began_on <= last
    ]
    if any(buckets.open_in(work.session, meter.id, month) for meter in used):
        return None
    said = [_used(work, meter, month, (first, last)) for meter in used]
    if not any(line.units or line.failed or line.amount.minor for line in said):
        return None
    if not all(_drawn(work, line, month) for line in said):
        return None
    return bills.issue(work, _adjusted(work, _kind(used, basis), month, said))


def _adjusted(work: Work, kind: Kind, period: str, said: Sequence[Said]) -> Bill:
    """Make a bill that takes up what waits to be adjusted, as far as it can bear it."""
    found = [
        pair
        for line in said
        if line.meter.mode == Mode.POSTPAID
        for pair in bill_lines.fitting(work.session, line.meter, line.amount, line.used_to)
    ]
    made = _make(work, kind, period, [*said, *(line for _, line in found)])
    bill_lines.take_up(work.session, made.id, [adjustment_id for adjustment_id, _ in found])
    return made


def _kind(used: Sequence[Meter], basis: Basis) -> Kind:
    if basis == Basis.OVERAGE:
        return Kind.OVERAGE
    if used[0].mode == Mode.WALLET:
        return Kind.PREPAID
    return Kind.FINAL if all(meter.ended_on for meter in used) else Kind.PERIODIC


def _used(work: Work, meter: Meter, month: str, days: tuple[date, date]) -> Said:
    used = buckets.used(work.session, meter.id, month, closed=True)
    charge = tariffs.charge(meter.charges, used.units)
    return Said(
        meter=meter,
        kind=bill_lines.Kind.USE,
        used_from=max(days[0], meter.began_on),
        used_to=min(days[1], meter.ended_on or days[1]),
        amount=charge.amount,
        units=used.units,
        failed=used.failed,
        charge=charge,
    )


def _drawn(work: Work, line: Said, month: str) -> bool:
    """Draw from the wallet what the month has not drawn; tell whether there was enough."""
    meter = line.meter
    if meter.mode != Mode.WALLET:
        return True
    missing = line.amount - wallets.drawn(work.session, meter.id, month)
    if missing.minor <= 0:
        return True
    try:
        wallets.take(work, meter, missing, source_id=f"{meter.id} {month}", period=month)
    except Overdrawn:
        meters.stop(work, meter, Stop.WALLET_EMPTY)
        return False
    return True


def _vouched(work: Work, bill: Bill) -> Bill:
    # Who says that the milestone is reached has confirmed its bill by that.
    return bills.take(work.as_system(), bills.issue(work, bill).id, "vouch")


def _make(work: Work, kind: Kind, period: str, said: Sequence[Said]) -> Bill:
    meter, series = said[0].meter, f"BL-{local_date(work.now).year}"
    made = Bill(
        id=ids.new("bil_", work.now),
        state=bills.State.TO_ISSUE,
        code=f"{series}-{numbers.following(work.session, series):06}",
        order_id=meter.order_id,
        order_code=meter.order_code,
        buyer_id=meter.buyer_id,
        seller_id=meter.seller_id,
        kind=kind,
        basis=meter.basis,
        period=period,
        number=numbers.following(work.session, f"slices {meter.order_id}"),
        used_from=min(line.used_from for line in said),
        used_to=max(line.used_to for line in said),
        drawn=meter.mode == Mode.WALLET,
        amount=sum((line.amount for line in said), Money(0)),
        made_at=work.now,
        confirmed_at=None,
        settled_at=None,
    )
    work.session.add(made)
    # The lines refer to the bill by id alone.
    work.session.flush()
    bill_lines.write(work.session, made.id, said, work.now)
    work.record("bill.made", made.id, code=made.code, order_id=made.order_id, amount=made.amount)
    return made
