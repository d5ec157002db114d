"""A subscription's term (包期): notice before its end, renewal, grace, lapse, and a pause.

A renewal is an order of its own, at the price and in the version of that day, which both sign
and the buyer pays as any other; the house places it alone only on the buyer's standing
instruction and at no higher price. Its term follows the old one to the day. While it is not
paid the old one is served through a time of grace, then closed at the next use, until the
payment has come or its order has fallen through.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select

from delivery import tasks
from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import local_date
from kernel.errors import DomainError, Refusal, refuse
from kernel.journal import Event
from kernel.money import Money
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, step
from marketplace import access, lines, orders, prices
from marketplace.instalments import schedules
from marketplace.lines import OrderLine, Wanted
from marketplace.listings import months
from marketplace.orders import Order
from marketplace.plans.kinds import Period
from marketplace.terms import rows
from marketplace.terms.rows import OVER, Renewal, State, SubscriptionTerm
from marketplace.uses import Use
from settlement.metering import subscriptions

_MONTHS: Final = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_DUTIES: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
_DAY: Final = timedelta(days=1)

buyer = its("buyer", "buyer_id", *_DUTIES)


def _days(work: Work, name: str) -> timedelta:
    return timedelta(days=work.rules.number(f"renewal.{name}_days"))


def _no_instalments(term: SubscriptionTerm, work: Work) -> Refusal | None:
    if not schedules.of_order(work.session, term.order_id):
        return None
    zh, en = "分期付款的订单不可暂停", "what is paid in instalments is not paused"
    return Refusal("PAID_IN_PARTS", zh, en)


def _is_open(term: SubscriptionTerm, work: Work) -> Refusal | None:
    if all(task.stopped_for is None for task in tasks.of_order(work.session, term.order_id)):
        return None
    return Refusal("DELIVERY_STOPPED", "交付已停止，不可暂停", "its delivery is stopped already")


def _pause_left(term: SubscriptionTerm, work: Work) -> Refusal | None:
    most = work.rules.number("renewal.pause_days")
    if term.paused_days < most:
        return None
    return Refusal("PAUSED_ENOUGH", f"每期至多暂停 {most} 天", f"{most} days of a term at most")


def _before_its_end(term: SubscriptionTerm, work: Work) -> Refusal | None:
    if local_date(work.now) < term.ends_on:
        return None
    return Refusal("TERM_OVER", "包期已届满", "the term is over")


def _pause(term: SubscriptionTerm, work: Work, _data: dict[str, Any]) -> None:
    term.paused_on = local_date(work.now)
    left = work.rules.number("renewal.pause_days") - term.paused_days
    term.look_on = term.paused_on + timedelta(days=left) + _DAY
    subscriptions.pause(work.as_system(), term.order_id, on=term.paused_on)
    reason = "包期暂停 the subscription is paused"
    tasks.stop_for(work.as_system(), term.order_id, reason=reason)


def _resume(term: SubscriptionTerm, work: Work, _data: dict[str, Any]) -> None:
    assert term.paused_on is not None  # noqa: S101 - a CHECK of the table
    days = max((local_date(work.now) - term.paused_on).days - 1, 0)
    term.ends_on += timedelta(days=days)
    term.paused_days += days
    term.paused_on = None
    term.look_on = _noticed_on(work, term)
    house = work.as_system()
    subscriptions.go_on(house, term.order_id, days=days)
    tasks.prolong_for(house, term.order_id, days=days)
    tasks.go_on_for(house, term.order_id)


def _at_end(term: SubscriptionTerm, _work: Work, _data: dict[str, Any]) -> None:
    term.look_on = term.ends_on + _DAY


def _in_grace(term: SubscriptionTerm, work: Work, _data: dict[str, Any]) -> None:
    term.look_on = max(term.ends_on + _days(work, "grace"), local_date(work.now)) + _DAY


def _close(term: SubscriptionTerm, work: Work, _data: dict[str, Any]) -> None:
    tasks.stop_for(work, term.order_id, reason="包期届满 the subscription's term is over")
    term.look_on = local_date(work.now) + _DAY


def _over(term: SubscriptionTerm, work: Work, _data: dict[str, Any]) -> None:
    term.look_on = term.paused_on = None
    tasks.stop_for(work, term.order_id, reason="包期届满 the subscription's term is over")


_SERVED: Final = {State.RUNNING, State.ENDING, State.RENEWING}
_LIVE: Final = frozenset(State) - OVER

# fmt: off
LIFE: Workflow[State, SubscriptionTerm] = Workflow(
    "subscription_term", State, State.RUNNING,
    step("begin",    {State.RUNNING}, State.RUNNING, system_only, own_door=True,
         says="term.begun", label=Words("包期开始", "Begin")),
    step("notice",   {State.RUNNING}, State.ENDING, system_only, own_door=True, then=(_at_end,),
         says="term.ending", label=Words("到期提醒", "Give notice of its end")),
    step("renew",    {State.RUNNING, State.ENDING}, State.RENEWING, buyer, own_door=True,
         then=(_at_end,),
         says="term.renewal_ordered", label=Words("续订", "Renew")),
    step("fall_through", {State.RENEWING}, State.ENDING, system_only, own_door=True,
         then=(_at_end,), says="term.renewal_fell_through", label=Words("续订未成", "Fall away")),
    step("grace",    _SERVED, State.GRACE, system_only, own_door=True, then=(_in_grace,),
         says="term.in_grace", label=Words("宽限", "Serve through the grace")),
    step("cut_off",  {*_SERVED, State.GRACE}, State.LAPSED, system_only, own_door=True,
         then=(_close,), says="term.lapsed", label=Words("停止使用", "Close it")),
    step("carry_on", {*_SERVED, State.GRACE, State.LAPSED}, State.RENEWED, system_only,
         own_door=True, then=(_over,), says="term.renewed", label=Words("转入新期", "Carry on")),
    step("end",      _LIVE, State.ENDED, system_only, own_door=True, then=(_over,),
         says="term.ended", label=Words("期满终止", "End")),
    step("pause",    {State.RUNNING}, State.PAUSED, buyer,
         when=(_no_instalments, _is_open, _pause_left, _before_its_end), then=(_pause,),
         says="term.paused", label=Words("暂停", "Pause")),
    step("resume",   {State.PAUSED}, State.RUNNING, (buyer, system_only), then=(_resume,),
         says="term.resumed", label=Words("恢复", "Resume")),
)
# fmt: on

_OURS: Final = access.overseen(
    SubscriptionTerm, LIFE, Words("没有这个包期", "no term"), "buyer_id", "seller_id"
)
find, seen, take, listed = _OURS.find, _OURS.seen, _OURS.take, _OURS.listed


def begun(work: Work, event: Event) -> None:
    """After "subscription.begun": keep the order's term."""
    keep(work, event.subject)


