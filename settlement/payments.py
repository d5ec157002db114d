"""A payment (付款指令): what somebody is asked to pay, for what, and how much has arrived.

The money itself is in the ledger; here is what was asked, under which reference code, and
how far it is met. Source: trading settlement rules: the price goes into the supervised
account (资金监管户) before delivery. A bill, a wallet and a fee are paid the same way.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.actor import system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.money import Money
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, step
from settlement import access, bank_files
from settlement.entries import AccountRef, Row

PREFIX = "DX"
"""What the reference code of a payment begins with."""


class State(StrEnum):
    """How far the payment is met."""

    AWAITING = "awaiting"
    PART_FUNDED = "part_funded"
    FUNDED = "funded"
    VOID = "void"


class Purpose(StrEnum):
    """For what money is asked. What is paid is named by the payment's target."""

    ORDER = "order"  # an order
    BILL = "bill"  # a bill of metered use; it funds the escrow of the order that it names
    WALLET = "wallet"  # the prepaid money of a buyer, who is the target
    FEE = "fee"  # a fee note of the exchange


_LIVE = text("state <> 'void' AND NOT (purpose = 'wallet' AND state = 'funded')")
IS_OPEN = text("state IN ('awaiting', 'part_funded')")
_DUE = text("(amount_minor - funded_minor)")


