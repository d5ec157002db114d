"""A cancellation (协议取消): one party asks to undo a signed order, the other agrees or not.

Before signature an order is cancelled by its buyer or declined by its seller alone. Once
both have signed, and until something is delivered, both must agree: what was paid then goes
back, less what that costs by the contract that they signed. After delivery there is none.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import tasks
from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Refusal, StepRefused
from kernel.journal import Event
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access, contracts, fulfilment, orders
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.standing import returning
from settlement import escrow
from settlement.refunding import costs, refunds


class State(StrEnum):
    """How far it is agreed."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


_ASKED: Final = text("state = 'asked'")


class Cancellation(Living, Base):
    """What one party asks. answers_id: the other party. refund_id: by which the money goes back."""

    __tablename__ = "cancellations"
    __table_args__ = (
        CheckConstraint("asks_id <> answers_id", name="parties_differ"),
        CheckConstraint(
            "state IN ('asked', 'agreed', 'declined', 'withdrawn', 'lapsed')", name="state_is_known"
        ),
        Index(
            "uq_cancellations_one_asked_per_order",
            "order_id",
            unique=True,
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
        Index(None, "order_id", "id"),
        Index(None, "asks_id", "id"),
        Index(None, "answers_id", "id"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    asks_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    answers_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    reason: Mapped[str]
    refund_id: Mapped[str | None]
    asked_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]


_DUTIES: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
asker = its("party that asks", "asks_id", *_DUTIES)
answerer = its("other party", "answers_id", Duty.SIGNER)


def still_possible(found: Cancellation, work: Work) -> tuple[Refusal, ...]:
    """Guard: the order is signed, and nothing of it is delivered or charged by use yet."""
    order = orders.find(work.session, found.order_id)
    return _barred(work, order)


def _decide(found: Cancellation, work: Work, _data: dict[str, Any]) -> None:
    found.decided_at = work.now


def _undo(found: Cancellation, work: Work, _data: dict[str, Any]) -> None:
    house = work.as_system()
    order = orders.find(work.session, found.order_id)
    if not escrow.left(work.session, order.id).minor:
        orders.LIFE.take("call_off", order, house)
        return
    reason = f"协议取消 called off by agreement: {found.reason}"
    # Revoked once the money goes; until then it could still come back to the order.
    tasks.stop_for(house, order.id, reason="协议取消 called off by agreement")
    if order.state == orders.State.IN_DELIVERY:
        orders.LIFE.take("suspend_delivery", order, house, reason=reason)
    left = refunds.standing(work.session, order.id).left
    asked = refunds.Asked(order.id, left, reason[:500])
    found.refund_id = refunds.ask(house, asked, _cost(work.session, order)).id


def _go_on(found: Cancellation, work: Work, _data: dict[str, Any]) -> None:
    order = orders.find(work.session, found.order_id)
    if orders.LIFE.refusals("resume_delivery", order, work):
        return  # something else bars it by now: it stays suspended, for the regulator to look at
    orders.LIFE.take("resume_delivery", order, work)


# fmt: off
LIFE: Workflow[State, Cancellation] = Workflow(
    "cancellation", State, State.ASKED,
    step("ask",      {State.ASKED}, State.ASKED, asker, own_door=True,
         when=(still_possible,), within="clocks.cancellation", overdue="lapse", owner="answers_id",
         says="cancellation.asked", label=Words("申请协议取消", "Ask to cancel")),
    step("agree",    {State.ASKED}, State.AGREED, answerer, when=(still_possible,),
         then=(_decide, _undo), moves_money=True,
         says="cancellation.agreed", label=Words("同意取消并退款", "Agree, and refund")),
    step("decline",  {State.ASKED}, State.DECLINED, answerer, asks=(REASON,), then=(_decide,),
         says="cancellation.declined", label=Words("不同意取消", "Decline")),
    step("withdraw", {State.ASKED}, State.WITHDRAWN, asker, then=(_decide,),
         asks=(ask("note", label=Words("说明", "Note"), optional=True),),
         says="cancellation.withdrawn", label=Words("撤回申请", "Withdraw")),
    step("undo",     {State.AGREED}, State.WITHDRAWN, system_only, own_door=True, then=(_go_on,),
         says="cancellation.undone", label=Words("退款撤回，订单继续", "The order goes on")),
    step("lapse",    {State.ASKED}, State.LAPSED, system_only, own_door=True, then=(_decide,),
         says="cancellation.lapsed", label=Words("逾期未答复", "Not answered in time")),
)
# fmt: on


def begin(work: Work, order_id: str, *, reason: str) -> Cancellation:
    """Ask the other party to cancel an order that both have signed.

    Raises NotFound, StepNotAllowed for all but the parties, StepRefused with every reason, also
    while one is asked for already. Some SELECTs by key.
    """
    order = orders.seen(work, order_id)
    own, both = work.actor.organisation, (order.buyer_id, order.seller_id)
    made = Cancellation(
        id=ids.new("can_", work.now),
        state=State.ASKED,
        order_id=order.id,
        asks_id=own if own in both else order.buyer_id,
        answers_id=order.buyer_id if own == order.seller_id else order.seller_id,
        reason=reason,
        refund_id=None,
        asked_at=work.now,
        decided_at=None,
    )
    if _running(work.session, order.id) is not None:
        zh, en = "已有待答复的取消申请", "the other party has yet to answer the last request"
        raise StepRefused.of((Refusal("CANCELLATION_RUNNING", zh, en),))
    LIFE.take("ask", made, work, order_id=order.id, reason=reason)
    work.session.add(made)
    return made


def refund_withdrawn(work: Work, event: Event) -> None:
    """After "refund.cancelled": an order goes on whose agreed cancellation comes to nothing.

    Not if a part of the price goes back, or has gone: then the rest waits for an officer, and
    nothing is delivered for it. Some SELECTs; a second time nothing.
    """
    refund = refunds.find(work.session, event.subject)
    statement = select(Cancellation).where(
        Cancellation.refund_id == (refund.first_id or refund.id),
        Cancellation.state == State.AGREED,
    )
    found = work.session.scalars(statement).one_or_none()
    if found is None:
        return
    order = orders.find(work.session, found.order_id)
    if order.state != orders.State.DELIVERY_SUSPENDED:
        return
    parts = refunds.together(work.session, refund)
    if any(each.state != refunds.State.CANCELLED for each in parts):
        returning.tell(work, order, _GONE_IN_PART)
    elif not refunds.standing(work.session, order.id).under_way.minor:
        LIFE.take("undo", found, work.as_system())


_GONE_IN_PART: Final = Words(
    "协议取消的退款只撤回了一部分：余款由结算人员退还",
    "a part of the refund of its cancellation was withdrawn: an officer gives back the rest",
)


_OURS: Final = access.overseen(
    Cancellation, LIFE, Words("没有这个取消申请", "no cancellation"), "asks_id", "answers_id"
)
find, seen, take = _OURS.find, _OURS.seen, _OURS.take


def listed(
    work: Work, *, order_id: str | None = None, after: str | None, limit: int
) -> Page[Cancellation]:
    """Return one page of what the caller may see, newest first. One SELECT on an index."""
    where = () if order_id is None else (Cancellation.order_id == order_id,)
    return _OURS.listed(work, *where, after=after, limit=limit)


def quote_of(work: Work, found: Cancellation) -> costs.Quote | None:
    """Return what agreeing would give back, and cost; nothing once it is answered."""
    if found.state != State.ASKED:
        return None
    return quote(work, orders.find(work.session, found.order_id))


def quote(work: Work, order: orders.Order) -> costs.Quote | None:
    """Return what would go back if it is called off now, and what that costs, to its parties.

    Nothing while nothing is paid, and while a dispute bars every refund. Some SELECTs.
    """
    if not escrow.left(work.session, order.id).minor:
        return None
    try:
        return costs.quote(work, order.id, _cost(work.session, order))
    except refunds.NotRefundable:
        return None


def _cost(session: Session, order: orders.Order) -> costs.Cost:
    """Return what a transfer back costs by the contract that both signed."""
    signed = contracts.text(session, order.contract_id or "")
    return costs.Cost.of_terms(signed.variables)


def can_be_asked(work: Work, order: orders.Order) -> bool:
    """Tell whether the caller's organisation could ask to cancel the order now. Some SELECTs."""
    party = work.actor.organisation in {order.buyer_id, order.seller_id}
    asked = party and _running(work.session, order.id) is None
    return asked and not _barred(work, order)


def _running(session: Session, order_id: str) -> Cancellation | None:
    statement = select(Cancellation).where(
        Cancellation.order_id == order_id, Cancellation.state == State.ASKED
    )
    return session.scalars(statement).one_or_none()


def _barred(work: Work, order: orders.Order) -> tuple[Refusal, ...]:
    if order.state not in orders.LIFE.steps["call_off"].source:
        zh, en = "仅已签署且尚未交付的订单可协议取消", "only what is signed and not delivered yet"
        return (Refusal("NOT_TO_BE_CALLED_OFF", zh, en),)
    found = [fulfilment.nothing_charged(order, work)]
    if any(_is_used(task) for task in tasks.of_order(work.session, order.id)):
        zh, en = "已有内容交付，不能取消", "something of it is delivered already"
        found.append(Refusal("DELIVERED_ALREADY", zh, en))
    if order.state == orders.State.AWAITING_PAYMENT:
        found.append(fulfilment.nothing_received(order, work))
        if agreed_prices.of_order(work.session, order.id, Source.AUCTION) is not None:
            zh, en = "竞得的订单不适用协议取消", "what was won in an auction is paid or forfeited"
            found.append(Refusal("WON_IN_AUCTION", zh, en))
    return tuple(refusal for refusal in found if refusal is not None)


def _is_used(task: tasks.DeliveryTask) -> bool:
    done = task.state in {tasks.State.DELIVERED, tasks.State.ACCEPTED}
    return done or task.was_received