def keep(work: Work, order_id: str) -> None:
    """Keep the term of an order, unless it is; what it renews is over in its time."""
    found = subscriptions.of_order(work.session, order_id)
    if not found or rows.of_order(work.session, order_id) is not None:
        return
    order, earlier = orders.find(work.session, order_id), rows.before(work.session, order_id)
    made = SubscriptionTerm(
        id=ids.new("trm_", work.now),
        state=State.RUNNING,
        order_id=order.id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        renewal=earlier.renewal if earlier else Renewal.ASK,
        arranged_by=earlier.arranged_by if earlier else None,
        begun_on=min(each.first_on for each in found),
        ends_on=max(each.last_on for each in found),
        paused_days=0,
        begun_at=work.now,
    )
    made.look_on = _noticed_on(work, made)
    LIFE.take("begin", made, work.as_system(), order_id=order.id, ends_on=made.ends_on)
    work.session.add(made)
    if earlier is not None and earlier.ends_on < local_date(work.now) and earlier.state not in OVER:
        LIFE.take("carry_on", earlier, work.as_system())


def ended(work: Work, event: Event) -> None:
    """After "subscription.ended": what was refunded has no term any more."""
    term = rows.of_order(work.session, event.subject)
    if term is not None and term.state not in OVER:
        LIFE.take("end", term, work.as_system())


