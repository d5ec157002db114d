"""Instalments (分期付款): the parts in which an order is paid, each with its own payment.

What is due on signature is paid before delivery begins; other parts are due on a day, or so
many working days after acceptance. The parts add up to the total, to the fen. A part that is
not paid in time stops every use of what was delivered, until it is.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, NotRequired, Required, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from catalogue.grades import Term
from kernel import ids, watch
from kernel.actor import system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money, take_from
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, step
from marketplace import access
from settlement import payments
from settlement.payments import Payment, Purpose


class State(StrEnum):
    """How far a part is paid."""

    PLANNED = "planned"
    ASKED = "asked"
    OVERDUE = "overdue"
    PAID = "paid"
    VOID = "void"


class Due(Term):
    """When a part is due."""

    SIGNATURE = "signature", "合同签署后、交付前", "after signature, before delivery"
    DATE = "date", "约定日期前", "by a day"
    ACCEPTANCE = "acceptance", "验收合格后", "after acceptance"


class Part(TypedDict, total=False):
    """A part that a buyer proposes. due_on: of a part that is due on a day."""

    due: Required[str]
    amount: Required[Money]
    due_on: NotRequired[date | None]


class Instalment(Living, Base):
    """One part of what an order costs. buyer_id, seller_id: as the order names them."""

    __tablename__ = "instalments"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("due IN ('signature', 'date', 'acceptance')", name="due_is_known"),
        CheckConstraint("due <> 'date' OR due_on IS NOT NULL", name="a_date_is_named"),
        CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name="paid_is_dated"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    number: Mapped[int]
    due: Mapped[str]
    due_on: Mapped[date | None]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    paid_at: Mapped[Instant | None]


def _ask(part: Instalment, work: Work, _data: dict[str, Any]) -> None:
    payments.ask(
        work,
        purpose=Purpose.ORDER,
        target=part.id,
        payer_id=part.buyer_id,
        amount=part.amount,
        escrow_order=part.order_id,
    )


def _pay(part: Instalment, work: Work, _data: dict[str, Any]) -> None:
    part.paid_at = work.now


def _withdraw(part: Instalment, work: Work, _data: dict[str, Any]) -> None:
    payment = payment_of(work.session, part.id)
    if payment is not None and payment.state == payments.State.AWAITING:
        payments.void(work, payment.id)


# fmt: off
LIFE: Workflow[State, Instalment] = Workflow(
    "instalment", State, State.PLANNED,
    step("ask",     {State.PLANNED}, State.ASKED, system_only, own_door=True, then=(_ask,),
         within="clocks.instalment", overdue="overdue", owner="buyer_id",
         says="instalment.asked", label=Words("通知付款", "Ask for it")),
    step("overdue", {State.ASKED}, State.OVERDUE, system_only, own_door=True,
         says="instalment.overdue", label=Words("逾期未付", "Overdue")),
    step("pay",     {State.ASKED, State.OVERDUE}, State.PAID, system_only, own_door=True,
         then=(_pay,), says="instalment.paid", label=Words("到账", "Paid")),
    step("void",    {State.PLANNED, State.ASKED, State.OVERDUE}, State.VOID, system_only,
         own_door=True, then=(_withdraw,),
         says="instalment.voided", label=Words("作废", "Void")),
)
# fmt: on


def write(work: Work, order: Any, parts: Sequence[Part]) -> list[Instalment]:
    """Write the parts of an order down, as planned. order: by its shape.

    Raises Invalid, with a pointer, for parts that cannot be meant. Records one event.
    """
    _check(work, order.total, parts)
    made = [
        Instalment(
            id=ids.new("ins_", work.now),
            state=State.PLANNED,
            order_id=order.id,
            buyer_id=order.buyer_id,
            seller_id=order.seller_id,
            number=number,
            due=part["due"],
            due_on=part.get("due_on"),
            amount=part["amount"],
            paid_at=None,
        )
        for number, part in enumerate(parts, 1)
    ]
    work.session.add_all(made)
    work.record("order.instalments_planned", order.id, amounts=[part.amount for part in made])
    return made


def ask_for(work: Work, order_id: str, *due: Due) -> None:
    """Ask, as the house, for the planned parts that are due in one of these ways. One SELECT."""
    house, today = work.as_system(), local_date(work.now)
    for part in of_order(work.session, order_id):
        if part.state == State.PLANNED and part.due in due:
            LIFE.take("ask", part, house, order_id=order_id, amount=part.amount)
            if part.due_on is None:
                continue
            clock = watch.running(work.session, part.id)
            if clock is not None:
                # A day that was agreed is not the rules' limit; one in the past is today.
                clock.due_on = max(part.due_on, today)
                clock.natural, clock.limit_days = True, (clock.due_on - today).days


def received(work: Work, part_id: str) -> Instalment | None:
    """Count a part as paid, once all of it has arrived; None for a repeat. One SELECT by key."""
    part = find(work.session, part_id)
    if part.state not in LIFE.steps["pay"].source:
        return None
    LIFE.take("pay", part, work.as_system(), order_id=part.order_id, amount=part.amount)
    return part


def void_for(work: Work, order_id: str) -> None:
    """Void what is not paid of an order that ends. One SELECT, and one a part."""
    for part in of_order(work.session, order_id):
        if part.state in LIFE.steps["void"].source:
            LIFE.take("void", part, work.as_system(), order_id=order_id)


def barred_from_delivery(session: Session, order_id: str) -> bool | None:
    """Tell whether a part due on signature is unpaid; None for an order without parts."""
    found = of_order(session, order_id)
    if not found:
        return None
    return any(part.due == Due.SIGNATURE and part.state != State.PAID for part in found)


def unpaid(session: Session, order_id: str) -> bool:
    """Tell whether a part of the order is still to be paid. One SELECT on an index."""
    done = {State.PAID, State.VOID}
    return any(part.state not in done for part in of_order(session, order_id))


def overdue(session: Session, order_id: str) -> bool:
    """Tell whether a part of the order is overdue. One SELECT on an index."""
    return any(part.state == State.OVERDUE for part in of_order(session, order_id))


def divided(amounts: Sequence[Money], parts: Sequence[Money]) -> list[list[Money]]:
    """Divide lines over parts: each part exact, each line whole at the end. Pure.

    amounts: of the lines; parts: add up to the same. Largest remainder of what is left.
    """
    rest, found = list(amounts), []
    for part in parts:
        taken = take_from(rest, part)
        rest = [there - gone for there, gone in zip(rest, taken, strict=True)]
        found.append(taken)
    return found


def of_order(session: Session, order_id: str) -> list[Instalment]:
    """Return the parts of an order, in order. One SELECT on an index."""
    statement = (
        select(Instalment)
        .where(Instalment.order_id == order_id)
        .order_by(Instalment.number)
        .limit(100)
    )
    return list(session.scalars(statement))


def payment_of(session: Session, part_id: str) -> Payment | None:
    """Return the payment that was asked for a part, if one is live. One SELECT on an index."""
    return payments.live_for(session, Purpose.ORDER, part_id)


def said(part: Instalment) -> Words:
    """Say a part in words, for a contract. Pure."""
    when = Due(part.due).label
    on = f" {part.due_on}" if part.due_on else ""
    return Words(
        f"第 {part.number} 期：{part.amount}，{when.zh}{on}支付；",
        f"Part {part.number}: {part.amount}, {when.en}{on};",
    )


def find(session: Session, part_id: str) -> Instalment:
    """Return the part. Raises NotFound. One SELECT by key."""
    found = session.get(Instalment, part_id)
    if found is None:
        raise NotFound("没有这一期", f"no instalment {part_id}")
    return found


def seen(work: Work, part_id: str) -> Instalment:
    """Return the part to both parties and to those who oversee; else the same NotFound."""
    found = find(work.session, part_id)
    if work.actor.organisation in {found.buyer_id, found.seller_id} or access.oversees(work.actor):
        return found
    raise NotFound("没有这一期", f"no instalment {part_id}")


def take(work: Work, part_id: str, name: str, **data: Any) -> Instalment:
    """Take one step of a part, as the timetable does. Raises what `Workflow.take` raises."""
    part = seen(work, part_id)
    LIFE.take(name, part, work, order_id=part.order_id, **data)
    return part


_WHOLE_BP: Final = 10_000


def _check(work: Work, total: Money, parts: Sequence[Part]) -> None:
    rules, today = work.rules, local_date(work.now)
    most = rules.number("trade.instalments.parts_max")
    if not 2 <= len(parts) <= most:
        raise _wrong("", f"分期为 2 至 {most} 期", f"there are 2 to {most} parts")
    if any(part["amount"].minor <= 0 for part in parts):
        raise _wrong("", "各期金额须为正数", "each part is more than nothing")
    if sum((part["amount"] for part in parts), Money(0)) != total:
        raise _wrong("", f"各期合计须等于总价 {total}", f"the parts must add up to {total}")
    first = sum(part["amount"].minor for part in parts if part["due"] == Due.SIGNATURE)
    least = rules.number("trade.instalments.first_bp_min")
    if first * _WHOLE_BP < total.minor * least:
        zh = f"交付前至少支付总价的 {least // 100}%"
        raise _wrong("", zh, f"at least {least // 100} % is paid before delivery")
    last = today + timedelta(days=rules.number("trade.instalments.days_max"))
    for number, part in enumerate(parts):
        on = part.get("due_on")
        if (part["due"] == Due.DATE) != (on is not None):
            raise _wrong(f"/{number}/due_on", "约定日期的一期须填写日期", "a day is named, or none")
        if on is not None and not today < on <= last:
            zh, en = f"日期须在今日之后、{last} 之前", f"a day after today, until {last}"
            raise _wrong(f"/{number}/due_on", zh, en)


def _wrong(where: str, zh: str, en: str) -> Invalid:
    return Invalid(zh, en, pointer=f"/instalments{where}")


def open_parts(session: Session, order_id: str) -> Refusal | None:
    """Return that a part is still to be paid, as the reason why an order is not finished."""
    if not unpaid(session, order_id):
        return None
    return Refusal("INSTALMENTS_OPEN", "仍有未付的分期款", "an instalment is still to be paid")