class Payment(Living, Base):
    """What somebody is asked to pay. reference: what the transfer's text must carry.

    target: id of what is paid. order_id: whose escrow the money goes into, None when it
    goes into none.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "funded_minor >= 0 AND funded_minor <= amount_minor", name="funded_within_amount"
        ),
        CheckConstraint("amount_currency = funded_currency", name="one_currency"),
        CheckConstraint("purpose IN ('order', 'bill', 'wallet', 'fee')", name="purpose_is_known"),
        CheckConstraint(
            "(purpose IN ('order', 'bill')) = (order_id IS NOT NULL)", name="escrow_has_its_order"
        ),
        Index(
            "uq_payments_one_live_per_target",
            "purpose",
            "target",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(None, "order_id", "id"),
        Index(None, "payer_id", "id"),
        Index(
            "ix_payments_open_by_due", _DUE, "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
        ),
    )

    purpose: Mapped[Purpose] = mapped_column(String)
    target: Mapped[str]
    order_id: Mapped[str | None]
    payer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    funded: Mapped[Money] = composite(
        mapped_column("funded_minor", Big), mapped_column("funded_currency")
    )
    reference: Mapped[str]
    instructed_at: Mapped[Instant]

    @property
    def due(self) -> Money:
        """What is still to come."""
        return self.amount - self.funded


class AlreadyInstructed(DomainError):
    """What is paid has one live payment; another payer or amount needs the first one voided."""

    kind = Kind.CONFLICT
    code = "payment-already-instructed"
    title = Words("已有付款指令", "There is a payment already")


def _is_met(payment: Payment, _work: Work) -> Refusal | None:
    if payment.due.minor:
        return Refusal("NOT_FUNDED", f"尚缺 {payment.due}", f"{payment.due} is still to come")
    return None


def _is_begun(payment: Payment, _work: Work) -> Refusal | None:
    if not payment.funded.minor:
        return Refusal("NOTHING_ARRIVED", "尚无款项到账", "nothing has arrived")
    return None


# fmt: off
LIFE: Workflow[State, Payment] = Workflow(
    "payment", State, State.AWAITING,
    step("fund_part", {State.AWAITING, State.PART_FUNDED}, State.PART_FUNDED, system_only,
         when=(_is_begun,), says="payment.part_received",
         label=Words("部分到账", "Part has arrived")),
    step("fund",      {State.AWAITING, State.PART_FUNDED}, State.FUNDED, system_only,
         when=(_is_met,), says="payment.received", label=Words("足额到账", "All has arrived")),
    step("void",      {State.AWAITING}, State.VOID, system_only,
         says="payment.voided", label=Words("作废", "Void")),
)
# fmt: on


def instruct(work: Work, *, order_id: str, payer_id: str, amount: Money) -> Payment:
    """Ask `payer_id` to pay `amount` for an order. Raises what `ask` raises."""
    return ask(work, purpose=Purpose.ORDER, target=order_id, payer_id=payer_id, amount=amount)


def ask(
    work: Work,
    *,
    purpose: str,
    target: str,
    payer_id: str,
    amount: Money,
    escrow_order: str | None = None,
) -> Payment:
    """Ask `payer_id` to pay `amount` for the target; a repeat returns the payment that is there.

    escrow_order: for a bill, or a part of an order, whose escrow it funds. Raises Invalid for
    an amount that is not positive, AlreadyInstructed when the target has a live payment of
    another payer or amount. One SELECT on an index.
    """
    if amount.minor <= 0:
        raise Invalid("付款金额须为正数", "a payment must be positive", pointer="/amount")
    there = live_for(work.session, purpose, target)
    if there is not None:
        return _same(there, payer_id, amount)
    payment_id = ids.new("pay_", work.now)
    made = Payment(
        id=payment_id,
        state=State.AWAITING,
        purpose=Purpose(purpose),
        target=target,
        order_id=escrow_order or (target if purpose == Purpose.ORDER else None),
        payer_id=payer_id,
        amount=amount,
        funded=Money(0, amount.currency),
        reference=bank_files.code(PREFIX, payment_id),
        instructed_at=work.now,
    )
    work.session.add(made)
    told = {**_told(made), "payer_id": payer_id, "reference": made.reference}
    work.record("payment.instructed", made.id, **told, amount=amount)
    return made


def rows(payment: Payment, source: AccountRef, amount: Money) -> list[Row]:
    """Return where `amount`, which stands on `source`, belongs, as rows of one entry.

    The payment of a bill settles the claim and backs with cash what was billed.
    """
    currency = amount.currency
    escrow = AccountRef("2241.escrow", payment.order_id or "", currency)
    if payment.purpose == Purpose.ORDER:
        return [Row(source, escrow, amount)]
    if payment.purpose == Purpose.BILL:
        billed = AccountRef("2204.billed", payment.target, currency)
        claim = AccountRef("1122.buyer", payment.payer_id, currency)
        return [Row(source, claim, amount), Row(billed, escrow, amount)]
    code = "2241.wallet" if payment.purpose == Purpose.WALLET else "1122.fee"
    return [Row(source, AccountRef(code, payment.payer_id, currency), amount)]


def receive(work: Work, payment: Payment, amount: Money) -> None:
    """Count `amount`, which the ledger has moved by `rows`, towards the payment.

    Says `payment.received` (purpose, target, order_id, amount of the whole) once all is
    there, before that `payment.part_received`. The row must be `locked`.
    """
    payment.funded += amount
    house = work.as_system()
    if payment.due.minor:
        LIFE.take("fund_part", payment, house, **_told(payment), amount=amount)
    else:
        LIFE.take("fund", payment, house, **_told(payment), amount=payment.amount)


def lower(work: Work, payment: Payment, by: Money) -> None:
    """Ask for `by` less, which is not owed any more; nothing for zero. The row must be `locked`.

    When no more is to come, what has arrived meets it, or it is void. Raises Invalid beyond
    what is still to come.
    """
    if not 0 <= by.minor <= payment.due.minor:
        raise Invalid(f"尚缺 {payment.due}", f"{payment.due} is to come", pointer="/amount")
    if not by.minor:
        return
    house, told = work.as_system(), _told(payment)
    if by == payment.amount:
        LIFE.take("void", payment, house, **told)
        return
    payment.amount -= by
    house.record("payment.lowered", payment.id, **told, amount=payment.amount)
    if not payment.due.minor:
        LIFE.take("fund", payment, house, **told, amount=payment.amount)


def void(work: Work, payment_id: str) -> Payment:
    """Withdraw a payment of an order that does not come about.

    Raises StepRefused once money has arrived: that is escrow's, to be paid back.
    """
    payment = locked_by_id(work.session, payment_id)
    LIFE.take("void", payment, work.as_system(), **_told(payment))
    return payment


def live_of(session: Session, order_id: str) -> Payment | None:
    """Return the live payment of an order. One SELECT on an index."""
    return live_for(session, Purpose.ORDER, order_id)


def of_order(session: Session, order_id: str) -> list[Payment]:
    """Return what is asked for an order and its parts, without what is void. One SELECT."""
    statement = (
        select(Payment)
        .where(
            Payment.order_id == order_id,
            Payment.purpose == Purpose.ORDER,
            Payment.state != State.VOID,
        )
        .order_by(Payment.id)
        .limit(200)
    )
    return list(session.scalars(statement))


def awaited(session: Session, order_id: str) -> bool:
    """Tell whether something is asked for the order that has not all arrived. One SELECT."""
    statement = select(Payment.id).where(
        Payment.order_id == order_id,
        Payment.purpose == Purpose.ORDER,
        Payment.state.in_([State.AWAITING, State.PART_FUNDED]),
    )
    return session.scalars(statement.limit(1)).first() is not None


def live_for(session: Session, purpose: str, target: str) -> Payment | None:
    """Return the live payment of what is paid; a wallet that was paid can be paid again.

    One SELECT on an index.
    """
    statement = select(Payment).where(Payment.purpose == purpose, Payment.target == target, _LIVE)
    return session.scalars(statement).one_or_none()


def locked(session: Session, references: Iterable[str]) -> dict[str, Payment]:
    """Return reference → payment, locked in one order so that nobody deadlocks. One SELECT."""
    return _locked(session, Payment.reference.in_(sorted(set(references))))


def locked_by_id(session: Session, payment_id: str) -> Payment:
    """Return one payment, locked. Raises NotFound. One SELECT by key."""
    found = list(_locked(session, Payment.id == payment_id).values())
    if not found:
        raise _OWN.not_there(payment_id)
    return found[0]


_OWN: Final = access.overseen(Payment, LIFE, Words("没有这笔付款", "no payment"), "payer_id")
find, seen, take = _OWN.find, _OWN.seen, _OWN.take


def listed(
    work: Work, *, order_id: str | None = None, after: str | None, limit: int
) -> Page[Payment]:
    """Return the payments that the caller may see, newest first. One SELECT on an index."""
    where = [] if order_id is None else [Payment.order_id == order_id]
    return _OWN.listed(work, *where, after=after, limit=limit)


def _locked(session: Session, which: Any) -> dict[str, Payment]:
    statement = (
        select(Payment)
        .where(which)
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {payment.reference: payment for payment in session.scalars(statement)}


def _same(there: Payment, payer_id: str, amount: Money) -> Payment:
    if (there.payer_id, there.amount) == (payer_id, amount):
        return there
    raise AlreadyInstructed(
        f"付款指令 {there.reference} 金额为 {there.amount}",
        f"payment {there.reference} asks {there.amount}",
    )


def _told(payment: Payment) -> dict[str, Any]:
    """Return what every event of a payment says about what is paid."""
    return {
        "purpose": str(payment.purpose),
        "target": payment.target,
        "order_id": payment.order_id,
    }