def fell_through(work: Work, event: Event) -> None:
    """After an order was closed: the term that it would have renewed waits for another."""
    term = rows.before(work.session, event.subject)
    if term is None or term.state in OVER:
        return
    term.next_order_id = None
    if term.state == State.RENEWING:
        LIFE.take("fall_through", term, work.as_system())


def arrange(work: Work, term_id: str, renewal: Renewal) -> SubscriptionTerm:
    """Say, as its buyer, what is to follow a term. Raises NotFound, StepNotAllowed, StepRefused.

    Never ends it with its period; what is ordered already is cancelled as an order.
    """
    term = seen(work, term_id)
    access.require(work, buyer, term, "term.arrange")
    if term.state in OVER:
        refuse((Refusal("TERM_OVER", "包期已终止", "the term is over"),))
    term.renewal, term.arranged_by = renewal.value, work.actor.person
    work.record("term.arranged", term.id, renewal=renewal.value)
    return term


def renew(work: Work, term_id: str) -> Order:
    """Order the next term, as its buyer, at the price of today; once at a time.

    Raises NotFound, StepNotAllowed, and StepRefused with every reason against the order.
    """
    term = seen(work, term_id)
    work.session.refresh(term, with_for_update=True)
    access.require(work, buyer, term, "term.renew")
    refuse(barred(term))
    return _ordered(work, term)


def barred(term: SubscriptionTerm) -> tuple[Refusal, ...]:
    """Return why a term cannot be renewed now. Pure."""
    found = []
    if term.next_order_id is not None:
        zh, en = "已有续订订单", "its renewal is ordered already"
        found.append(Refusal("RENEWAL_ORDERED", zh, en))
    if term.state in OVER:
        found.append(Refusal("TERM_OVER", "包期已终止", "the term is over"))
    if term.state == State.PAUSED:
        found.append(Refusal("TERM_PAUSED", "请先恢复", "it is paused: resume it first"))
    return tuple(found)


