"""An order (订单): what a buyer asks of a seller, from placing it to the last fen settled.

Source: trading rules of the exchange: pre-checks, contract, price into escrow, delivery,
acceptance, settlement; no scenario, no trade (无场景不交易). Acceptance makes a trade count.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids, numbers, watch
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal, refuse
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from marketplace import access, contracts, fulfilment, lines, uses
from marketplace.contracting import drawing
from marketplace.lines import Item, OrderLine, Wanted
from marketplace.ordering import guards, halts, rejections
from marketplace.prices import PayMode
from marketplace.uses import Use

_BATCH: Final = 200


class State(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CONTRACT_SIGNING = "contract_signing"
    AWAITING_PAYMENT = "awaiting_payment"
    IN_DELIVERY = "in_delivery"
    DELIVERY_SUSPENDED = "delivery_suspended"
    PENDING_ACCEPTANCE = "pending_acceptance"
    REDELIVERY = "redelivery"
    DISPUTED = "disputed"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CLOSED = "closed"


DONE: Final = frozenset({State.COMPLETED, State.REFUNDED, State.CLOSED})
"""When nothing is open of an order any more; what was completed can still be refunded."""


class Order(Living, Base):
    """One order of one buyer to one seller.

    use_scenario: as `uses.to_json` writes it. accept_days: natural days after delivery in
    which silence is not yet acceptance. is_related_party: declared or known when placed.
    contract_id: no foreign key, for the contract already refers to the order.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("buyer_id <> seller_id", name="buyer_is_not_seller"),
        CheckConstraint("total_minor >= 0", name="total_not_negative"),
        CheckConstraint("accept_days > 0", name="accept_days_positive"),
        CheckConstraint("pay_mode IN ('prepaid', 'wallet', 'postpaid')", name="pay_mode_is_known"),
        CheckConstraint(
            "state NOT IN ('accepted', 'completed') OR accepted_at IS NOT NULL",
            name="accepted_is_dated",
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "buyer_id", "state", "id"),
        Index(None, "seller_id", "state", "id"),
        Index(None, "state", "id"),
    )

    code: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    use_scenario: Mapped[dict[str, Any]]
    accept_days: Mapped[int]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    pay_mode: Mapped[str]
    is_related_party: Mapped[bool]
    contract_id: Mapped[str | None]
    rejections: Mapped[int] = mapped_column(default=0)
    placed_at: Mapped[Instant]
    delivered_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]


buyer = its("buyer", "buyer_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER, Duty.DATA_ENGINEER)
seller = its("seller", "seller_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
deliverer = its("seller", "seller_id", Duty.EDITOR, Duty.DATA_ENGINEER)
buyer_signer = its("buyer", "buyer_id", Duty.SIGNER)
seller_signer = its("seller", "seller_id", Duty.SIGNER)
purchaser = any_of(Role.BUYER, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)


def _deliver(order: Order, work: Work, _data: dict[str, Any]) -> None:
    order.delivered_at = work.now


def _reject(order: Order, work: Work, data: dict[str, Any]) -> None:
    order.rejections += 1
    rejections.write(work, order.id, data)


def _accept(order: Order, work: Work, _data: dict[str, Any]) -> None:
    order.accepted_at = work.now


_PAID: Final = frozenset(
    {
        State.IN_DELIVERY, State.DELIVERY_SUSPENDED, State.PENDING_ACCEPTANCE, State.REDELIVERY,
        State.DISPUTED, State.ACCEPTED, State.COMPLETED,
    }
)  # fmt: skip
DISPUTABLE: Final = _PAID - {State.DISPUTED}
"""Where an order stands about which a dispute may be raised."""

_OPEN: Final = frozenset({State.SUBMITTED, State.CONTRACT_SIGNING, State.AWAITING_PAYMENT})

_CALLED_OFF: Final = frozenset(
    {State.AWAITING_PAYMENT, State.IN_DELIVERY, State.DELIVERY_SUSPENDED}
)

# fmt: off
LIFE: Workflow[State, Order] = Workflow(
    "order", State, State.DRAFT,
    step("submit",      {State.DRAFT}, State.SUBMITTED, buyer, own_door=True,
         within="clocks.order_confirmation", overdue="lapse",
         says="order.placed", label=Words("提交订单", "Place")),
    step("confirm",     {State.SUBMITTED}, State.CONTRACT_SIGNING, seller,
         when=(guards.parties_are_active, fulfilment.may_be_delivered), then=(fulfilment.draw_up,),
         asks=drawing.ASKS,
         within="clocks.order_signature", overdue="lapse",
         says="order.confirmed", label=Words("确认订单", "Confirm")),
    step("decline",     {State.SUBMITTED, State.CONTRACT_SIGNING}, State.CLOSED, seller,
         asks=(REASON,), then=(fulfilment.close,),
         says="order.declined", label=Words("谢绝", "Decline")),
    step("sign",        {State.CONTRACT_SIGNING}, State.CONTRACT_SIGNING,
         (buyer_signer, seller_signer), own_door=True,
         when=(fulfilment.has_not_signed,), then=(fulfilment.sign,),
         within="clocks.order_signature", overdue="lapse",
         says="order.contract_signed", label=Words("签署合同", "Sign the contract")),
    step("signed",      {State.CONTRACT_SIGNING}, State.AWAITING_PAYMENT, system_only,
         own_door=True, when=(fulfilment.is_signed, guards.has_a_price),
         then=(fulfilment.instruct,),
         within="clocks.order_payment", overdue="lapse",
         says="order.signed", label=Words("双方已签署", "Signed by both")),
    step("signed_free", {State.CONTRACT_SIGNING}, State.IN_DELIVERY, system_only,
         own_door=True, when=(fulfilment.is_signed, guards.is_free), then=(fulfilment.open_tasks,),
         within="clocks.order_delivery", owner="seller_id",
         says="order.signed_free", label=Words("双方已签署（无需预付）", "Signed, nothing to pay")),
    step("mark_paid",   {State.AWAITING_PAYMENT}, State.IN_DELIVERY, system_only,
         own_door=True, when=(fulfilment.is_signed, fulfilment.is_funded),
         then=(fulfilment.open_tasks,),
         within="clocks.order_delivery", owner="seller_id",
         says="order.paid", label=Words("价款到账", "Paid into escrow")),
    step("delivered",   {State.IN_DELIVERY}, State.PENDING_ACCEPTANCE, system_only,
         own_door=True, when=(fulfilment.is_delivered,), then=(_deliver,),
         within="clocks.acceptance", overdue="accept",
         says="order.delivered", label=Words("交付完成", "Delivered")),
    step("accept",      {State.PENDING_ACCEPTANCE}, State.ACCEPTED, (buyer, system_only),
         when=(guards.silence_is_over, fulfilment.not_by_silence),
         then=(_accept, fulfilment.accept),
         says="order.accepted", label=Words("验收", "Accept")),
    step("suspend_delivery", {State.IN_DELIVERY}, State.DELIVERY_SUSPENDED,
         (system_only, regulator), asks=(REASON,), then=(halts.stand_still,), pauses=True,
         says="order.delivery_suspended", label=Words("暂停交付", "Suspend the delivery")),
    step("resume_delivery", {State.DELIVERY_SUSPENDED}, State.IN_DELIVERY,
         (system_only, regulator), when=(fulfilment.may_be_delivered, halts.held),
         then=(halts.go_on,), resumes=True,
         says="order.delivery_resumed", label=Words("恢复交付", "Resume the delivery")),
    step("end_early",   {State.DELIVERY_SUSPENDED}, State.ACCEPTED, system_only, own_door=True,
         then=(_accept, fulfilment.conclude),
         says="order.ended_early", label=Words("提前终止", "Ended before its time")),
    step("reject",      {State.PENDING_ACCEPTANCE}, State.REDELIVERY, buyer,
         when=(guards.not_rejected_before,), then=(_reject,), asks=rejections.ASKS,
         within="clocks.order_delivery",
         says="order.rejected", label=Words("退回补充交付", "Reject")),
    step("redeliver",   {State.REDELIVERY}, State.PENDING_ACCEPTANCE, deliverer,
         when=(fulfilment.is_delivered, guards.delivered_anew), then=(_deliver,),
         within="clocks.acceptance", overdue="accept",
         says="order.redelivered", label=Words("补充交付完成", "Delivered again")),
    step("dispute",     DISPUTABLE, State.DISPUTED, system_only, own_door=True, pauses=True,
         says="order.disputed", label=Words("争议中止", "Disputed")),
    step("order_redelivery", {State.DISPUTED}, State.REDELIVERY, system_only, own_door=True,
         then=(halts.go_on,), within="clocks.order_delivery", owner="seller_id",
         says="order.redelivery_ordered", label=Words("裁定补充交付", "Order a redelivery")),
    step("uphold_delivery", {State.DISPUTED}, State.ACCEPTED, system_only, own_door=True,
         then=(_accept, fulfilment.accept),
         says="order.delivery_upheld", label=Words("认定交付合格", "Uphold the delivery")),
    step("stand_accepted", {State.DISPUTED}, State.ACCEPTED, system_only, own_door=True,
         says="order.acceptance_stands", label=Words("维持验收", "The acceptance stands")),
    step("inspect_again", {State.DISPUTED}, State.PENDING_ACCEPTANCE, system_only,
         own_door=True, resumes=True, within="clocks.acceptance", overdue="accept",
         says="order.inspected_again", label=Words("恢复验收", "Go on inspecting")),
    step("go_on_delivering", {State.DISPUTED}, State.IN_DELIVERY, system_only, own_door=True,
         then=(halts.go_on,), resumes=True, within="clocks.order_delivery", owner="seller_id",
         says="order.delivery_goes_on", label=Words("恢复交付", "Go on delivering")),
    step("go_on_redelivering", {State.DISPUTED}, State.REDELIVERY, system_only, own_door=True,
         resumes=True, within="clocks.order_delivery", owner="seller_id",
         says="order.redelivery_goes_on", label=Words("恢复补充交付", "Go on redelivering")),
    step("settled",     {State.ACCEPTED}, State.COMPLETED, system_only, own_door=True,
         when=(fulfilment.nothing_left,),
         says="order.completed", label=Words("结算完成", "Settled")),
    step("refund",      _PAID, State.REFUNDING, system_only, own_door=True,
         then=(fulfilment.revoke,),
         says="order.refunding", label=Words("全额退款", "Refund all of it")),
    step("refunded",    {State.REFUNDING}, State.REFUNDED, system_only, own_door=True,
         says="order.refunded", label=Words("已退款", "Refunded")),
    step("cancel",      _OPEN, State.CLOSED, buyer, asks=(REASON,),
         when=(guards.not_signed_by_both, fulfilment.nothing_received), then=(fulfilment.close,),
         says="order.cancelled", label=Words("取消订单", "Cancel")),
    step("call_off",    _CALLED_OFF, State.CLOSED, system_only, own_door=True,
         when=(fulfilment.nothing_received, fulfilment.nothing_charged),
         then=(fulfilment.close, fulfilment.stop),
         says="order.called_off", label=Words("协议取消", "Call off by agreement")),
    step("lapse",       _OPEN, State.CLOSED, system_only, own_door=True,
         when=(fulfilment.nothing_received,), then=(fulfilment.close,),
         says="order.lapsed", label=Words("逾期关闭", "Lapse")),
)
# fmt: on


def place(
    work: Work,
    *,
    wanted: Sequence[Wanted],
    use: Use,
    is_related_party: bool = False,
    pay_mode: str = PayMode.PREPAID,
) -> Order:
    """Place an order: the terms of today, copied.

    wanted: all from one seller. pay_mode: in advance, or by use. is_related_party: the buyer
    declares that the two belong together, as is known of some; it then counts for nothing.
    Raises StepNotAllowed, NotFound for a product that is not there, Invalid, and
    StepRefused with every reason at once.
    """
    access.require(work, purchaser, None, "order.place")
    uses.check(use)
    items = lines.gather(work, wanted)
    refuse((*_refused(work, items, use), *lines.unpayable(work, items, pay_mode)))
    series = f"OD-{local_date(work.now).year}"
    order = Order(
        id=ids.new("ord_", work.now),
        state=State.DRAFT,
        code=f"{series}-{numbers.following(work.session, series):06}",
        buyer_id=work.actor.organisation,
        seller_id=items[0].product.owner_id,
        use_scenario=uses.to_json(use),
        accept_days=max(item.version.accept_days for item in items),
        total=sum((lines.amount(item, pay_mode) for item in items), Money(0)),
        pay_mode=pay_mode,
        is_related_party=is_related_party or guards.is_near(work, items[0].product.owner_id),
        rejections=0,
        placed_at=work.now,
    )
    work.session.add(order)
    # The lines refer to the order by id alone.
    work.session.flush()
    lines.write(work, order.id, items, pay_mode)
    LIFE.take("submit", order, work, code=order.code, total=order.total)
    return order


def find(session: Session, order_id: str) -> Order:
    """Return the order. Raises NotFound. One SELECT by primary key."""
    found = session.get(Order, order_id)
    if found is None:
        raise NotFound("没有这个订单", f"no order {order_id}")
    return found


def seen(work: Work, order_id: str) -> Order:
    """Return the order to its parties and to those who oversee; else the same NotFound."""
    found = find(work.session, order_id)
    if work.actor.organisation in {found.buyer_id, found.seller_id} or access.oversees(work.actor):
        return found
    raise NotFound("没有这个订单", f"no order {order_id}")


def of_lines(
    session: Session, which: ColumnElement[bool], state: State | None = None
) -> Iterator[Order]:
    """Give the orders with a line that is one of `which`, in this state if one is named.

    One SELECT for each 200; an order may be moved on while they are gone through.
    """
    after, with_it = "", select(OrderLine.order_id).where(which)
    while True:
        statement = select(Order).where(Order.id.in_(with_it), Order.id > after)
        if state is not None:
            statement = statement.where(Order.state == state)
        found = list(session.scalars(statement.order_by(Order.id).limit(_BATCH)))
        if not found:
            return
        yield from found
        after = found[-1].id


def take(work: Work, order_id: str, step_name: str, **data: Any) -> Order:
    """Take one step in an order's life, and what follows from it at once.

    Raises what `Workflow.take` raises.
    """
    order = seen(work, order_id)
    LIFE.take(step_name, order, work, **data)
    if order.state == State.PENDING_ACCEPTANCE:
        _as_contracted(order, work)
    if order.state == State.ACCEPTED and order.total.minor == 0:
        finish(order, work)
    return order


def finish(order: Order, work: Work) -> None:
    """Complete an accepted order, unless money of it is still to be billed, paid or settled."""
    if order.state == State.ACCEPTED and not LIFE.refusals("settled", order, work):
        LIFE.take("settled", order, work.as_system())


def sign(work: Work, order_id: str) -> Order:
    """Sign the contract for the caller's organisation; by the second one the order goes on."""
    order = take(work, order_id, "sign")
    contract = contracts.find(work.session, order.contract_id or "")
    if contract.state == contracts.State.SIGNED:
        name = "signed" if order.total.minor else "signed_free"
        LIFE.take(name, order, work.as_system())
    return order


def use_of(order: Order) -> Use:
    """Return what the order's data is for."""
    return uses.from_json(order.use_scenario)


def bought(work: Work, *, state: str | None = None, after: str | None, limit: int) -> Page[Order]:
    """Return one page of the orders that the caller's organisation placed, newest first."""
    return _page(work, (Order.buyer_id == work.actor.organisation,), state, after, limit)


def sold(work: Work, *, state: str | None = None, after: str | None, limit: int) -> Page[Order]:
    """Return one page of the orders placed with the caller's organisation, newest first."""
    return _page(work, (Order.seller_id == work.actor.organisation,), state, after, limit)


def overseen(work: Work, *, state: str | None = None, after: str | None, limit: int) -> Page[Order]:
    """Return one page of all orders, newest first, to those who oversee; to others none."""
    every = () if access.oversees(work.actor) else (Order.buyer_id == "",)
    return _page(work, every, state, after, limit)


def _page(
    work: Work, whose: Sequence[Any], state: str | None, after: str | None, limit: int
) -> Page[Order]:
    found = select(Order).where(*whose, *((Order.state == state,) if state else ()))
    return keyset(work.session, found, by=((Order.id, "desc"),), after=after, limit=limit)


def _refused(work: Work, items: Sequence[Item], use: Use) -> tuple[Refusal, ...]:
    if not items:
        raise Invalid("订单没有内容", "nothing is ordered", pointer="/lines")
    buyer_id, sellers = work.actor.organisation, {item.product.owner_id for item in items}
    found = [guards.not_active(work, party) for party in sorted({buyer_id, *sellers})]
    if len(sellers) > 1:
        found.append(Refusal("SELLERS_DIFFER", "一个订单只能有一个卖方", "an order has one seller"))
    if buyer_id in sellers:
        found.append(Refusal("SELF_TRADE", "不得与自己交易", "nobody buys from itself"))
    found += lines.unlisted(items)
    found += lines.refusals(work, items, buyer_id=buyer_id, use=use)
    found += lines.overpriced(work, items)
    return tuple(filter(None, found))


def _as_contracted(order: Order, work: Work) -> None:
    # The days of acceptance are the contract's, not the rules' default (I-57).
    clock = watch.all_running(work.session, [order.id])[order.id]
    clock.limit_days, clock.natural = order.accept_days, True
    clock.due_on = clock.started_on + timedelta(days=order.accept_days)