def look(work: Work, *, limit: int) -> int:
    """Lead the terms on whose day has come, as the house: a job. Returns how many.

    One SELECT on an index, and what each step costs; a second run finds nothing to do.
    """
    statement = (
        select(SubscriptionTerm)
        .where(SubscriptionTerm.look_on <= local_date(work.now))
        .order_by(SubscriptionTerm.look_on, SubscriptionTerm.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    found = list(work.session.scalars(statement))
    for term in found:
        _lead_on(work.as_system(), term)
    return len(found)


def _lead_on(work: Work, term: SubscriptionTerm) -> None:
    today = local_date(work.now)
    if term.state == State.PAUSED:
        LIFE.take("resume", term, work)
    elif today <= term.ends_on:
        _give_notice(work, term)
    else:
        _after_its_end(work, term, today)


def _after_its_end(work: Work, term: SubscriptionTerm, today: date) -> None:
    follows = orders.find(work.session, term.next_order_id) if term.next_order_id else None
    if follows is not None and follows.state in _FALLEN:
        follows = None
    paid = follows is not None and follows.state not in _UNPAID
    graced = term.ends_on + _days(work, "grace")
    if follows is not None and rows.of_order(work.session, follows.id) is not None:
        LIFE.take("carry_on", term, work)
    elif follows is None and (term.renewal == Renewal.NEVER or today > graced):
        LIFE.take("end", term, work)
    elif term.state != State.LAPSED and (paid or today <= graced):
        _serve_on(work, term)
    elif term.state == State.LAPSED:
        term.look_on = today + _DAY
    else:
        LIFE.take("cut_off", term, work)


_FALLEN: Final = frozenset({orders.State.CLOSED, orders.State.REFUNDING, orders.State.REFUNDED})
_UNPAID: Final = frozenset(
    {
        orders.State.DRAFT, orders.State.SUBMITTED, orders.State.CONTRACT_SIGNING,
        orders.State.AWAITING_PAYMENT,
    }
)  # fmt: skip


def _serve_on(work: Work, term: SubscriptionTerm) -> None:
    """Serve what is over a while longer: its renewal is on its way, or may still be ordered."""
    if term.state == State.GRACE:
        term.look_on = local_date(work.now) + _DAY
    else:
        LIFE.take("grace", term, work)


def _give_notice(work: Work, term: SubscriptionTerm) -> None:
    """Tell both of the end, and order on a standing instruction, if nothing speaks against it."""
    if term.state == State.RUNNING and term.next_order_id is None:
        LIFE.take("notice", term, work, renewal=term.renewal, ends_on=term.ends_on)
        if term.renewal == Renewal.AUTO:
            _order_alone(work, term)
    else:
        term.look_on = term.ends_on + _DAY


def _order_alone(work: Work, term: SubscriptionTerm) -> None:
    actor = people.actor(work.session, term.arranged_by or "", term.buyer_id)
    barred = _dearer(work, term)
    if actor is None or barred is not None:
        code = "NOBODY_TO_ORDER" if barred is None else barred.code
        work.record("term.not_renewed_alone", term.id, codes=[code])
        return
    try:
        with work.session.begin_nested():
            _ordered(replace(work, actor=actor), term)
    except DomainError as error:
        codes = [refusal.code for refusal in error.refusals] or [error.code]
        work.record("term.not_renewed_alone", term.id, codes=codes)


def _dearer(work: Work, term: SubscriptionTerm) -> Refusal | None:
    """Say that the next term costs more than this one: then nobody orders it unasked."""
    found = _periodic(work, term)
    before = sum((line.amount for line in found), Money(0))
    items = lines.gather(work, _wanted(found))
    after = sum((prices.amount(item.plan, item.quantity) for item in items), Money(0))
    if after.minor <= before.minor:
        return None
    return Refusal("PRICE_RISEN", f"续订价 {after} 高于本期 {before}", f"{after} after {before}")


def _ordered(work: Work, term: SubscriptionTerm) -> Order:
    order = orders.find(work.session, term.order_id)
    found = _periodic(work, term)
    if term.state in LIFE.steps["renew"].source:
        LIFE.take("renew", term, work)  # later it stays where it is: in grace, or closed
    placed = orders.place(
        work,
        wanted=_wanted(found),
        use=_use(work, term, order, found),
        is_related_party=order.is_related_party,
        pay_mode=order.pay_mode,
    )
    term.next_order_id = placed.id
    work.record("term.renewed_by", term.id, order_id=placed.id)
    return placed


def _periodic(work: Work, term: SubscriptionTerm) -> list[OrderLine]:
    ordered = lines.of(work.session, term.order_id)
    return [line for line in ordered if prices.parse(line.price_plan).period is not None]


def _wanted(found: list[OrderLine]) -> list[Wanted]:
    return [{"product_id": line.product_id, "quantity": line.quantity} for line in found]


def _use(work: Work, term: SubscriptionTerm, order: Order, found: list[OrderLine]) -> Use:
    """Return the same use for the next term, and as long after it as before."""
    use = orders.use_of(order)
    since = max(term.ends_on + _DAY, local_date(work.now))
    count = max(
        _MONTHS[period] * line.quantity
        for line in found
        if (period := prices.parse(line.price_plan).period) is not None
    )
    tail = max(use["period_to"] - term.ends_on, timedelta(0))
    return {**use, "period_from": since, "period_to": months.later(since, count) - _DAY + tail}


def _noticed_on(work: Work, term: SubscriptionTerm) -> date:
    """Return the day of the notice: some days before the end, of a short term fewer."""
    third = (term.ends_on - term.begun_on) // 3
    return term.ends_on - min(_days(work, "notice"), third)
